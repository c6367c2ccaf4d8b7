"""More jobs in a demo's project, whose exposures have the names of the demo's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo

from .stars import write_exposures


def pictures_of(demo: Demo) -> list[NDArray[np.float32]]:
    """One for each micrograph, (ny, nx)."""
    return [mrcfile.read(path) for path in demo.micrographs]


def binned(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """At half the size."""
    ny, nx = (side // 2 for side in picture.shape)
    return picture[: 2 * ny, : 2 * nx].reshape(ny, 2, nx, 2).mean(axis=(1, 3))


def add_job(demo: Demo, job: str, pictures: Sequence[NDArray[np.float32]] | None) -> Path:
    """A job whose exposures dataset has the names of the demo's own; without pictures their files are missing."""
    folder = demo.project / job / "motioncorrected"
    folder.mkdir(parents=True)
    table = np.load(demo.exposures)
    columns = {name: table[name] for name in table.dtype.names}
    columns["micrograph_blob/path"] = np.array([f"{job}/motioncorrected/{p.name}".encode() for p in demo.micrographs])
    if pictures is not None:
        whole = columns["micrograph_blob/shape"]
        columns["micrograph_blob/shape"] = np.array([picture.shape for picture in pictures], whole.dtype)
        binning = np.round(whole[:, 0] / columns["micrograph_blob/shape"][:, 0])
        columns["micrograph_blob/psize_A"] = (columns["micrograph_blob/psize_A"] * binning).astype("f4")
        for path, picture in zip(demo.micrographs, pictures, strict=True):
            mrcfile.write(folder / path.name, np.ascontiguousarray(picture, np.float32))
    write_exposures(folder.parent / "exposures.cs", columns)
    return folder.parent / "exposures.cs"
