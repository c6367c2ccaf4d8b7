"""Another format needs a reader and an entry in `FORMATS`, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.particles import OpticsGroup, Particles, Value
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Progress
from cryoimport_gui.core.reading import formats
from cryoimport_gui.core.reading.formats import Format
from cryoimport_gui.core.reading.reading import Reading

from ...support.running import load, run
from ...support.stars import write_stack


def read_toy(path: str, progress: Progress, columns: Mapping[str, bool]) -> Reading:
    """`TOY stack pixel-size`, then a line for each image of the stack: psi and shift in pixels."""
    first, *lines = Path(path).read_text().splitlines()
    _, stack, size = first.split()
    psi, x, y = np.array([[float(word) for word in line.split()] for line in lines]).T
    given = Value(float(size), "the first line")
    group = OpticsGroup(1, "toy", len(psi), given, file_pixel_size_A=given.value)
    particles = Particles(
        source=path,
        dialect="toy",
        stack_names=[stack],
        stack_index=np.zeros(len(psi), np.int32),
        image_number=np.arange(1, len(psi) + 1),
        optics_groups=[group],
        optics_index=np.zeros(len(psi), np.int32),
        has_optics=False,
        psi_deg=psi,
        shift_px=np.stack([x, y], axis=1),
        rows=np.arange(len(psi)),
        column_names={"psi_deg": "the angle"},
    )
    return Reading(particles)


TOY = Format("toy", lambda head: head.startswith(b"TOY "), read_toy)


def test_a_new_format_is_imported_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", [TOY, *formats.FORMATS])
    write_stack(tmp_path / "in/a.mrcs", 3, 8)
    (tmp_path / "in/p.txt").write_text("TOY a.mrcs 1.25\n90 1 -2\n180 0 0\n-45 0.5 0.25\n")
    outcome = run(tmp_path, str(tmp_path / "in/p.txt"))
    assert outcome.status == 0, outcome.report
    rows = load(outcome.output)
    np.testing.assert_allclose(rows["alignments2D/pose"], np.radians([90, 180, -45]), atol=1e-6)
    np.testing.assert_allclose(rows["alignments2D/shift"], [[1, -2], [0, 0], [0.5, 0.25]])
    np.testing.assert_allclose(rows["blob/psize_A"], 1.25)
    np.testing.assert_array_equal(rows["blob/idx"], [0, 1, 2])
    assert "the angle" in (outcome.output / "import.log").read_text()


def test_rows_of_such_a_file_are_left_out_by_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", [TOY, *formats.FORMATS])
    write_stack(tmp_path / "in/a.mrcs", 2, 8)
    (tmp_path / "in/p.txt").write_text("TOY a.mrcs 1.25\n90 1 -2\n180 0 0\n-45 0.5 0.25\n")
    outcome = run(tmp_path, str(tmp_path / "in/p.txt"), "--on-bad", "leave-out")
    assert outcome.status == 0, outcome.report
    assert (outcome.output / "rejected.star").read_text().splitlines()[-1].split() == ["3", "image-index-out-of-range"]


def test_the_content_decides_not_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", [TOY, *formats.FORMATS])
    (tmp_path / "p.star").write_text("TOY a.mrcs 1.25\n90 1 -2\n")
    assert formats.format_of(str(tmp_path / "p.star")).name == "toy"
    (tmp_path / "p.toy").write_text("data_particles\nloop_\n_rlnImageName\n1@a.mrcs\n")
    assert formats.read([str(tmp_path / "p.toy")]).particles.dialect.startswith("RELION")


def test_a_file_of_no_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", [TOY])
    (tmp_path / "p.star").write_text("something else")
    with pytest.raises(Refused, match="p.star is no file of particles"):
        formats.format_of(str(tmp_path / "p.star"))
