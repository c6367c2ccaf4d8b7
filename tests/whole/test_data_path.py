"""A single stack, or a wildcard of stacks, as the particle data path."""

from __future__ import annotations

from pathlib import Path

from ..support.running import run
from ..support.stars import particle_columns, write_stack, write_star


def test_stacks_by_their_file_names_alone(tmp_path: Path) -> None:
    """Nothing is said of another folder: the user has named the very files."""
    stacks = [write_stack(tmp_path / f"new/{k}/s{k}.mrcs", seed=k) for k in (1, 2)]
    names = [f"Extract/job005/s{k}.mrcs" for k in (1, 2)]
    star = write_star(tmp_path / "star/run_data.star", particle_columns(names=names))
    outcome = run(tmp_path, star, "--data", tmp_path / "new/*/*.mrcs", "--check-poses", "off")
    assert outcome.status == 0 and "stack-elsewhere" not in outcome.codes
    links = {path.readlink() for path in (outcome.output / "imported").iterdir()}
    assert links == set(stacks)
    one = write_star(tmp_path / "star/one.star", particle_columns(1, names=names[:1]))
    alone = run(tmp_path, one, "--data", stacks[0], "--check-poses", "off", output=tmp_path / "alone")
    assert alone.status == 0 and "stack-elsewhere" not in alone.codes


def test_two_stacks_of_one_name(tmp_path: Path) -> None:
    for k in (1, 2):
        write_stack(tmp_path / f"new/{k}/s.mrcs", seed=k)
    star = write_star(tmp_path / "star/run_data.star", particle_columns(1, names=["Extract/s.mrcs"]))
    outcome = run(tmp_path, star, "--data", tmp_path / "new/*/s.mrcs")
    assert (outcome.status, outcome.problem("stack-ambiguous")["count"]) == (1, 1) and not outcome.output.exists()
