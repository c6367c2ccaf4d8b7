"""Demo data sets some of whose exposures are mirrored, or are others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import mrcfile
import numpy as np
import starfile
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo


def mirror_on_disk(demo: Demo, numbers: Iterable[int]) -> None:
    """Turn the pictures of these micrographs over, top to bottom."""
    for number in numbers:
        with mrcfile.open(demo.micrographs[number], "r+") as file:
            file.data[:] = file.data[::-1].copy()


def with_random_phases(picture: NDArray, seed: int = 0) -> NDArray:
    """As much of each frequency, and nothing to be seen."""
    phases = np.exp(1j * np.angle(np.fft.rfft2(np.random.default_rng(seed).standard_normal(picture.shape))))
    spectrum = np.abs(np.fft.rfft2(picture)) * phases
    spectrum[0, 0] = picture.sum()
    return np.fft.irfft2(spectrum, s=picture.shape).astype(picture.dtype)


def rename_folder(demo: Demo, numbers: Iterable[int], folder: str) -> None:
    """The STAR file names these micrographs, by number, in another folder."""
    tables = starfile.read(demo.star, always_dict=True, parse_as_string=["rlnMicrographName"])
    particles = tables["particles"]
    here = np.isin(demo.micrograph_index, list(numbers))
    names = particles["rlnMicrographName"].str.rpartition("/")[2]
    particles.loc[here, "rlnMicrographName"] = f"{folder}/" + names[here]
    starfile.write(tables, demo.star)


def rename_micrographs(demo: Demo, others: Mapping[int, int]) -> None:
    """The STAR file names other micrographs, by number, for the particles of these."""
    tables = starfile.read(demo.star, always_dict=True, parse_as_string=["rlnMicrographName"])
    names = {demo.micrograph_names[a]: demo.micrograph_names[b] for a, b in others.items()}
    tables["particles"]["rlnMicrographName"] = tables["particles"]["rlnMicrographName"].replace(names)
    starfile.write(tables, demo.star)
