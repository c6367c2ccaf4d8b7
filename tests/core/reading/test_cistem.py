"""cisTEM's parameter files: its definitions, written down once more, against what an import would write.

The images are drawn by cisTEM's definition in Fourier space (`project3d`: a slice through the transform, then a phase
shift) and by CryoSPARC's in real space (rotation vector and shift of the dataset).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.dataset.poses import rotation_vectors
from cryoimport_gui.core.particles import Particles, shifts_px
from cryoimport_gui.core.pictures.ctf import Ctf
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading.cistem import raw_cistem_rows, read_cistem, recognises_cistem
from cryoimport_gui.core.reading.reading import Reading

from ...support.running import load, run
from ...support.stars import write_stack

#: column → (title, format), in the order in which `cisTEMParameters::WriteTocisTEMStarFile` writes them
COLUMNS = {
    "PositionInStack": ("    POS", "{:8d}"),
    "AnglePsi": ("    PSI", "{:7.2f}"),
    "AngleTheta": ("  THETA", "{:7.2f}"),
    "AnglePhi": ("    PHI", "{:7.2f}"),
    "XShift": ("      SHX", "{:9.2f}"),
    "YShift": ("      SHY", "{:9.2f}"),
    "Defocus1": ("     DF1", "{:8.1f}"),
    "Defocus2": ("     DF2", "{:8.1f}"),
    "DefocusAngle": (" ANGAST", "{:7.2f}"),
    "PhaseShift": (" PSHIFT", "{:7.2f}"),
    "ImageActivity": (" STAT", "{:5d}"),
    "Occupancy": ("    OCC", "{:7.2f}"),
    "LogP": ("     LogP", "{:9d}"),
    "Sigma": ("     SIGMA", "{:10.4f}"),
    "Score": ("  SCORE", "{:7.2f}"),
    "PixelSize": ("   PSIZE", "{:8.5f}"),
    "MicroscopeVoltagekV": ("   VOLT", "{:7.2f}"),
    "MicroscopeCsMM": ("     Cs", "{:7.2f}"),
    "AmplitudeContrast": ("   AmpC", "{:7.4f}"),
    "BeamTiltX": (" BTILTX", "{:7.3f}"),
    "BeamTiltY": (" BTILTY", "{:7.3f}"),
    "BeamTiltGroup": (" TGRP", "{:5d}"),
    "StackFilename": ("STACK_FILENAME", "{:>50}"),
    "OriginalImageFilename": ("ORIGINAL_IMAGE_FILENAME", "{:>50}"),
    "AssignedSubset": (" SUBSET", "{:8d}"),
}
ANGLES = np.array([[30.0, 50.0, 70.0], [-120.0, 90.0, 10.0], [0.0, 0.0, 45.0], [77.0, 133.0, -160.0]])  # phi theta psi
SHIFTS_A = np.array([[3.0, -4.5], [0.0, 6.0], [-7.5, 1.5], [4.5, 3.0]])
N = len(ANGLES)


def parameters(**change: Sequence[object] | None) -> dict[str, Sequence[Any]]:
    """Columns of four particles; `change` replaces columns, or takes them out with None."""
    columns: dict[str, Any] = dict.fromkeys(COLUMNS, [0.0] * N) | {
        "PositionInStack": [1, 2, 3, 4],
        "AnglePhi": ANGLES[:, 0],
        "AngleTheta": ANGLES[:, 1],
        "AnglePsi": ANGLES[:, 2],
        "XShift": SHIFTS_A[:, 0],
        "YShift": SHIFTS_A[:, 1],
        "Defocus1": [15000.5, 16000, 17000, 18000],
        "Defocus2": [14000.5, 15500, 16900, 17000],
        "DefocusAngle": [10, -20, 30, 85],
        "ImageActivity": [1] * N,
        "Occupancy": [100.0] * N,
        "LogP": [-500] * N,
        "PixelSize": [1.5] * N,
        "MicroscopeVoltagekV": [300.0] * N,
        "MicroscopeCsMM": [2.7] * N,
        "AmplitudeContrast": [0.07] * N,
        "BeamTiltGroup": [0] * N,
        "StackFilename": ["'stacks/my stack.mrc'"] * N,
        "OriginalImageFilename": ["'mics/a.mrc'", "'mics/a.mrc'", "'mics/b.mrc'", "'mics/b.mrc'"],
        "AssignedSubset": [1, 2, 1, 2],
    }
    return {name: column for name, column in (columns | change).items() if column is not None}


def text_of(columns: Mapping[str, Sequence[Any]]) -> str:
    head = "# Written by cisTEM Version 2.0.0 on 2024-01-01 10:00:00\n \ndata_\n \nloop_\n"
    head += "".join(f"_cisTEM{name} #{number}\n" for number, name in enumerate(columns, 1))
    head += "#" + " ".join(COLUMNS[name][0] for name in columns)[1:] + " \n"
    rows = zip(*([COLUMNS[name][1].format(value) for value in column] for name, column in columns.items()))
    return head + "".join(" ".join(row) + " \n" for row in rows)


def read(folder: Path, **change: Sequence[object] | None) -> Reading:
    path = folder / "p.star"
    path.write_text(text_of(parameters(**change)))
    assert recognises_cistem(path.read_bytes())
    return read_cistem(path)


def refusal(folder: Path, **change: Sequence[object] | None) -> str:
    with pytest.raises(Refused) as caught:
        read(folder, **change)
    return f"{caught.value.problem.code}: {caught.value.problem.message}"


# poses


BOX, PIXEL_A = 48, 1.5
BLOBS_A = np.array([[12.0, 3.0, -6.0], [-9.0, 10.5, 4.5], [1.5, -15.0, 9.0], [-4.5, -3.0, -13.5]])
WEIGHTS, WIDTH_A = np.array([1.0, 1.6, 0.7, 2.2]), 3.0


def euler_matrix(phi_deg: float, theta_deg: float, psi_deg: float) -> NDArray[np.float64]:
    """cisTEM's m: turn by psi about z, then theta about y, then phi about z (`SetToEulerRotation`)."""
    (cp, ct, cs), (sp, st, ss) = (f(np.radians([phi_deg, theta_deg, psi_deg])) for f in (np.cos, np.sin))
    about_z = [np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) for c, s in ((cp, sp), (cs, ss))]
    return np.asarray(about_z[0] @ np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]]) @ about_z[1])


def test_the_matrix_of_cistem() -> None:
    """Single elements as they stand in `SetToEulerRotation`; none of them is symmetric in its angles."""
    phi, theta, psi = np.radians([20.0, 40.0, 70.0])
    m = euler_matrix(20, 40, 70)
    expected = [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]
    np.testing.assert_allclose(m[:, 2], expected, atol=1e-12)
    np.testing.assert_allclose(m[2, :2], [-np.sin(theta) * np.cos(psi), np.sin(theta) * np.sin(psi)], atol=1e-12)


def by_cistem(angles: NDArray[np.float64], shift_A: NDArray[np.float64]) -> NDArray[np.float64]:
    """`ExtractSlice`, then `PhaseShift` by +shift, then the inverse transform, with the origin in the middle."""
    ky, kx = np.meshgrid(np.fft.fftfreq(BOX, PIXEL_A), np.fft.fftfreq(BOX, PIXEL_A), indexing="ij")
    k = np.stack([kx, ky, np.zeros_like(kx)], axis=-1) @ euler_matrix(*angles).T
    envelope = np.exp(-2 * np.pi**2 * WIDTH_A**2 * (k**2).sum(axis=-1))
    density = (WEIGHTS * np.exp(-2j * np.pi * (k @ BLOBS_A.T))).sum(axis=-1) * envelope
    middle = BOX // 2 * PIXEL_A
    moved = density * np.exp(-2j * np.pi * (kx * (shift_A[0] + middle) + ky * (shift_A[1] + middle)))
    return np.fft.ifft2(moved).real * BOX**2


def by_cryosparc(matrix: NDArray[np.float64], shift_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blobs at the first two coordinates of Rᵀ r, off the middle by -shift, as the dataset's pose and shift have it."""
    seen = (BLOBS_A @ matrix)[:, :2] / PIXEL_A + BOX // 2 - shift_px
    width = WIDTH_A / PIXEL_A
    x, y = (np.exp(-0.5 * ((np.arange(BOX) - seen[:, i, None]) / width) ** 2) for i in (0, 1))
    return np.asarray((y * WEIGHTS[:, None]).T @ x * BOX**2 * PIXEL_A**-2 / (2 * np.pi * width**2) * PIXEL_A**2)


def pose(particles: Particles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert particles.rot_deg is not None and particles.tilt_deg is not None and particles.psi_deg is not None
    vectors = rotation_vectors(particles.rot_deg, particles.tilt_deg, particles.psi_deg)
    shifts = shifts_px(particles, particles.optics_groups, np.arange(len(particles)))
    assert shifts is not None
    return Rotation.from_rotvec(vectors).as_matrix(), shifts


def test_poses_and_shifts_draw_the_same_images(tmp_path: Path) -> None:
    matrices, shifts = pose(read(tmp_path).particles)
    for row in range(N):
        truth = by_cistem(ANGLES[row], SHIFTS_A[row])
        scale = np.abs(truth).max()
        assert np.abs(by_cryosparc(matrices[row], shifts[row]) - truth).max() < 1e-6 * scale
        # what a wrong sign or a transposed matrix would give is far away
        for matrix, shift in ((matrices[row], -shifts[row]), (matrices[row].T, shifts[row])):
            assert np.abs(by_cryosparc(matrix, shift) - truth).max() > 0.2 * scale


def test_defocus_is_at_the_same_azimuth(tmp_path: Path) -> None:
    """`CTF::DefocusGivenAzimuth`, against the CTF of the import."""
    particles = read(tmp_path).particles
    u, v, angle = particles.defocus_u_A, particles.defocus_v_A, particles.defocus_angle_deg
    assert u is not None and v is not None and angle is not None
    azimuth = np.linspace(0, np.pi, 7)
    for row, (one, two, degrees) in enumerate([(15000.5, 14000.5, 10), (16000, 15500, -20)]):
        defocus = 0.5 * (one + two + np.cos(2 * (azimuth - np.radians(degrees))) * (one - two))
        expected = [Ctf(300, 2.7, 0.07, d, d)(0.1, 0.0) for d in defocus]
        ours = Ctf(300, 2.7, 0.07, float(u[row]), float(v[row]), float(angle[row]))(0.1, azimuth)
        np.testing.assert_allclose(ours, expected, atol=1e-9)


# the rest of the table


def test_the_particles(tmp_path: Path) -> None:
    reading = read(tmp_path)
    particles = reading.particles
    assert particles.stack_names == ["stacks/my stack.mrc"] and particles.image_number.tolist() == [1, 2, 3, 4]
    assert particles.micrograph_names == ["mics/a.mrc", "mics/b.mrc"]
    assert particles.micrograph_index is not None and particles.micrograph_index.tolist() == [0, 0, 1, 1]
    assert particles.random_subset is not None and particles.random_subset.tolist() == [1, 2, 1, 2]
    (group,) = particles.optics_groups
    values = [group.pixel_size_A, group.voltage_kV, group.cs_mm, group.amplitude_contrast]
    assert [value and value.value for value in values] == [1.5, 300, 2.7, 0.07]
    assert group.file_pixel_size_A == 1.5 and group.particles == N
    assert reading.enabled is not None and reading.enabled.all() and not reading.faults
    assert not reading.remarks
    assert {"cisTEMOccupancy", "cisTEMScore", "cisTEMSigma"} <= set(particles.columns_not_imported)
    assert particles.coordinates_px is None


def test_microscopes_differ_between_rows(tmp_path: Path) -> None:
    particles = read(tmp_path, PixelSize=[1.5, 1.0, 1.5, 1.0], MicroscopeVoltagekV=[0.0] * N).particles
    sizes = [group.pixel_size_A and group.pixel_size_A.value for group in particles.optics_groups]
    assert sizes == [1.5, 1.0] and particles.optics_index.tolist() == [0, 1, 0, 1]
    assert [group.particles for group in particles.optics_groups] == [2, 2]
    assert all(group.voltage_kV is None for group in particles.optics_groups)  # 0: cisTEM does not know it
    _, shifts = pose(particles)
    np.testing.assert_allclose(shifts, -SHIFTS_A / np.array([[1.5], [1.0], [1.5], [1.0]]))


def test_rows_that_cistem_switched_off(tmp_path: Path) -> None:
    enabled = read(tmp_path, ImageActivity=[1, -1, 0, -1]).enabled
    assert enabled is not None and enabled.tolist() == [True, False, True, False]
    assert read(tmp_path, ImageActivity=None).enabled is None


def test_subsets_that_were_not_assigned(tmp_path: Path) -> None:
    assert read(tmp_path, AssignedSubset=[0] * N).particles.random_subset is None


def test_without_angles_there_is_no_pose(tmp_path: Path) -> None:
    particles = read(tmp_path, AnglePsi=None, AngleTheta=None, AnglePhi=None).particles
    assert particles.poses == ""
    assert read(tmp_path).particles.poses == "3D"


def test_beam_tilt_is_reported(tmp_path: Path) -> None:
    remarks = {remark.code: remark for remark in read(tmp_path, BeamTiltX=[0.0, 0.3, 0.0, 0.1]).remarks}
    assert remarks["ctf-aberrations-dropped"].message == "2 particles with beam tilt, which is written as zero"


@pytest.mark.parametrize("unit", ["radians", "degrees"])
def test_phase_shifts_are_refused(tmp_path: Path, unit: str) -> None:
    """cisTEM writes radians and reads degrees; 0 is the same in both."""
    value = {"radians": 1.57, "degrees": 90.0}[unit]
    expected = "meta-unreadable: p.star of cisTEM has 1 phase shift other than 0, and cisTEM writes them in radians"
    assert refusal(tmp_path, PhaseShift=[0.0, value, 0.0, 0.0]).startswith(expected)
    assert read(tmp_path).particles.phase_shift_deg is None


def test_faults_name_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    text = text_of(parameters()).replace("-120.00", "    nan").replace("       3   45.00", "     2.5   45.00")
    path.write_text(text)
    number, angle = read_cistem(path).faults
    assert (number.problem.code, number.rows.tolist()) == ("image-name-bad", [2])
    assert (angle.problem.code, angle.rows.tolist(), angle.column) == ("value-not-finite", [1], "cisTEMAnglePhi")
    line = next(i for i, row in enumerate(text.split("\n"), 1) if " nan " in row)
    assert angle.problem.examples[0].startswith(f"line {line}: ")


def test_a_file_that_does_not_name_its_stack(tmp_path: Path) -> None:
    assert "p.star of cisTEM does not name its stack" in refusal(tmp_path, StackFilename=None)
    write_stack(tmp_path / "p.mrcs", N)
    assert read(tmp_path, StackFilename=None).particles.stack_names == ["p.mrcs"]


def test_a_file_without_positions(tmp_path: Path) -> None:
    assert refusal(tmp_path, PositionInStack=None).startswith("image-name-missing: p.star of cisTEM has no column")


def test_other_files_of_cistem_are_refused_by_name(tmp_path: Path) -> None:
    par, binary = tmp_path / "p.par", tmp_path / "p.cistem"
    par.write_text(
        "C           PSI   THETA     PHI       SHX       SHY     MAG  INCLUDE   DF1      DF2  ANGAST  PSHIFT     OCC"
        "      LogP      SIGMA   SCORE  CHANGE\n      1   10.00   20.00   30.00      1.00     -2.00       0     1\n"
    )
    masks = [1 << bit for bit in (0, 2, 22, 23, 3, 4)]
    header = len(masks).to_bytes(4, "little") + (2).to_bytes(4, "little")
    binary.write_bytes(header + b"".join(mask.to_bytes(8, "little") + b"\x03" for mask in masks) + bytes(48))
    for path, program in ((par, "convert_par_to_star"), (binary, "convert_binary_to_star")):
        assert recognises_cistem(path.read_bytes())
        with pytest.raises(Refused) as caught:
            read_cistem(path)
        assert "of cisTEM" in caught.value.problem.message and program in caught.value.problem.hint


@pytest.mark.parametrize(
    "head", [b"", b"data_\nloop_\n_rlnImageName\n1@a.mrcs\n", b"CRYST1\n", bytes(4096), b"\x01\0\0\0"]
)
def test_files_of_others_are_not_taken(head: bytes) -> None:
    assert not recognises_cistem(head)


def test_columns_and_raw_rows(tmp_path: Path) -> None:
    read(tmp_path)
    columns = read_cistem(tmp_path / "p.star", columns={"cisTEMOccupancy": True, "cisTEMNo": True}).columns
    np.testing.assert_array_equal(columns["cisTEMOccupancy"], [100] * N)
    assert set(columns) == {"cisTEMOccupancy"}
    lines = [i for i, row in enumerate((tmp_path / "p.star").read_text().split("\n"), 1) if "mics/b.mrc" in row]
    raw = raw_cistem_rows(str(tmp_path / "p.star"), lines)
    assert len(raw.labels) == len(COLUMNS) and [row.split()[0] for row in raw.rows] == [b"3", b"4"]


def test_an_import_from_end_to_end(tmp_path: Path) -> None:
    images = write_stack(tmp_path / "in/stacks/my stack.mrc", N, 8)
    path = tmp_path / "in/p.star"
    path.write_text(text_of(parameters(ImageActivity=[1, 1, -1, 1], PositionInStack=[3, 1, 2, 4])))
    outcome = run(tmp_path, path)
    assert outcome.status == 0, outcome.report
    rows, kept = load(outcome.output), [0, 1, 3]
    assert rows["blob/idx"].tolist() == [2, 0, 3]
    (link,) = (outcome.output / "imported").iterdir()
    assert link.resolve() == images.resolve() and link.name.endswith("_my stack.mrc")
    np.testing.assert_allclose(rows["alignments3D/shift"], -SHIFTS_A[kept] / 1.5, atol=1e-6)
    found = Rotation.from_rotvec(rows["alignments3D/pose"].astype(float)).as_matrix()
    np.testing.assert_allclose(found, [euler_matrix(*ANGLES[i]) for i in kept], atol=1e-6)
    np.testing.assert_allclose(rows["ctf/df1_A"], [15000.5, 16000, 18000])
    np.testing.assert_allclose(rows["ctf/df2_A"], [14000.5, 15500, 17000])
    np.testing.assert_allclose(rows["ctf/df_angle_rad"], np.radians([10, -20, 85]), rtol=1e-6)
    for name, value in {"accel_kv": 300, "cs_mm": 2.7, "amp_contrast": 0.07, "phase_shift_rad": 0}.items():
        np.testing.assert_allclose(rows[f"ctf/{name}"], value, rtol=1e-6, err_msg=name)
    for name in ("blob/psize_A", "alignments3D/psize_A"):
        np.testing.assert_allclose(rows[name], 1.5)
    assert rows["alignments3D/split"].tolist() == [0, 1, 1]
    assert outcome.report["counts"]["not_selected"] == 1
    copied = [line for line in (outcome.output / "particles.star").read_text().splitlines() if "my stack" in line]
    assert [line.split()[0] for line in copied] == ["3", "1", "4"]


def test_a_bad_row_stops_the_import_and_is_left_out_whole(tmp_path: Path) -> None:
    write_stack(tmp_path / "in/stacks/my stack.mrc", N, 8)
    path = tmp_path / "in/p.star"
    path.write_text(text := text_of(parameters(Defocus1=[15000, float("nan"), 17000, 18000])))
    line = next(number for number, row in enumerate(text.splitlines(), 1) if " nan " in row)
    outcome = run(tmp_path, path)
    (example,) = outcome.problem("value-not-finite")["examples"]
    assert outcome.status == 1 and not outcome.output.exists()
    assert example == f"line {line}: 000002@stacks/my stack.mrc (cisTEMDefocus1)"
    outcome = run(tmp_path, path, "--on-bad", "leave-out")
    assert outcome.status == 0 and load(outcome.output)["blob/idx"].tolist() == [0, 2, 3]
    rejected = (outcome.output / "rejected.star").read_text().splitlines()[-1]
    assert rejected.split()[0] == "2" and rejected.endswith(" value-not-finite")
