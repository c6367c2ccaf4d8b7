"""What the images of a sample show besides the data sign: values that cannot be, and stacks that contradict others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..particles import Particles, distinct
from ..problems import Problem, count_of, problem
from ..stacks.stacks import Stacks
from .data_sign import SignVerdict, judged_groups, opposed

_NOT_FINITE = "holds", "hold", "values that are not finite (NaN or infinite)"
_BLANK = "is", "are", "blank (all one value)"
_BLANK_HINT = "A stack may have been cut short or copied badly: extract or copy it again, or remove these particles."
_MIXED_HINT = "Import them separately, each with its own data sign; one reading shows the others inverted."


def check_images(
    particles: Particles, stacks: Stacks, rows: NDArray[np.int64], unread: Iterable[int], verdict: SignVerdict
) -> SignVerdict:
    """The verdict with what else is to be said of these rows' images.

    Args:
        rows: (n,), in the order in which the verdict saw their images.
        unread: Positions in `rows` of images that could not be read and were blank for the verdict.
    """
    unread = set(unread)
    seen = len(rows) - len(unread)
    blank = [i for i in verdict.blank if i not in unread]
    found = [
        *_odd(particles, rows[list(verdict.not_finite)], seen, _NOT_FINITE),
        *_odd(particles, rows[blank], seen, _BLANK, _BLANK_HINT),
    ]
    files = stacks.of_name[particles.stack_index[rows]]
    return replace(
        verdict,
        odd_images=tuple(found),
        mixed=_mixed(particles, stacks, rows, verdict.brighter),
        stacks=len(distinct(files)),
        stacks_judged=judged_groups(verdict.brighter, files),
    )


def _odd(
    particles: Particles, rows: NDArray[np.int64], seen: int, words: tuple[str, str, str], hint: str | None = None
) -> Iterable[Problem]:
    if len(rows):
        one, several, what = words
        message = f"{len(rows)} of {count_of(seen, 'sampled image')} {one if len(rows) == 1 else several} {what}"
        examples = map(particles.describe, np.sort(rows).tolist())
        yield problem("image-values-odd", message, count=len(rows), examples=examples, hint=hint)


def _mixed(
    particles: Particles, stacks: Stacks, rows: NDArray[np.int64], brighter: NDArray[np.float64]
) -> Problem | None:
    """Optics groups, folders or single stacks of opposite contrast, whichever tells them apart."""
    files = stacks.of_name[particles.stack_index[rows]]
    folders = [os.path.dirname(file.path) for file in stacks.files]
    names = sorted(set(folders))
    number_of = {name: number for number, name in enumerate(names)}
    of_file = np.array([number_of[folder] for folder in folders], np.int64)
    groups = [f"optics group {group.id} ({group.name})" for group in particles.optics_groups]
    for kind, labels, numbers in (
        ("optics group", groups, particles.optics_index[rows]),
        ("folder", names, np.where(files >= 0, of_file[files], -1)),
        ("stack", [file.path for file in stacks.files], files),
    ):
        dark, light = opposed(brighter, numbers)
        if dark and light:
            seen = f"images of {count_of(len(dark), kind)} are stored dark on light, of {len(light)} light on dark"
            return problem(
                "data-sign-unclear",
                f"{seen}: they cannot share one data sign",
                count=len(dark) + len(light),
                examples=_both(dark, light, labels, brighter, numbers),
                hint=_MIXED_HINT,
            )
    return None


def _both(
    dark: list[int], light: list[int], labels: Sequence[str], brighter: NDArray[np.float64], numbers: NDArray
) -> Iterable[str]:
    """Examples of both kinds in turn, the fewer first when one kind ends."""
    kinds = [[(number, "dark on light") for number in dark], [(number, "light on dark") for number in light]]
    for k in range(max(map(len, kinds))):
        for number, kind in (its[k] for its in kinds if k < len(its)):
            of_group = brighter[(numbers == number) & ~np.isnan(brighter)]
            agree = int(((of_group > 0) == (kind == "light on dark")).sum())
            yield f"{kind}: {labels[number]} ({agree} of {count_of(len(of_group), 'image')})"
