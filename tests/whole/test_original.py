"""The way back: particles that once came from CryoSPARC are restored as those that they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from ..support.exported import export, refined_set, rows_of, save, star_columns, table_of
from ..support.running import Outcome, run

_PRINTED = {"alignments3D/pose": 2e-6, "alignments3D/shift": 2e-6}


def written(outcome: Outcome) -> NDArray:
    assert outcome.status == 0, outcome.report["problems"]
    return table_of(outcome.output / "imported_particles.cs")


def check_restored(table: NDArray, original: NDArray, but: tuple[str, ...] = ()) -> None:
    """Every field, its type and the order of fields are the original's, the printed precision aside."""
    assert table.dtype.names == original.dtype.names
    for name in original.dtype.names:
        if name in but:
            continue
        assert table.dtype[name] == original.dtype[name] or table[name].dtype.kind == "S", name
        if name in _PRINTED:
            np.testing.assert_allclose(table[name], original[name], atol=_PRINTED[name], err_msg=name)
        else:
            np.testing.assert_array_equal(table[name], original[name], err_msg=name)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("kind", ["npy", "csdat", "csg"])
def test_a_set_comes_back_field_by_field(tmp_path: Path, kind: str, flipped: bool) -> None:
    demo, path, table = refined_set(tmp_path, shuffled=True)
    if kind == "csg":
        cut = [n for n in table.dtype.names if not n.startswith(("location/", "pick_stats/"))]
        rest = ["uid", *(n for n in table.dtype.names if n not in cut)]
        first, second = path.with_name("particles.cs"), path.with_name("passthrough.cs")
        save(first, _fields(table, cut), "csdat")
        save(second, _fields(table, rest)[::-1], "npy")
        of = {slot: second if f"{slot}/" in " ".join(rest) else first for slot in
              dict.fromkeys(n.split("/")[0] for n in table.dtype.names[1:])}  # fmt: skip
        original = path.with_name("particles.csg")
        results = {slot: {"metafile": f">{file.name}", "type": f"particle.{slot}"} for slot, file in of.items()}
        original.write_text(yaml.safe_dump({"results": results}))
        table = _fields(table, [*cut, *rest[1:]])
    else:
        original = save(path, table, kind)
    columns = star_columns(table, flipped)
    rows = np.random.default_rng(1).permutation(len(table))[: len(table) // 2]
    star = export(tmp_path / "relion", demo, rows_of(columns, rows))
    outcome = run(tmp_path, star, "--original", original, output=demo.project / "back")
    check_restored(written(outcome), table[rows])
    counts = outcome.report["counts"]
    assert (counts["uids_restored"], counts["links"]) == (len(rows), 0)
    assert not (outcome.output / "imported").exists()
    assert outcome.report["original"]["matched"] == {"stack and index": len(rows)}
    assert set(outcome.report["original"]["carried_slots"]) == {"blob", "ctf", "location", "pick_stats", "filament"}
    assert "ctf-aberrations-dropped" not in outcome.codes


def _fields(table: NDArray, names: list[str]) -> NDArray:
    out = np.zeros(len(table), [(n, table.dtype[n]) for n in names])
    for name in names:
        out[name] = table[name]
    return out
