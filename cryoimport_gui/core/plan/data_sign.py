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
from ..stacks.doubtful_format import both_readings
from ..stacks.rescaled import rescaled_groups
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

    shifts = shifts_px(particles, rescaled_groups(particles.optics_groups, stacks), looked_at)
    verdict = detect_data_sign(images(), shifts)
    return sample, check_images(particles, stacks, looked_at, unread, verdict)


def signs_of_bytes(particles: Particles, stacks: Stacks, sample: Sample) -> tuple[int, int] | None:
    """The data signs by images of bytes as signed and as unsigned numbers; None if there are no such, or no matter.

    CryoSPARC's public reader takes mode 0 for unsigned, MRC2014 for signed.
    """
    files = [stacks.files[i] if i >= 0 else None for i in stacks.of_name[particles.stack_index[sample.rows]].tolist()]
    of_bytes = sample.good & [bool(file and file.header and file.header.mode == 0) for file in files]
    signed, unsigned = both_readings(sample.images[of_bytes])
    if np.array_equal(signed, unsigned):
        return None
    shifts = shifts_px(particles, rescaled_groups(particles.optics_groups, stacks), sample.rows[of_bytes])
    return detect_data_sign(signed, shifts).value, detect_data_sign(unsigned, shifts).value


def decide_sign(choice: str, verdict: SignVerdict, map_sign: int = 0, known: int = 0) -> tuple[DataSign, list[Problem]]:
    """The data sign to write, and what is to be said about it.

    A map from the particles settles what the pictures leave open.  It never overrules them, and does not call a choice
    of the user wrong by itself: a dark spot that is the same in all images could fool it.

    Args:
        map_sign: The data sign by that map; 0 where there is none, or it cannot tell.
        known: The data sign that these images already have in CryoSPARC; 0 where they are new there.
    """
    brighter = verdict.words
    by_map = f"; the map from the particles says {map_sign:+d}" if map_sign else ""
    found = list(verdict.odd_images)
    if verdict.mixed and choice == "auto":
        message = f"{verdict.mixed.message}; {verdict.value or DEFAULT_SIGN:+d} is used for all"
        found.append(dataclasses.replace(verdict.mixed, message=message))
    elif verdict.mixed:
        message = f"{verdict.mixed.message}, but {choice} was chosen for all"
        found.append(dataclasses.replace(verdict.mixed, code="data-sign-contradicts", message=message))
    if choice == "auto" and known:
        sign = DataSign(known, "original", verdict, map_sign)
        if verdict.value == -known and not verdict.mixed:
            message = f"{brighter}: the data sign should be {verdict.value:+d}, but the originals have {known:+d}"
            found.append(problem("data-sign-contradicts", message + by_map))
        return sign, found
    if choice == "auto":
        if verdict.value and map_sign == -verdict.value:
            message = f"{brighter}, which means a data sign of {verdict.value:+d}{by_map}; {verdict.value:+d} is used"
            found.append(problem("data-sign-unclear", message))
        if verdict.value or verdict.mixed:
            source = "detected" if verdict.value else "default"
            return DataSign(verdict.value or DEFAULT_SIGN, source, verdict, map_sign), found
        if map_sign:
            return DataSign(map_sign, "detected", verdict, map_sign), found
        message = (
            f"the data sign is not sure, as {verdict.why_unclear}: {brighter}; {DEFAULT_SIGN:+d} is used, as for "
            "RELION's extraction"
        )
        return DataSign(DEFAULT_SIGN, "default", verdict, map_sign), [*found, problem("data-sign-unclear", message)]
    sign = DataSign(int(choice), "user", verdict, map_sign)
    if verdict.value in (0, sign.value) or verdict.mixed:
        return sign, found
    message = f"{brighter}: the data sign should be {verdict.value:+d}, but {sign.value:+d} was chosen{by_map}"
    return sign, [*found, problem("data-sign-contradicts", message)]
