"""A set of particles on which everything can be proved, and the ten mistakes that people make with such sets.

Each maker gives the parameters of an import of the set with its mistake, as a user would choose them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pandas as pd
import starfile

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo

from .made_particles import ctf_corrected
from .planted_poses import SHIFTS, copy_with_stacks, dealt_anew, rewrite
from .stars import mrc_bytes

#: enough for a verdict on data sign, poses and positions
RECIPE = DemoRecipe(micrographs=8, optics_groups=1)
PIXEL_SIZE_A = RECIPE.pixel_size_A


@dataclass(frozen=True)
class GoodSet:
    """Particles as RELION extracts them, with the exposures of a CryoSPARC project."""

    demo: Demo

    @property
    def chosen(self) -> dict[str, Any]:
        """What a user chooses to import it."""
        demo = self.demo
        paths = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures, "project": demo.project}
        paths["output"] = demo.project / "imports/particles"
        return {name: str(path) for name, path in paths.items()} | demo.trims


def make_good(folder: Path) -> GoodSet:
    return GoodSet(make_demo(folder, RECIPE))


def wrong_data_sign(good: GoodSet, folder: Path) -> dict[str, Any]:
    return good.chosen | {"data_sign": "+1"}


def missing_stacks(good: GoodSet, folder: Path) -> dict[str, Any]:
    """The folder of the stacks was copied in part."""
    for stack in good.demo.stacks[2:]:
        target = folder / stack.relative_to(good.demo.data)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(stack, target)
    return good.chosen | {"meta": str(_changed(good, folder, lambda rows: None)), "data": str(folder)}


def untrimmed_names(good: GoodSet, folder: Path) -> dict[str, Any]:
    return {name: value for name, value in good.chosen.items() if name not in good.demo.trims}


def mirrored_picks(good: GoodSet, folder: Path) -> dict[str, Any]:
    def mirror(rows: pd.DataFrame) -> None:
        rows["rlnCoordinateY"] = good.demo.exposure_shapes[0, 0] - rows["rlnCoordinateY"]

    return good.chosen | {"meta": str(_changed(good, folder, mirror))}


def mirrored_picks_kept(good: GoodSet, folder: Path) -> dict[str, Any]:
    """And the user is sure that they are not."""
    return mirrored_picks(good, folder) | {"coordinate_y": "keep"}


def exchanged_exposures(good: GoodSet, folder: Path) -> dict[str, Any]:
    """The first two micrographs have each other's names."""

    def exchange(rows: pd.DataFrame) -> None:
        first, second, *_ = good.demo.micrograph_names
        rows["rlnMicrographName"] = rows["rlnMicrographName"].replace({first: second, second: first})

    return good.chosen | {"meta": str(_changed(good, folder, exchange))}


def wrong_pixel_size(good: GoodSet, folder: Path) -> dict[str, Any]:
    """The file has the pixel size of the movies, before they were binned."""
    tables = starfile.read(good.demo.star, always_dict=True, parse_as_string=["rlnImageName", "rlnMicrographName"])
    tables["optics"]["rlnImagePixelSize"] /= 2
    starfile.write(tables, folder / "run_data.star")
    return good.chosen | {"meta": str(folder / "run_data.star")}


def wrong_pixel_size_everywhere(good: GoodSet, folder: Path) -> dict[str, Any]:
    """In the stack headers, too: only the images can tell."""

    def halve(_: int, stack: bytes) -> bytes:
        cell_A = np.frombuffer(stack[40:48], "f4") / 2
        return stack[:40] + cell_A.tobytes() + stack[48:]

    return wrong_pixel_size(good, folder) | {"data": str(copy_with_stacks(good.demo, folder, halve))}


def shifts_in_pixels(good: GoodSet, folder: Path) -> dict[str, Any]:
    """In the columns of Å."""

    def divide(rows: pd.DataFrame) -> None:
        rows[SHIFTS] = rows[SHIFTS] / PIXEL_SIZE_A

    return good.chosen | {"meta": str(_changed(good, folder, divide))}


def poses_of_another_file(good: GoodSet, folder: Path) -> dict[str, Any]:
    return good.chosen | {"meta": str(_changed(good, folder, dealt_anew))}


def premultiplied_images(good: GoodSet, folder: Path) -> dict[str, Any]:
    """The images were multiplied with their CTF, and the file does not say so."""
    demo = good.demo
    ctf = {
        "wavelength_A": np.full(len(demo.stack_index), 0.019687),  # at 300 kV
        "cs_mm": demo.cs_mm[demo.optics_group - 1],
        "amplitude_contrast": demo.amplitude_contrast[demo.optics_group - 1],
        "defocus_u_A": demo.defocus_u_A,
        "defocus_v_A": demo.defocus_v_A,
        "defocus_angle_rad": np.radians(demo.defocus_angle_deg),
        "phase_shift_rad": np.radians(demo.phase_shift_deg),
    }
    for number, stack in enumerate(demo.stacks):
        rows = np.flatnonzero(demo.stack_index == number)
        of_stack = {name: column[rows] for name, column in ctf.items()}
        target = folder / stack.relative_to(demo.data)
        target.parent.mkdir(parents=True, exist_ok=True)
        images = ctf_corrected(mrcfile.read(stack), of_stack, PIXEL_SIZE_A, "premultiplied")
        target.write_bytes(mrc_bytes(images, pixel_size_A=PIXEL_SIZE_A))
    return good.chosen | {"meta": str(_changed(good, folder, lambda rows: None)), "data": str(folder)}


def numbered_from_zero(good: GoodSet, folder: Path) -> dict[str, Any]:
    def count_down(rows: pd.DataFrame) -> None:
        number, at, stack = rows["rlnImageName"].str.partition("@").to_numpy().T
        rows["rlnImageName"] = [f"{int(n) - 1:06d}@{s}" for n, s in zip(number, stack)]

    return good.chosen | {"meta": str(_changed(good, folder, count_down))}


def _changed(good: GoodSet, folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Path:
    return rewrite(good.demo.star, folder / "run_data.star", change)
