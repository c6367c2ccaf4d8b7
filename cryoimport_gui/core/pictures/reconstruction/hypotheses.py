"""What the poses could mean other than what is about to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...arrays import Reals
from .sample import Counts, PosedParticles, rotation_matrices

#: An alternative about neighbouring images is left out with fewer images than this.
_FEWEST = 25


@dataclass(frozen=True)
class Hypothesis:
    """Which image belongs to which row, and with what pose.

    name: A key; `words` says it as the start of "... would fit".
    rows, images: (m,) positions in the sample: pose and CTF of `rows` belong to `images`.
    shift_boxes: (m, 2), in parts of the box.
    rotation: (m, d, d) with d = 3, or 2 for 2D poses.
    """

    name: str
    words: str
    kind: Literal["poses", "shifts"]
    rows: Counts
    images: Counts
    shift_boxes: Reals
    rotation: Reals


def as_imported(particles: PosedParticles, box: int, rows: Counts) -> Hypothesis:
    """The poses as they will be written, of some rows."""
    if particles.rotation_vector is not None:
        rotation = rotation_matrices(particles.rotation_vector[rows])
    else:
        assert particles.psi_rad is not None
        cos, sin = np.cos(particles.psi_rad[rows]), np.sin(particles.psi_rad[rows])
        rotation = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    box_px = box * particles.pixel_size_A / particles.shift_pixel_size_A[rows]
    shift_boxes = particles.shift_px[rows] / box_px[:, None]
    return Hypothesis("as-imported", "the poses as imported", "poses", rows, rows, shift_boxes, rotation)


def alternatives(imported: Hypothesis, particles: PosedParticles) -> Iterator[Hypothesis]:
    """All that change anything; those about neighbours only where enough images are next to each other."""
    shift, rotation = imported.shift_boxes, imported.rotation
    if shift.any():
        of_file = particles.file_pixel_size_A
        pixel_A = (particles.shift_pixel_size_A if of_file is None else of_file)[imported.rows, None]
        for name, words, other in (
            ("no-shifts", "no shifts (they were applied to the images already)", 0 * shift),
            ("negated-shifts", "shifts of the opposite sign", -shift),
            ("shifts-times-pixel-size", "shifts multiplied by the pixel size", shift * pixel_A),
            ("shifts-over-pixel-size", "shifts divided by the pixel size", shift / pixel_A),
        ):
            if not np.array_equal(other, shift):
                yield replace(imported, name=name, words=words, kind="shifts", shift_boxes=other)
    inverse = rotation.transpose(0, 2, 1)
    yield replace(imported, name="inverse-rotations", words="inverse rotations", rotation=inverse)
    flip = np.array([1.0, -1.0, 1.0])[: rotation.shape[1]]
    yield replace(
        imported,
        name="mirrored",
        words="images mirrored top to bottom",
        shift_boxes=shift * flip[:2],
        rotation=flip[:, None] * rotation * flip,
    )
    keys = zip(particles.stack[imported.rows].tolist(), particles.image_number[imported.rows].tolist())
    position = {key: i for i, key in enumerate(keys)}
    for name, words, step in (
        ("next-image", "the next image of each stack", 1),
        ("previous-image", "the previous image of each stack", -1),
    ):
        pairs = [(i, position.get((stack, number + step), -1)) for (stack, number), i in position.items()]
        here, there = np.array([pair for pair in pairs if pair[1] >= 0], np.int64).reshape(-1, 2).T
        if len(here) >= _FEWEST:
            yield replace(
                imported,
                name=name,
                words=words,
                rows=imported.rows[here],
                images=imported.rows[there],
                shift_boxes=shift[here],
                rotation=rotation[here],
            )
