"""Whether a file that was found by its name alone can be the stack that is looked for, or is something else.

A micrograph, and a stack of another extraction, often have the same name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..parallel import map_batches
from ..particles import Particles
from ..problems import count_of
from ..progress import Progress
from .found import Found, Wanted
from .mrc import MrcError, MrcHeader, read_headers

#: pixels along a side; the largest viruses need half of that, and whole images must fit into memory
MAX_BOX = 4096


class HeaderJudge:
    """Judges candidates by what the rows ask of each stack, and by the stacks that were found for sure.

    `headers` holds what has been read: path → header, or why there is none.
    """

    def __init__(self, particles: Particles, wanted: Sequence[Wanted], used: NDArray[np.integer]) -> None:
        self._particles = particles
        self._number = dict(zip(wanted, used.tolist()))
        self._other_boxes: set[int] = set()
        self.headers: dict[str, MrcHeader | MrcError | OSError] = {}

    def learn(self, found: Sequence[Found], progress: Progress) -> None:
        progress.stage("headers")
        files = list({its.path: its.file_bytes for its in found if its.path}.items())
        self.headers |= dict(zip(dict(files), map_batches(read_headers, files, progress)))
        read = (its for its in self.headers.values() if isinstance(its, MrcHeader))
        self._other_boxes = {its.nx for its in read if its.nx == its.ny}
        progress.stage("locate")

    def why_not(self, wanted: Wanted, path: str, file_bytes: int) -> str:
        """See `Judge`.  A file of the very name that cannot be read passes: what is wrong with it is said later."""
        if path not in self.headers:
            (self.headers[path],) = read_headers([(path, file_bytes)])
        header = self.headers[path]
        if not isinstance(header, MrcHeader):
            is_swapped = os.path.splitext(path)[1].lower() != os.path.splitext(wanted.name)[1].lower()
            return (header.strerror or "cannot be read" if isinstance(header, OSError) else str(header)) * is_swapped
        number = self._number[wanted]
        images, boxes = int(self._images[number]), self._boxes(number)
        if header.nx == header.ny <= MAX_BOX and header.nz >= images and (not boxes or header.nx in boxes):
            return ""
        squares = " or ".join(f"{box} × {box}" for box in boxes) or "as many by as many"
        needed = f"{count_of(images, 'image')} of {squares} pixels"
        return f"{count_of(header.nz, 'image')} of {header.nx} × {header.ny} pixels, while the rows need {needed}"

    @cached_property
    def _images(self) -> NDArray[np.int64]:
        """(stack names,) how many images the rows ask for."""
        most = np.zeros(len(self._particles.stack_names), np.int64)
        np.maximum.at(most, self._particles.stack_index, self._particles.image_number)
        return most

    @cached_property
    def _group(self) -> NDArray[np.int32]:
        """(stack names,) the optics group of one of its particles."""
        group = np.zeros(len(self._particles.stack_names), np.int32)
        group[self._particles.stack_index] = self._particles.optics_index
        return group

    def _boxes(self, number: int) -> list[int]:
        """The boxes that would fit: that of the file, and that of the other stacks."""
        by_file = self._particles.optics_groups[self._group[number]].image_size_px
        return sorted(self._other_boxes | ({int(by_file)} if by_file and np.isfinite(by_file) else set()))
