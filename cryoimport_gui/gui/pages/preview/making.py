"""What the Preview lets its thread make from images: the tiles of a page."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import basename

from ....core.looks.tiles import Tiles, page_tiles
from ....core.particles import OpticsGroup
from ....core.pictures.tiles import TileOptions
from ....core.progress import Progress
from ....core.stacks.sample import ParticleImages, Selection


def make_page(
    images: ParticleImages,
    groups: Sequence[OpticsGroup],
    selection: Selection,
    options: TileOptions,
    progress: Progress,
) -> tuple[Tiles, list[str], int]:
    """The tiles of a page, their names, and how many particles all pages have."""
    rows, total = images.page(selection)
    tiles = page_tiles(images, groups, rows, options, progress)
    return tiles, [_name(images, row) for row in rows.tolist()], total


def particle_title(images: ParticleImages, row: int, number: int, count: int) -> str:
    """A particle in a line, with its place among the tiles; -1: it is not among them."""
    title = _name(images, row).replace("\n", "  ·  ")
    return f"{title}  ·  tile {number + 1} of {count}" if number >= 0 else title


def _name(images: ParticleImages, row: int) -> str:
    """A particle in a few words: image and stack, defocus."""
    particles = images.particles
    number, stack = particles.image_number[row], particles.stack_names[particles.stack_index[row]]
    name = f"image {number} of {basename(stack)}"
    if particles.defocus_u_A is None or particles.defocus_v_A is None:
        return name
    defocus_A = (particles.defocus_u_A[row] + particles.defocus_v_A[row]) / 2
    return f"{name}\ndefocus {defocus_A / 1e4:.2f} µm"
