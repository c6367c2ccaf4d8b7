from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.optics.aberrations import dropped_aberrations
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.particles import Particles, Value
from cryoimport_gui.core.plan.contents import content_remarks
from cryoimport_gui.core.problems import Problem, Refused
from cryoimport_gui.core.reading.relion import read_particles

from ...support.running import run
from ...support.stars import OPTICS, Columns, line_with, loop, particle_columns, write_star

TWO_GROUPS: Columns = {
    "rlnOpticsGroup": [4, 2],
    "rlnOpticsGroupName": ["four", "two"],
    "rlnImagePixelSize": [1.5, 2.0],
    "rlnVoltage": [300, 200],
    "rlnSphericalAberration": [2.7, 1.4],
    "rlnAmplitudeContrast": [0.1, 0.07],
}
OLD: Columns = {
    "rlnVoltage": [300] * 6,
    "rlnSphericalAberration": [2.7] * 6,
    "rlnAmplitudeContrast": [0.1] * 6,
    "rlnMagnification": [50000] * 6,
    "rlnDetectorPixelSize": [5.0] * 6,
}


def read(folder: Path, optics: Columns | None = OPTICS, **change: object) -> tuple[Particles, dict, dict[str, Problem]]:
    """Particles, rows of each fault and remarks by code; `change` replaces columns, or takes them out with None."""
    columns = {**particle_columns(), **change}
    return read_file(write_star(folder / "p.star", {n: c for n, c in columns.items() if c is not None}, optics))


def read_file(path: Path) -> tuple[Particles, dict, dict[str, Problem]]:
    reading = read_particles(path)
    particles, faults = reading.particles, reading.faults
    remarks = [*reading.remarks, *dropped_aberrations(particles), *content_remarks(particles, ImportParameters())]
    rows = {fault.problem.code: fault.rows.tolist() for fault in faults}
    return particles, rows, {remark.code: remark for remark in remarks}


def refusal(path: Path) -> Problem:
    with pytest.raises(Refused) as refused:
        read_particles(path)
    return refused.value.problem


def old_style(**change: object) -> dict:
    return {"optics": None, "rlnOpticsGroup": None, **OLD, **change}


def test_columns(tmp_path: Path) -> None:
    particles, faults, remarks = read(tmp_path, rlnPhaseShift=[1.5] * 6, rlnCtfScalefactor=[0.9] * 6)
    columns = particle_columns()
    assert (len(particles), faults, remarks) == (6, {}, {})
    assert particles.stack_names == ["stacks/s1.mrcs", "stacks/s2.mrcs"]
    assert particles.stack_index.tolist() == [0, 0, 0, 1, 1, 1]
    assert particles.image_number.tolist() == [1, 2, 3, 1, 2, 3]
    assert particles.micrograph_names == ["mics/m1.mrc", "mics/m2.mrc"]
    assert particles.micrograph_index is not None
    assert particles.micrograph_index.tolist() == [0, 0, 0, 1, 1, 1]
    for name, label in {
        "defocus_u_A": "rlnDefocusU",
        "defocus_v_A": "rlnDefocusV",
        "defocus_angle_deg": "rlnDefocusAngle",
        "rot_deg": "rlnAngleRot",
        "tilt_deg": "rlnAngleTilt",
        "psi_deg": "rlnAnglePsi",
        "class_number": "rlnClassNumber",
        "random_subset": "rlnRandomSubset",
    }.items():
        assert getattr(particles, name).tolist() == columns[label]
    for name, x, y in [
        ("coordinates_px", "rlnCoordinateX", "rlnCoordinateY"),
        ("shift_A", "rlnOriginXAngst", "rlnOriginYAngst"),
    ]:
        assert getattr(particles, name).tolist() == [list(xy) for xy in zip(columns[x], columns[y])]
    assert particles.shift_px is None
    assert particles.phase_shift_deg is not None and particles.phase_shift_deg.tolist() == [1.5] * 6
    assert particles.ctf_scale is not None and particles.ctf_scale.tolist() == [0.9] * 6


@pytest.mark.parametrize(
    ("head", "optics", "dialect"),
    [
        ("# version 30001\n", True, "RELION 3.1 or 4"),
        ("# version 50001\n", True, "RELION 5"),
        ("", True, "RELION 3.1 or 4"),
        ("# RELION; version 3.0.8\n", False, "RELION 3.0 or older"),
        ("", False, "RELION 3.0 or older"),
    ],
)
def test_dialects(tmp_path: Path, head: str, optics: bool, dialect: str) -> None:
    columns = particle_columns() | ({} if optics else OLD)
    if not optics:
        del columns["rlnOpticsGroup"]
    path = tmp_path / "p.star"
    path.write_text(head + (loop("optics", OPTICS) if optics else "") + loop("particles" if optics else "", columns))
    particles, faults, _ = read_file(path)
    assert (particles.dialect, particles.has_optics, faults) == (dialect, optics, {})


def test_optics_groups(tmp_path: Path) -> None:
    particles, faults, _ = read(tmp_path, TWO_GROUPS, rlnOpticsGroup=[2, 4, 4, 2, 4, 4])
    assert faults == {}
    assert particles.optics_index.tolist() == [0, 1, 1, 0, 1, 1]
    assert [(g.id, g.name, g.particles) for g in particles.optics_groups] == [(2, "two", 2), (4, "four", 4)]
    two, four = particles.optics_groups
    assert two.pixel_size_A == Value(2.0, "optics rlnImagePixelSize") and two.file_pixel_size_A == 2.0
    assert two.voltage_kV == Value(200, "optics rlnVoltage")
    assert four.cs_mm == Value(2.7, "optics rlnSphericalAberration")
    assert four.amplitude_contrast == Value(0.1, "optics rlnAmplitudeContrast")


def test_the_only_group_may_have_any_number_and_the_particles_none(tmp_path: Path) -> None:
    only = {label: [values[0]] for label, values in TWO_GROUPS.items()}
    particles, faults, _ = read(tmp_path, only, rlnOpticsGroup=None)
    assert faults == {}
    assert [(g.id, g.particles) for g in particles.optics_groups] == [(4, 6)]


def test_optics_as_a_list(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    optics = "data_optics\n\n" + "".join(f"_{label} {values[0]}\n" for label, values in OPTICS.items())
    path.write_text(loop("particles", particle_columns()) + optics)
    particles, faults, _ = read_file(path)
    assert faults == {}
    assert particles.optics_groups[0].voltage_kV == Value(300, "optics rlnVoltage")


def test_groups_that_the_optics_table_lacks(tmp_path: Path) -> None:
    particles, faults, _ = read(tmp_path, TWO_GROUPS, rlnOpticsGroup=[2, 4, 3, "nan", 4, 2.5])
    assert faults == {"optics-group-unknown": [2, 3, 5]}
    assert {g.id: g.particles for g in particles.optics_groups if g.id} == {2: 1, 4: 2}
    _, faults, _ = read(tmp_path, TWO_GROUPS, rlnOpticsGroup=None)
    assert faults == {"optics-group-unknown": [0, 1, 2, 3, 4, 5]}


def test_optics_groups_without_an_optics_table(tmp_path: Path) -> None:
    particles, faults, _ = read(tmp_path, None, **OLD, rlnOpticsGroup=[3, 3, 3, 5, 5, 5])
    assert faults == {}
    assert particles.has_optics
    assert [(g.id, g.particles) for g in particles.optics_groups] == [(3, 3), (5, 3)]
    assert particles.optics_groups[1].voltage_kV == Value(300, "particle table rlnVoltage")


def test_old_files_have_one_group(tmp_path: Path) -> None:
    particles, faults, _ = read(tmp_path, **old_style())
    assert faults == {}
    (group,) = particles.optics_groups
    assert (group.id, group.particles) == (1, 6)
    assert group.pixel_size_A is not None and group.pixel_size_A.value == 1.0
    assert "rlnDetectorPixelSize" in group.pixel_size_A.source and "rlnMagnification" in group.pixel_size_A.source


def test_values_that_differ_from_row_to_row(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, **old_style(rlnVoltage=[300, 200, 300, 200, 300, 300]))
    assert particles.optics_index.tolist() == [0, 1, 0, 1, 0, 0]
    assert [g.voltage_kV.value for g in particles.optics_groups if g.voltage_kV] == [300, 200]
    assert [g.particles for g in particles.optics_groups] == [4, 2]


SIZES = {
    "rlnImagePixelSize": 1.1,
    "rlnMicrographPixelSize": 1.2,
    "rlnMicrographOriginalPixelSize": 1.3,
    "rlnDetectorPixelSize": 7.0,
}


@pytest.mark.parametrize("given", range(4))
@pytest.mark.parametrize("where", ["optics", "particle table"])
def test_the_best_pixel_size(tmp_path: Path, given: int, where: str) -> None:
    """Of those that are given, the one that stands first; a magnification of 50,000 goes with the last."""
    sizes: dict[str, float] = dict(list(SIZES.items())[given:]) | {"rlnMagnification": 50_000}
    optics = {label: values for label, values in OPTICS.items() if label != "rlnImagePixelSize"}
    if where == "optics":
        particles, _, _ = read(tmp_path, optics | {label: [size] for label, size in sizes.items()})
    else:
        columns = {label: [size] * 6 for label, size in sizes.items()}
        particles, _, _ = read(tmp_path, optics | {"rlnImagePixelSize": [9.9]} if given == 0 else optics, **columns)
    size = particles.optics_groups[0].pixel_size_A
    assert size is not None
    assert size.value == pytest.approx(list(SIZES.values())[given] if given < 3 else 1.4, abs=1e-12)
    assert size.source.startswith(where) and list(SIZES)[given] in size.source


def test_zero_is_no_pixel_size(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, OPTICS | {"rlnImagePixelSize": [0.0], "rlnMicrographPixelSize": [1.2]})
    caveat = "rlnMicrographPixelSize, which is that of the micrographs"
    assert particles.optics_groups[0].pixel_size_A == Value(1.2, "optics rlnMicrographPixelSize", caveat)


def test_the_pixel_size_that_coordinates_count_in(tmp_path: Path) -> None:
    """That of the movies is another: they may have been binned before particles were picked."""
    both = {"rlnMicrographOriginalPixelSize": [0.75], "rlnMicrographPixelSize": [1.5]}
    for sizes in (both, {"rlnMicrographOriginalPixelSize": [0.75]}, {}):
        (group,) = read(tmp_path, OPTICS | sizes)[0].optics_groups
        picked, movie = (
            Value(sizes[label][0], f"optics {label}") if label in sizes else None
            for label in ("rlnMicrographPixelSize", "rlnMicrographOriginalPixelSize")
        )
        assert (group.picked_pixel_size_A, group.movie_pixel_size_A) == (picked, movie)


def test_values_of_a_particle_win_over_those_of_its_group(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, rlnVoltage=[120] * 6)
    assert particles.optics_groups[0].voltage_kV == Value(120, "particle table rlnVoltage")


@pytest.mark.parametrize("text", ["nan", "inf", "none", "null"])
@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("rlnVoltage", "voltage_kV"),
        ("rlnSphericalAberration", "cs_mm"),
        ("rlnAmplitudeContrast", "amplitude_contrast"),
        ("rlnImagePixelSize", "pixel_size_A"),
    ],
)
def test_an_optics_value_that_is_no_number_is_not_given(tmp_path: Path, label: str, name: str, text: str) -> None:
    particles, _, _ = read(tmp_path, OPTICS | {label: [text]})
    assert getattr(particles.optics_groups[0], name) is None


@pytest.mark.parametrize(
    ("columns", "dropped"),
    [
        ({"rlnBeamTiltX": [0.0], "rlnBeamTiltY": [0.0]}, set()),
        ({"rlnBeamTiltX": [0.0], "rlnBeamTiltY": [-0.2]}, {"beam_tilt_x_mrad", "beam_tilt_y_mrad"}),
        ({"rlnMagMat00": [1.0], "rlnMagMat01": [0.0], "rlnMagMat10": [0.0], "rlnMagMat11": [1.0]}, set()),
        (
            {"rlnMagMat00": [1.01], "rlnMagMat01": [0.0], "rlnMagMat10": [0.0], "rlnMagMat11": [1.0]},
            {f"magnification_{i}{j}" for i in (0, 1) for j in (0, 1)},
        ),
        ({"rlnOddZernike": ["[0,0,0]"], "rlnEvenZernike": ["[0,0]"]}, set()),
        ({"rlnOddZernike": ["[0,1.5,-2e-1]"]}, {"odd_zernike"}),
        ({"rlnEvenZernike": ["[3]"]}, {"even_zernike"}),
        ({"rlnOddZernike": ["None"]}, set()),
    ],
)
def test_aberrations(tmp_path: Path, columns: Columns, dropped: set[str]) -> None:
    for optics, rows in [(OPTICS | columns, {}), (OPTICS, {label: values * 6 for label, values in columns.items()})]:
        particles, faults, remarks = read(tmp_path, optics, **rows)
        assert faults == {}
        assert set(particles.optics_groups[0].aberrations) == dropped
        assert ("ctf-aberrations-dropped" in remarks) == bool(dropped)
    zernike = particles.optics_groups[0].aberrations.get("odd_zernike")
    assert zernike == ((0.0, 1.5, -0.2) if dropped == {"odd_zernike"} else None)


def test_columns_that_are_not_imported_are_listed(tmp_path: Path) -> None:
    extra = {f"rlnUnknown{i}": [0] * 6 for i in range(7)} | {"dummyVariable": ["x"] * 6}
    _, _, remarks = read(tmp_path, **extra)
    remark = remarks["columns-not-imported"]
    assert remark.count == 8
    assert all(label in remark.message for label in extra)


@pytest.mark.parametrize(
    "label",
    ["rlnDefocusU", "rlnAngleTilt", "rlnCoordinateY", "rlnOriginXAngst", "rlnRandomSubset", "rlnClassNumber"],
)
@pytest.mark.parametrize("text", ["nan", "-inf", "abc", "1_0"])
def test_values_that_are_not_finite(tmp_path: Path, label: str, text: str) -> None:
    values = particle_columns()[label]
    values[1] = values[4] = text
    particles, faults, _ = read(tmp_path, **{label: values})
    assert faults == {"value-not-finite": [1, 4]}
    found = read_particles(tmp_path / "p.star").faults
    (problem,) = (fault.problem for fault in found)
    assert f"2 non-finite values in {label}" in problem.message and problem.count == 2
    assert problem.examples[0].startswith(
        f"line {line_with(tmp_path / 'p.star', '000002@stacks/s1')}: 000002@stacks/s1"
    )


def test_image_names(tmp_path: Path) -> None:
    names = ["1@a.mrcs", "x@a.mrcs", "0@a.mrcs", "a.mrcs", "@a.mrcs", "2@a.mrcs"]
    particles, faults, _ = read(tmp_path, rlnImageName=names)
    assert faults == {"image-name-bad": [1, 3, 4]}
    assert particles.image_number[[0, 2, 5]].tolist() == [1, 0, 2]


def test_defocus_v_and_angle_may_be_missing(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, rlnDefocusV=None, rlnDefocusAngle=None)
    assert particles.defocus_v_A is not None and particles.defocus_u_A is not None
    assert particles.defocus_v_A.tolist() == particles.defocus_u_A.tolist()
    assert particles.defocus_angle_deg is None


@pytest.mark.parametrize(
    ("change", "poses"),
    [
        ({}, "3D"),
        ({"rlnAngleRot": None, "rlnAngleTilt": None}, "2D"),
        ({"rlnAngleRot": [0.0] * 6, "rlnAngleTilt": ["0.000000"] * 6}, "2D"),
        ({"rlnAngleRot": [0.0] * 5 + [1.0], "rlnAngleTilt": [0.0] * 6}, "3D"),
        ({"rlnAngleRot": None, "rlnAngleTilt": None, "rlnAnglePsi": None}, ""),
    ],
)
def test_which_poses_are_known(tmp_path: Path, change: dict, poses: str) -> None:
    assert read(tmp_path, **change)[0].poses == poses


@pytest.mark.parametrize("name", ["particles", "images", "", "model_class_1"])
def test_the_name_of_the_particle_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.star"
    path.write_text(loop("optics", OPTICS) + loop("general", {"x": [1, 2]}) + loop(name, particle_columns()))
    assert len(read_file(path)[0]) == 6


def test_data_particles_wins_over_other_tables_with_images(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    other = {"rlnImageName": ["1@x.mrcs"] * 6}
    path.write_text(loop("other", other) + loop("particles", particle_columns()) + loop("optics", OPTICS))
    assert read_file(path)[0].stack_names == ["stacks/s1.mrcs", "stacks/s2.mrcs"]
    path.write_text(loop("a", other) + loop("b", other))
    assert refusal(path).code == "meta-no-particles"


def test_a_single_particle_as_a_list(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    columns = {label: values[0] for label, values in particle_columns().items()}
    path.write_text(loop("optics", OPTICS) + "data_particles\n" + "".join(f"_{n} {v}\n" for n, v in columns.items()))
    particles, faults, _ = read_file(path)
    assert (len(particles), faults) == (1, {})
    assert particles.shift_A is not None and particles.shift_A.tolist() == [[0.0, -0.0]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (loop("optics", OPTICS), "meta-no-particles"),
        ("data_\n", "meta-no-particles"),
        ("data_general\n_rlnFinalResolution 3.1\n", "meta-no-particles"),
        (loop("particles", {"rlnImageName": []}), "meta-no-particles"),
        (loop("particles", {"rlnCoordinateX": [1.0], "rlnCoordinateY": [2.0]}), "image-name-missing"),
        (loop("", {"rlnMicrographName": ["a.mrc", "b.mrc"]}), "image-name-missing"),
        (loop("particles", {"rlnImageName": ["a.mrc", "b.mrc"]}), "meta-not-2d-stack"),
        (
            loop("optics", OPTICS | {"rlnImageDimensionality": [3]})
            + loop("particles", {"rlnImageName": ["1@a.mrcs"]}),
            "meta-not-2d-stack",
        ),
        ("data_\nloop_\n_rlnImageName\n_rlnDefocusU\n1@a.mrcs\n", "meta-row-width"),
    ],
)
def test_refusals(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "p.star"
    path.write_text(text)
    problem = refusal(path)
    assert problem.code == code
    assert problem.hint and ("p.star" in problem.message or code != "meta-row-width")


def test_what_a_row_is_called(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path)
    line = line_with(tmp_path / "p.star", "000002@stacks/s2.mrcs")
    assert particles.describe(4) == f"line {line}: 000002@stacks/s2.mrcs"


def test_choosing_particles(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, TWO_GROUPS, rlnOpticsGroup=[2, 4, 4, 2, 4, 4])
    chosen = particles.select(np.array([False, True, False, False, True, True]))
    assert len(chosen) == 3
    assert chosen.image_number.tolist() == [2, 2, 3]
    assert [g.particles for g in chosen.optics_groups] == [0, 3]
    assert [g.particles for g in particles.optics_groups] == [2, 4]
    assert chosen.describe(0) == particles.describe(1)
    assert particles.stretch(1, 3).image_number.tolist() == [2, 3]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    names = [f"{i}@b\udce9d/s.mrcs" for i in range(1, 7)]
    particles, faults, _ = read(tmp_path, rlnImageName=names)
    assert (particles.stack_names, faults) == (["b\udce9d/s.mrcs"], {})


def many(count: int, **change: object) -> dict:
    """The columns of `count` particles of one stack, without poses; `change` adds columns."""
    names = [f"{i:06d}@s.mrcs" for i in range(1, count + 1)]
    empty = dict.fromkeys(particle_columns())
    return {**empty, "rlnImageName": names, "rlnDefocusU": [1e4] * count, "rlnOpticsGroup": [1] * count, **change}


def test_beam_tilts_of_single_particles_make_no_groups(tmp_path: Path) -> None:
    tilt = [0.1, -0.4, 0.0, 0.2, 0.0, 0.3]
    zero = [0.0, 0.0, 0.0, -0.5, 0.0, 0.0]
    particles, _, remarks = read(tmp_path, rlnBeamTiltX=tilt, rlnBeamTiltY=zero)
    (group,) = particles.optics_groups
    assert group.aberrations == {"beam_tilt_x_mrad": (0.2,), "beam_tilt_y_mrad": (-0.5,)}  # the strongest
    remark = remarks["ctf-aberrations-dropped"]
    assert remark.count == 1 and "not zero for 4 particles" in remark.message
    assert remark.examples == ("4 particles: beam_tilt_x_mrad from -0.4 to 0.3, beam_tilt_y_mrad from -0.5 to 0",)
    kept = particles.select(np.array([False, False, True, False, True, False]))
    assert list(dropped_aberrations(kept)) == []
    kept = particles.select(np.array([True, False, True, False, False, True]))
    assert "not zero for 2 particles" in next(dropped_aberrations(kept)).message


def test_beam_tilts_of_whole_groups_stay_with_the_groups(tmp_path: Path) -> None:
    particles, _, remarks = read(
        tmp_path, TWO_GROUPS, rlnOpticsGroup=[2, 2, 4, 4, 4, 4], rlnBeamTiltX=[0.1, 0.1, 0, 0, 0, 0]
    )
    assert [group.aberrations for group in particles.optics_groups] == [{"beam_tilt_x_mrad": (0.1,)}, {}]
    assert particles.aberrations is None
    assert remarks["ctf-aberrations-dropped"].examples == ("two: beam_tilt_x_mrad 0.1",)
    assert "differ" not in remarks["ctf-aberrations-dropped"].message


def test_magnification_and_zernike_terms_of_single_particles(tmp_path: Path) -> None:
    particles, _, remarks = read(
        tmp_path, rlnMagMat00=[1, 1.02, 1, 1, 1, 1], rlnMagMat11=[1] * 6, rlnOddZernike=["[0,0]"] * 5 + ["[0.1,-3]"]
    )
    assert particles.optics_groups[0].aberrations == {
        "magnification_00": (1.02,), "magnification_11": (1.0,), "odd_zernike": (0.1, -3.0)
    }  # fmt: skip
    assert "not zero for 2 particles" in remarks["ctf-aberrations-dropped"].message


def test_a_thousand_voltages_make_groups_and_more_make_none(tmp_path: Path) -> None:
    count = 1400
    rows: NDArray[np.int64] = np.arange(count)
    particles, _, _ = read(tmp_path, **many(count, rlnVoltage=(300 + rows % 1000 / 8).tolist()))
    assert len(particles.optics_groups) == 1000
    assert [g.particles for g in particles.optics_groups] == [2] * 400 + [1] * 600
    particles, _, remarks = read(tmp_path, **many(count, rlnVoltage=(300 + rows / 8).tolist()))
    (group,) = particles.optics_groups
    assert (group.particles, group.voltage_kV) == (count, None)
    assert group.unusable == {"voltage_kV": "rlnVoltage holds 1,400 different values, too many for groups of particles"}
    assert "rlnVoltage" in remarks["columns-not-imported"].message


def test_too_many_pixel_sizes_are_never_replaced_by_another_column(tmp_path: Path) -> None:
    sizes = (1 + np.arange(1400) / 1e4).tolist()
    particles, _, _ = read(tmp_path, **many(1400, rlnImagePixelSize=sizes, rlnMicrographPixelSize=[0.7] * 1400))
    (group,) = particles.optics_groups
    assert group.pixel_size_A is None and "rlnImagePixelSize holds 1,400" in group.unusable["pixel_size_A"]
    particles, _, _ = read(tmp_path, **many(1400, rlnMagnification=(5e4 + np.arange(1400)).tolist()))
    (group,) = particles.optics_groups
    assert group.pixel_size_A is not None and group.pixel_size_A.value == 1.5 and group.unusable == {}


def test_too_many_values_are_refused_in_words_and_can_be_given(tmp_path: Path) -> None:
    columns = {n: c for n, c in many(1400, rlnVoltage=(200 + np.arange(1400) / 16).tolist()).items() if c is not None}
    meta = write_star(tmp_path / "in/p.star", columns)
    outcome = run(tmp_path, meta, "--ignore-raw-data")
    found = outcome.problem("microscope-value-missing")
    assert outcome.status == 1 and "1,400 different values" in found["message"] and "--voltage" in found["hint"]
    outcome = run(tmp_path, meta, "--ignore-raw-data", "--voltage", "300")
    assert outcome.status == 0 and set(outcome.dataset["ctf/accel_kv"]) == {300.0}


def test_numbers_of_groups_that_cannot_be_groups(tmp_path: Path) -> None:
    columns = many(10_001, rlnOpticsGroup=list(range(10_001)))
    path = write_star(tmp_path / "p.star", {n: c for n, c in columns.items() if c is not None}, None)
    assert "10,001 different numbers" in refusal(path).message
    particles, faults, _ = read(tmp_path, **columns)  # with an optics table, which lists one of them
    assert [(g.id, g.particles) for g in particles.optics_groups] == [(0, 10_000), (1, 1)]
    assert len(faults["optics-group-unknown"]) == 10_000


def test_helical_tubes(tmp_path: Path) -> None:
    particles, _, _ = read(tmp_path, rlnHelicalTubeID=[1, 1, 2, 1, 1, 1])
    assert particles.helical_tube is not None and particles.helical_tube.tolist() == [1, 1, 2, 1, 1, 1]
    assert read(tmp_path)[0].helical_tube is None
