"""What the demo data set is like, and its truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DemoRecipe:
    """What the data set is to be like.

    `pixel_size_A` is that of the exposures (`optics_pixel_sizes`: one for each optics group); particle images
    have `binned` times as much.  Coordinates are in pixels that are `coordinate_scale` times smaller.
    `snr` is the variance of the signal over that of the noise, in the box, per micrograph pixel.
    """

    seed: int = 0
    micrographs: int = 20
    particles_per_micrograph: int = 20
    box: int = 64
    pixel_size_A: float = 2.1
    snr: float = 0.3
    relion: str = "3.1"
    one_stack: bool = False
    dtype: str = "float32"
    absolute_paths: bool = False
    shuffled: bool = False
    special_tilts: bool = False
    inverted: bool = True
    mirrored_micrographs: bool = False
    coordinate_scale: float = 1.0
    binned: int = 1
    optics_groups: int = 2
    optics_pixel_sizes: tuple[float, ...] | None = None
    max_shift_px: float = 3.0


@dataclass(frozen=True)
class Phantom:
    """Gaussian blobs: where they are (n, 3), how wide (standard deviation, n) and how heavy (n)."""

    positions_A: NDArray[np.float64]
    widths_A: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Demo:
    """Where the data set is, and its truth.

    One value for each row of the STAR file, in its order, except where said otherwise.  The particle's centre
    in the exposure (before any mirroring) is `coordinates / coordinate_scale - shift_px * binned`.
    """

    recipe: DemoRecipe
    phantom: Phantom
    star: Path
    data: Path  # the RELION project, which the names in the STAR file are relative to
    project: Path  # the CryoSPARC project, which the paths in the exposures dataset are relative to
    exposures: Path
    micrographs: list[Path]  # the exposures' files
    micrograph_names: list[str]  # the same, as the STAR file calls them
    stacks: list[Path]
    rot_deg: NDArray[np.float64]
    tilt_deg: NDArray[np.float64]
    psi_deg: NDArray[np.float64]
    shift_px: NDArray[np.float64]  # (n, 2), x and y: rlnOrigin in pixels of the particle image
    defocus_u_A: NDArray[np.float64]
    defocus_v_A: NDArray[np.float64]
    defocus_angle_deg: NDArray[np.float64]
    phase_shift_deg: NDArray[np.float64]
    coordinates: NDArray[np.float64]  # (n, 2), x and y in pixels of the micrograph that was picked
    micrograph_index: NDArray[np.int64]  # into micrographs
    stack_index: NDArray[np.int64]  # into stacks
    image_index: NDArray[np.int64]  # in the stack, 0-based
    optics_group: NDArray[np.int64]  # 1, 2 …; RELION 3.0 files do not say it
    random_subset: NDArray[np.int64]
    class_number: NDArray[np.int64]
    data_sign: int
    trims: dict[str, bool | int]  # make all names match
    pixel_size_A: NDArray[np.float64]  # of the particle images, one for each optics group, as the following
    voltage_kV: NDArray[np.float64]
    cs_mm: NDArray[np.float64]
    amplitude_contrast: NDArray[np.float64]
    exposure_uids: NDArray[np.uint64]  # one for each micrograph
    exposure_shapes: NDArray[np.int64]  # (micrographs, 2), ny and nx
