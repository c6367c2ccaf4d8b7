"""A micrograph as a picture for the eye: small, flat, and grey.

It is read in stretches, never whole, with `stacks.mrc`, whose docstring compares that with mrcfile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, quiet
from ..stacks.mrc import MrcError, MrcHeader, read_header, read_image_rows

LARGEST_PX = 1024
LOW_PASS_A = 20.0
#: What can prove the positions where exposures themselves cannot.
GIVE_MICROGRAPHS = "give the micrographs of Patch Motion, which show where particles lie"
_NOT_MRC = {".tif": "TIFF", ".tiff": "TIFF", ".eer": "EER"}
_STRETCH_BYTES = 16 << 20
#: The background is what remains of the picture at this many points on a side.
_BACKGROUND_POINTS = 12
_LIMITS_PERCENT = 0.5, 99.5


@dataclass(frozen=True)
class MicrographPicture:
    """grey: uint8, (height, width), values as stored, row 0 of the file first; one pixel stands for `factor` squared.

    shape: (ny, nx) of the micrograph; the last rows and columns that do not fill a pixel are left out.
    """

    grey: NDArray[np.uint8]
    factor: int
    shape: tuple[int, int]


def micrograph_header(path: str | Path, shape: tuple[int, int]) -> MrcHeader:
    """The header of a micrograph of (ny, nx) pixels that can be looked at and compared with particles.

    Raises:
        OSError: The file cannot be read.
        ValueError: It cannot be looked at; the message says why.
    """
    if kind := _NOT_MRC.get(Path(path).suffix.lower()):
        raise ValueError(f"{kind} files can be matched by name, but not compared as pictures; {GIVE_MICROGRAPHS}")
    header = read_header(path)
    if header.nz > 1:
        frames = f"a movie of {header.nz} frames"
        raise ValueError(f"{frames} can be matched by name, but not compared as a picture; {GIVE_MICROGRAPHS}")
    if (header.ny, header.nx) != tuple(shape):
        raise ValueError(f"{header.nx} × {header.ny} pixels, but its dataset says {shape[1]} × {shape[0]}")
    return header


def read_picture(
    path: str | Path,
    shape: tuple[int, int],
    pixel_size_A: float,
    low_pass_A: float = LOW_PASS_A,
    progress: Progress = quiet,
) -> MicrographPicture:
    """Read a micrograph in stretches of rows, bin it to at most `LARGEST_PX`, and even out what is not particles.

    Args:
        shape: (ny, nx) that its dataset says.
        pixel_size_A: Of the micrograph; where it is not known (0), nothing is smoothed.
        low_pass_A: Half of the contrast remains at this spacing; 0 does not smooth.

    Raises:
        OSError, ValueError: See `micrograph_header`.
        Cancelled: `progress` said so.
    """
    header = micrograph_header(path, shape)
    factor = -(-max(header.ny, header.nx) // LARGEST_PX)
    picture = _flatten(_binned(path, header, factor, progress))
    if low_pass_A > 0 and pixel_size_A > 0:
        picture = _smooth(picture, low_pass_A / (pixel_size_A * factor))
    low, high = np.percentile(picture, _LIMITS_PERCENT)
    grey = np.clip((picture - low) * (255 / max(float(high - low), 1e-12)), 0, 255).astype(np.uint8)
    return MicrographPicture(grey, factor, (header.ny, header.nx))


def read_binned(
    path: str | Path, shape: tuple[int, int], factor: int, progress: Progress = quiet
) -> NDArray[np.float32]:
    """Means of blocks of factor × factor pixels; rows and columns at the end that do not fill one are left out.

    Raises:
        OSError, ValueError: See `micrograph_header`.
        Cancelled: `progress` said so.
    """
    return _binned(path, micrograph_header(path, shape), factor, progress)


def why_not(error: OSError | ValueError) -> str:
    """Why a micrograph is not shown, in words."""
    if isinstance(error, MrcError):
        return f"it is not a usable MRC file: {error}"
    if isinstance(error, FileNotFoundError):
        return f"{error.strerror} (paths of exposures are relative to the CryoSPARC project folder)"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _binned(path: str | Path, header: MrcHeader, factor: int, progress: Progress) -> NDArray[np.float32]:
    """Means of blocks of factor × factor pixels; values that are not finite count as their stretch's mean."""
    height, width = header.ny // factor, header.nx // factor
    out = np.empty((height, width), np.float32)
    step = max(1, _STRETCH_BYTES // (header.nx * 4 * factor))
    for first in range(0, height, step):
        progress.step(first, height)
        last = min(first + step, height)
        rows = read_image_rows(path, header, first * factor, last * factor)[:, : width * factor]
        finite = np.isfinite(rows)
        if not finite.all():
            rows[~finite] = rows[finite].mean() if finite.any() else 0
        out[first:last] = rows.reshape(last - first, factor, width, factor).mean(axis=(1, 3))
    return out


def _flatten(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out the plane that fits best, then what changes slowly: uneven illumination, the thickness of the ice."""
    picture = picture - picture.mean()
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in picture.shape)
    picture -= y[:, None] * (y @ picture.mean(axis=1) / (y @ y)) + x * (x @ picture.mean(axis=0) / (x @ x))
    (mean_y, spread_y), (mean_x, spread_x) = (_broad(size) for size in picture.shape)
    return np.asarray(picture - spread_y @ (mean_y @ picture @ mean_x.T) @ spread_x.T, np.float32)


def _broad(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Matrices that take means around some points, (points, size), and that go between these, (size, points)."""
    points = min(_BACKGROUND_POINTS, size)
    at = (np.arange(points) + 0.5) * size / points
    distance = (np.arange(size) + 0.5 - at[:, None]) * points / size
    weights = np.exp(-0.5 * distance**2).astype(np.float32)
    return weights / weights.sum(axis=1, keepdims=True), (weights / weights.sum(axis=0)).T


def _smooth(picture: NDArray[np.float32], spacing_px: float) -> NDArray[np.float32]:
    """A Gaussian low-pass: half of the amplitude at the spacing; beyond its edges the picture is mirrored."""
    spacing_px = min(spacing_px, float(max(picture.shape)))  # a pixel size in a damaged dataset can be next to nothing
    margin = int(spacing_px) + 1
    padded = np.pad(picture, margin, mode="symmetric")
    ny, nx = padded.shape
    radius2 = np.fft.fftfreq(ny)[:, None] ** 2 + np.fft.rfftfreq(nx) ** 2
    weights = np.exp2(-radius2 * spacing_px**2).astype(np.float32)
    smooth = np.fft.irfft2(np.fft.rfft2(padded) * weights, s=(ny, nx))
    return np.asarray(smooth[margin:-margin, margin:-margin], np.float32)
