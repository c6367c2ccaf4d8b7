"""The data sign of an import: the verdict of the pictures, and the user's choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..particles import Particles, shifts_px
from ..pictures.data_sign import SignVerdict, detect_data_sign
from ..pictures.image_checks import check_images
from ..problems import Problem, problem
from ..progress import Progress
from ..stacks.sample import Sample, choose_rows, read_sample
from ..stacks.stacks import Stacks
from .plan import DataSign

SIGN_SAMPLE = 400
#: taken where the pictures cannot tell, as RELION's extraction stores particles light on dark
DEFAULT_SIGN = -1


_KEPT_BYTES = 128 << 20


_MIN_KEPT, _MIN_KEPT_BYTES = 64, 512 << 20  # that many, unless they are as large as those of no particle yet


def look_at_images(
    particles: Particles, stacks: Stacks, candidates: NDArray[np.int64], progress: Progress
) -> tuple[Sample, SignVerdict]:
    """A sample spread over the file, and what all of the images that were looked at say of the data sign.

    Only so many images are kept as fit into memory; the others are forgotten once they were looked at.
    """
    rows = choose_rows(particles, stacks, SIGN_SAMPLE, candidates=candidates)
    image_bytes = 4 * stacks.box**2
    at_once = max(_KEPT_BYTES // image_bytes, min(_MIN_KEPT, _MIN_KEPT_BYTES // image_bytes))
    parts = [rows[i :: -(-len(rows) // at_once)] for i in range(-(-len(rows) // at_once))]
    sample = read_sample(particles, stacks, parts[0], progress)

    looked_at = np.concatenate(parts)
    unread: list[int] = []  # positions in `looked_at`: these are blank, which says nothing

    def images() -> Iterator[NDArray[np.float32]]:
        first = 0
        for number, part in enumerate(parts):
            read = read_sample(particles, stacks, part, progress) if number else sample
            unread.extend(first + position for position in read.errors)
            yield from read.images
            first += len(part)

    shifts = shifts_px(particles, particles.optics_groups, looked_at)
    verdict = detect_data_sign(images(), shifts)
    return sample, check_images(particles, stacks, looked_at, unread, verdict)


def decide_sign(choice: str, verdict: SignVerdict) -> tuple[DataSign, list[Problem]]:
    brighter = verdict.words
    found = list(verdict.odd_images)
    if verdict.mixed and choice == "auto":
        message = f"{verdict.mixed.message}; {verdict.value or DEFAULT_SIGN:+d} is used for all"
        found.append(dataclasses.replace(verdict.mixed, message=message))
    elif verdict.mixed:
        message = f"{verdict.mixed.message}, but {choice} was chosen for all"
        found.append(dataclasses.replace(verdict.mixed, code="data-sign-contradicts", message=message))
    if choice == "auto":
        if verdict.value or verdict.mixed:
            source = "detected" if verdict.value else "default"
            return DataSign(verdict.value or DEFAULT_SIGN, source, verdict), found
        message = (
            f"the images do not show the data sign clearly: {brighter}; {DEFAULT_SIGN:+d} is used, as for RELION's "
            "extraction"
        )
        return DataSign(DEFAULT_SIGN, "default", verdict), [*found, problem("data-sign-unclear", message)]
    sign = DataSign(int(choice), "user", verdict)
    if verdict.value in (0, sign.value) or verdict.mixed:
        return sign, found
    message = f"{brighter}: the data sign should be {verdict.value:+d}, but {sign.value:+d} was chosen"
    return sign, [*found, problem("data-sign-contradicts", message)]
