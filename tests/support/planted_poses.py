"""Sets of particles whose poses are right, or wrong in one known way, as files that can be imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import starfile
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo

from .made_particles import MadeParticles
from .stars import OPTICS, mrc_bytes, write_star

ANGLES = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]
SHIFTS = ["rlnOriginXAngst", "rlnOriginYAngst"]


def rewrite(star: Path, target: Path, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Path:
    """A STAR file of RELION 3.1 again, its particles changed in place or by what `change` returns."""
    tables = starfile.read(star, always_dict=True, parse_as_string=["rlnImageName", "rlnMicrographName"])
    changed = change(tables["particles"])
    tables["particles"] = tables["particles"] if changed is None else changed
    starfile.write(tables, target, overwrite=True)
    return target


def dealt_anew(rows: pd.DataFrame) -> None:
    order = np.random.default_rng(5).permutation(len(rows))
    rows[ANGLES + SHIFTS] = rows[ANGLES + SHIFTS].to_numpy()[order]


def inverted(rows: pd.DataFrame) -> None:
    rows[ANGLES] = -rows[ANGLES[::-1]].to_numpy()


def negated_shifts(rows: pd.DataFrame) -> None:
    rows[SHIFTS] = -rows[SHIFTS]


def numbered_from_zero(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the first image of each stack, whose number 0 would be seen."""
    number, _, stack = rows["rlnImageName"].str.partition("@").to_numpy().T
    rows["rlnImageName"] = [f"{int(n) - 1:06d}@{s}" for n, s in zip(number, stack)]
    return rows[number.astype(int) > 1]


def copy_with_stacks(demo: Demo, folder: Path, change: Callable[[int, bytes], bytes]) -> Path:
    """The folder of the demo's stacks, each with its bytes changed by number."""
    for number, stack in enumerate(demo.stacks):
        target = folder / stack.relative_to(demo.data)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change(number, stack.read_bytes()))
    return folder


def write_made(
    folder: Path,
    made: MadeParticles,
    change: Mapping[str, Any] | None = None,
    images: NDArray[Any] | None = None,
    mode: int = 2,
    optics: Mapping[str, list] | None = None,
    relion: str = "3.1",
) -> Path:
    """Stacks and a STAR file of made particles; columns as in `stars.write_input`."""
    images = made.images if images is None else images
    size_A = made.recipe.pixel_size_A * made.images.shape[1] / images.shape[1]
    for stack in np.unique(made.stack).tolist():
        path = folder / f"stacks/s{stack}.mrcs"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mrc_bytes(images[made.stack == stack], mode, pixel_size_A=size_A))
    origin_A = made.origin_px * made.recipe.pixel_size_A
    columns: dict[str, Any] = {
        "rlnImageName": [f"{n + 1:06d}@stacks/s{s}.mrcs" for n, s in zip(made.number, made.stack)],
        "rlnMicrographName": [f"mics/m{s}.mrc" for s in made.stack],
        **dict(zip(ANGLES, made.angles_deg.T)),
        **dict(zip(SHIFTS, origin_A.T)),
        "rlnDefocusU": made.ctf["defocus_u_A"],
        "rlnDefocusV": made.ctf["defocus_v_A"],
        "rlnDefocusAngle": np.degrees(made.ctf["defocus_angle_rad"]),
        "rlnPhaseShift": np.degrees(made.ctf["phase_shift_rad"]),
        "rlnOpticsGroup": [1] * len(images),
    }
    if made.recipe.flat:
        columns |= {"rlnAngleRot": None, "rlnAngleTilt": None, "rlnClassNumber": made.class_number + 1}
    optics = {**OPTICS, "rlnImagePixelSize": [size_A], **(optics or {})}
    if relion == "3.0":
        n = len(images)
        columns |= {"rlnOpticsGroup": None, **dict.fromkeys(SHIFTS)}
        columns |= {"rlnOriginX": origin_A[:, 0] / size_A, "rlnOriginY": origin_A[:, 1] / size_A}
        columns |= {name: optics[name] * n for name in ("rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast")}
        columns |= {"rlnDetectorPixelSize": [size_A] * n, "rlnMagnification": [1e4] * n}
    columns |= change or {}
    written = {name: column for name, column in columns.items() if column is not None}
    return write_star(folder / "run_data.star", written, None if relion == "3.0" else optics)
