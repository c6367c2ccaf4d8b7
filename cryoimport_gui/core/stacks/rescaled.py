"""Stacks that were scaled to another box after their file was written: what then holds for their optics groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..particles import OpticsGroup, Particles, Value, distinct
from ..problems import Problem, count_of, problem
from .stacks import PIXEL_TOLERANCE, GroupHeaders, Stacks

RESCALED = "stack header, scaled after the file was written"


def rescaled_groups(groups: Sequence[OpticsGroup], stacks: Stacks | None) -> list[OpticsGroup]:
    """Copies of the groups; where stacks were scaled, with their pixel size as the file's, and shifts that follow."""
    out = [replace(group) for group in groups]
    for group, headers in zip(out, stacks.headers if stacks else ()):
        if stacks and group.image_size_px and (size_A := scaled_pixel_size_A(group, headers, stacks)):
            group.pixel_size_A = Value(size_A, RESCALED)
            group.file_pixel_size_A = size_A
            group.shift_scale = stacks.box / group.image_size_px
    return out


def scaled_pixel_size_A(group: OpticsGroup, headers: GroupHeaders, stacks: Stacks) -> float | None:
    """The pixel size of a group's stacks if they were scaled, as only headers can prove.

    Box and pixel size are not what the file says, but the width of the images in Å is, within 1 %.
    """
    if not group.image_size_px or group.pixel_size_A is None or group.image_size_px == stacks.box:
        return None
    found = Counter(
        {
            size: sum(stacks.files[i].header.nx == stacks.box for i in files)  # type: ignore[union-attr]
            for size, files in headers.pixel_sizes_A.items()
        }
    )
    size_A, count = found.most_common(1)[0] if found else (0.0, 0)
    width_A = group.image_size_px * group.pixel_size_A.value
    return size_A if count and abs(stacks.box * size_A - width_A) <= PIXEL_TOLERANCE * width_A else None


def rescaled_remark(particles: Particles, groups: Sequence[OpticsGroup], stacks: Stacks) -> Iterator[Problem]:
    """Says which groups were scaled.

    Args:
        groups: As `rescaled_groups` gives them.
    """
    of_rows = stacks.of_rows(particles)
    scaled = [i for i, group in enumerate(groups) if group.particles and group.shift_scale != 1]
    if not scaled:
        return
    files = {int(n) for i in scaled for n in distinct(of_rows[particles.optics_index == i])}
    examples = []
    for i in scaled:
        before, after = particles.optics_groups[i], groups[i]
        assert before.pixel_size_A and after.pixel_size_A
        given = f"{before.image_size_px:g} pixels of {before.pixel_size_A.value:.5g} Å in the file"
        examples.append(f"{after.name}: {given}, {stacks.box} pixels of {after.pixel_size_A.value:.5g} Å in its stacks")
    message = f"{count_of(len(files), 'stack')} scaled to a box of {stacks.box} pixels after the file was written"
    yield problem("stack-rescaled", message, count=len(files), examples=examples)
