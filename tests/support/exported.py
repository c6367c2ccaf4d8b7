"""A particle set that lives in CryoSPARC, and the same as the STAR file that it is exported to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from cryosparc.dataset import CSDAT_FORMAT, NUMPY_FORMAT, Dataset
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.plan.planner import plan_import

from .stars import write_star
from .truth import parameters_of, small_demo

FORMATS = {"npy": NUMPY_FORMAT, "csdat": CSDAT_FORMAT}


def table_of(path: Path) -> NDArray:
    return np.load(path)


def refined_set(folder: Path, **recipe: Any) -> tuple[Demo, Path, NDArray]:
    """The demo as a refinement in CryoSPARC leaves it: with aberrations, errors and slots that no import writes.

    Returns:
        The demo, the dataset (`J3/imported_particles.cs` of the demo's project), and its rows.
    """
    demo = small_demo(folder, **recipe)
    job = write_job(plan_import(parameters_of(demo, data_sign=f"{demo.data_sign:+d}")))
    path = job.folder / "imported_particles.cs"
    rng = np.random.default_rng(7)
    table = np.load(path)
    for name in ("tilt_A", "trefoil_A", "tetra_A", "anisomag"):
        table[f"ctf/{name}"] = rng.normal(size=table[f"ctf/{name}"].shape)
    for name in ("error", "cross_cor", "alpha", "class_posterior"):
        table[f"alignments3D/{name}"] = rng.uniform(0.5, 2, len(table))
    table["ctf/exp_group_id"] = 40 + table["ctf/exp_group_id"]
    more = [("pick_stats/ncc_score", "<f4"), ("filament/filament_uid", "<u8"), ("pick_stats/template", "S12")]
    out = np.zeros(len(table), table.dtype.descr + more)
    for name in table.dtype.names:
        out[name] = table[name]
    out["pick_stats/ncc_score"] = rng.uniform(0, 1, len(table))
    out["filament/filament_uid"] = rng.integers(1, 2**63, len(table), np.uint64)
    out["pick_stats/template"] = [f"t{i}".encode() for i in range(len(table))]
    save(path, out)
    return demo, path, out


def save(path: Path, table: NDArray, how: str = "npy") -> Path:
    """Write rows in one of CryoSPARC's two formats."""
    if how == "npy":
        with path.open("wb") as file:
            np.save(file, table)
    else:
        columns = {n: np.array([x.decode() for x in table[n]], object) if table[n].dtype.kind == "S" else table[n]
                   for n in table.dtype.names}  # fmt: skip
        Dataset(columns).save(path, format=FORMATS[how])
    return path


def star_columns(table: NDArray, flipped: bool = False) -> dict[str, list]:
    """The columns as they are written by hand: printed with six decimals, stacks as `.mrcs`."""
    angles = Rotation.from_rotvec(table["alignments3D/pose"].astype(float)).as_euler("ZYZ", degrees=True)
    height, width = table["location/micrograph_shape"].T.astype(float)
    x, y = table["location/center_x_frac"] * width, table["location/center_y_frac"] * height
    shift_A = table["alignments3D/shift"] * table["alignments3D/psize_A"][:, None].astype(float)
    numbers = {
        "rlnCoordinateX": x,
        "rlnCoordinateY": height - y if flipped else y,
        "rlnDefocusU": table["ctf/df1_A"],
        "rlnDefocusV": table["ctf/df2_A"],
        "rlnDefocusAngle": np.degrees(table["ctf/df_angle_rad"].astype(float)),
        "rlnPhaseShift": np.degrees(table["ctf/phase_shift_rad"].astype(float)),
        "rlnAngleRot": angles[:, 0],
        "rlnAngleTilt": angles[:, 1],
        "rlnAnglePsi": angles[:, 2],
        "rlnOriginXAngst": shift_A[:, 0],
        "rlnOriginYAngst": shift_A[:, 1],
    }
    stacks = [path.decode().removeprefix(">") for path in table["blob/path"]]
    stacks = [path if path.endswith("s") else f"{path}s" for path in stacks]
    return {
        "rlnImageName": [f"{i + 1:06d}@{path}" for i, path in zip(table["blob/idx"].tolist(), stacks)],
        "rlnMicrographName": [path.decode() for path in table["location/micrograph_path"]],
        **{name: [f"{value:.6f}" for value in column] for name, column in numbers.items()},
        "rlnRandomSubset": (table["alignments3D/split"] + 1).tolist(),
        "rlnClassNumber": (table["alignments3D/class"] + 1).tolist(),
        "rlnOpticsGroup": [1] * len(table),
    }


def rows_of(columns: dict[str, list], rows: Any) -> dict[str, list]:
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def export(folder: Path, demo: Demo, columns: dict[str, list], name: str = "run_data.star") -> Path:
    optics = {
        "rlnOpticsGroup": [1],
        "rlnOpticsGroupName": ["opticsGroup1"],
        "rlnImagePixelSize": [demo.pixel_size_A[0]],
        "rlnVoltage": [demo.voltage_kV[0]],
        "rlnSphericalAberration": [demo.cs_mm[0]],
        "rlnAmplitudeContrast": [demo.amplitude_contrast[0]],
    }
    return write_star(folder / name, columns, optics)
