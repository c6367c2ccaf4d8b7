"""What proves each claim: the planted truth is seen in the pictures, and a look that fails costs only itself."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.particles import Value
from cryoimport_gui.core.pictures.montage import GAP_PX
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.report import evidence
from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.evidence import MOST_GROUPS, evidence_of
from cryoimport_gui.core.report.html import report_page
from cryoimport_gui.core.report.svg import Line, bars_svg, plot_svg

from ...support.made_particles import Recipe, make_particles
from ...support.planted_poses import write_made
from ...support.stars import OPTICS, write_input
from ...support.truth import parameters_of, small_demo


@pytest.fixture(scope="module")
def plan(demo: Demo) -> ImportPlan:
    """Of the whole demo; read only."""
    return plan_import(parameters_of(demo))


def of(plan: ImportPlan, topic: Topic) -> str:
    return evidence_of(plan, topic, None, Progress())


def pictures(html: str) -> list[NDArray[np.uint8]]:
    """The pictures of a page, by a decoder of its own."""
    return [_decoded(base64.b64decode(data)) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]


def _decoded(png: bytes) -> NDArray[np.uint8]:
    width, height = struct.unpack(">II", png[16:24])
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    lines = np.frombuffer(zlib.decompress(png[at + 4 : at + 4 + length]), np.uint8).reshape(height, width + 1)
    return lines[:, 1:]


def tiles(picture: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.float64]:
    """(rows, columns, t, t)"""
    size = (picture.shape[1] - GAP_PX) // columns - GAP_PX
    step = size + GAP_PX
    cut = picture[GAP_PX : GAP_PX + rows * step, GAP_PX : GAP_PX + columns * step]
    return cut.reshape(rows, step, columns, step).swapaxes(1, 2)[:, :, :size, :size].astype(float)


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_the_whole_page_is_small_and_holds_a_picture_of_each_claim(plan: ImportPlan) -> None:
    html = report_page(plan, "complete")
    assert len(html.encode()) < 3_000_000
    claims = html.split("<section class=claim>")[1:]
    assert len(claims) == 5
    for section in claims:
        assert "<img" in section or "<svg" in section
    assert html.count("<img") == 6 and html.count("<svg") == 4
    assert html.count("<p class=scale>") == 6, "each picture has its scale bar"


def test_both_signs_are_shown_and_the_right_one_is_dark_on_light(plan: ImportPlan) -> None:
    html = of(plan, Topic.DATA_SIGN)
    right, wrong = pictures(html)
    assert html.index("−1 (in use)") < html.index("+1 (not in use)")
    average = tiles(right, 8, 1)[0, 0]
    size = len(average)
    middle = average[size // 2 - size // 8 : size // 2 + size // 8, size // 2 - size // 8 : size // 2 + size // 8]
    assert middle.mean() < average[:4].mean() - 80
    np.testing.assert_allclose(tiles(wrong, 8, 1)[0, 0], 255 - average, atol=1)


def test_particles_lie_where_y_kept_shows_them(plan: ImportPlan) -> None:
    html = of(plan, Topic.POSITIONS)
    (picture,) = pictures(html)
    particle, kept, flipped = tiles(picture, 6, 3)
    for number in range(6):
        assert alike(particle[number], kept[number]) > 0.9
        assert abs(alike(particle[number], flipped[number])) < 0.5
    assert "y is kept in the import" in html


def test_a_wrong_choice_is_seen_to_be_wrong(tmp_path: Path) -> None:
    demo = small_demo(tmp_path, micrographs=6, box=64)
    html = of(plan_import(parameters_of(demo, coordinate_y="flip")), Topic.POSITIONS)
    assert "y is flipped in the import" in html and "6 particles" in html
    particle, kept, _ = tiles(pictures(html)[0], 6, 3)
    assert min(alike(p, k) for p, k in zip(particle, kept)) > 0.9


def test_re_projections_stand_below_their_particles(plan: ImportPlan) -> None:
    html = of(plan, Topic.POSES)
    pairs, maps = pictures(html)
    particles, projected = tiles(pairs, 8, 2)
    assert alike(particles[-1], projected[-1]) > 0.7 > 0.5 > abs(alike(particles[-1], projected[0]))
    assert maps.shape[1] > 5 * maps.shape[0] // 2
    assert "as imported" in html and "shuffled poses" in html and "cannot tell the hand" in html


def test_class_averages_for_2d_poses(tmp_path: Path) -> None:
    made = make_particles(Recipe(particles=160, snr=0.05, stacks=8, flat=True), 3)
    html = of(plan_import(ImportParameters(meta=str(write_made(tmp_path, made)))), Topic.POSES)
    assert "Averages of the classes" in html and len(pictures(html)) == 2


def test_of_many_optics_groups_the_largest_are_shown(tmp_path: Path) -> None:
    found = plan_import(ImportParameters(meta=str(write_input(tmp_path, None, OPTICS | {"rlnBeamTiltX": [3.0]}))))
    (group,) = found.groups
    found.groups = [replace(group, id=100 + i, name=f"group {i}", particles=i + 1) for i in range(20)]
    html = of(found, Topic.MICROSCOPE)
    assert html.count("12 smaller groups are not shown.") == 2
    assert ">119<" in html and ">111<" not in html and html.count("<tr>") == 1 + 2 * (1 + MOST_GROUPS) + 2
    assert "Phase error in group 19" in html


def test_a_source_that_all_values_share_stands_once(tmp_path: Path) -> None:
    found = plan_import(ImportParameters(meta=str(write_input(tmp_path))))
    (group,) = found.groups
    found.groups = [replace(group, id=i) for i in (1, 2)]
    assert of(found, Topic.MICROSCOPE).count("optics rlnVoltage") == 1
    found.groups[1] = replace(group, id=2, voltage_kV=Value(200.0, "user"))
    html = of(found, Topic.MICROSCOPE)
    assert "<td>300 (optics rlnVoltage)</td>" in html and "<td>200 (user)</td>" in html


def test_picks_show_what_lies_at_their_places(tmp_path: Path) -> None:
    demo = small_demo(tmp_path, micrographs=4, particles_per_micrograph=8, box=64)
    html = of(plan_import(parameters_of(demo, ignore_raw_data=True)), Topic.POSITIONS)
    (picture,) = pictures(html)
    kept, flipped = tiles(picture, 4, 2)
    middle, side = slice(48, 80), slice(0, 16)

    def darkness(place: NDArray[np.float64]) -> float:
        return float(place[side].mean() - place[middle, middle].mean())

    assert min(map(darkness, kept)) > 50 > max(map(darkness, flipped)) - 50
    assert "4 places on different exposures" in html and "y kept (in use)" in html and "Correlations" not in html


def test_what_there_is_none_of_is_not_shown(tmp_path: Path) -> None:
    values: dict[str, Any] = {"ignore_raw_data": True, "ignore_pose_data": True}
    found = plan_import(update(ImportParameters(), {"meta": str(write_input(tmp_path)), **values}))
    for topic in (Topic.IMAGES, Topic.DATA_SIGN, Topic.POSES, Topic.POSITIONS):
        assert of(found, topic) == ""
    for words in ("Images: not imported", "Poses: not imported", "Positions: not imported"):
        assert words in report_page(found, "dry-run")


def test_exposures_that_have_gone_are_left_out(tmp_path: Path) -> None:
    demo = small_demo(tmp_path)
    found = plan_import(parameters_of(demo))
    for path in demo.micrographs:
        path.unlink()
    assert of(found, Topic.POSITIONS) == "" and "Positions:" in report_page(found, "complete")


def test_a_look_that_fails_costs_only_itself(plan: ImportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(evidence, "maps_picture", fail)
    monkeypatch.setattr(evidence, "look_at_some", fail)
    html = report_page(plan, "complete")
    assert html.count("<img") == 4 and html.count("<section class=claim>") == 5


def test_cancelled_is_no_failure(plan: ImportPlan) -> None:
    with pytest.raises(Cancelled):
        report_page(plan, "complete", Progress(cancelled=lambda: True))


def test_plots_draw_values_where_they_belong() -> None:
    line = Line("<i>", np.array([0.0, 1.0, 2.0]), np.array([0.0, 5.0, 10.0]))
    svg = plot_svg("a & b", [line], [(2.0, "end")], [(5.0, "half")])
    assert 'aria-label="a &amp; b"' in svg and "&lt;i&gt;" in svg and ">end<" in svg
    points = re.search(r'points="([^"]+)"', svg)
    assert points and points[1] == "30.0,81.0 132.0,48.5 234.0,16.0"
    assert 'd="M30 48.5H234"' in svg and re.search(r'y="52.0" text-anchor="end">half<', svg)
    steps = plot_svg("", [Line("", np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0]))], [])
    assert 'points="30.0,81.0 30.0,48.5 132.0,48.5 132.0,16.0 234.0,16.0 234.0,81.0"' in steps
    bars = bars_svg("", [("a", 1, True), ("b", 0.25, False)])
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', bars)]
    assert widths[1] == pytest.approx(widths[0] / 4, abs=0.05)
