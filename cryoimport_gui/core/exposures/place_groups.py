"""Which particles share one reading of their coordinates, and which of them are looked at to find it.

Particles of one optics group whose micrographs lie in one folder, and whose exposures in one dataset, come from one
session and one motion correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from os.path import dirname

import numpy as np
from numpy.typing import NDArray

from ..arrays import Integers, Reals, rank_in_run
from ..names import Names
from ..particles import Particles, Rows
from .exposures import Exposures
from .matching import Matching


@dataclass(frozen=True)
class PlaceGroups:
    """G groups.

    names: (G,).  optics: (G,) positions in `Particles.optics_groups`.  are_movies: (G,).
    folder_of_name: (micrograph names,), one number for each folder and dataset.
    table: (folders, optics groups) → group, -1: none of it is imported.
    """

    names: tuple[str, ...]
    optics: Integers
    are_movies: NDArray[np.bool_]
    folder_of_name: Integers
    table: Integers

    @staticmethod
    def of(particles: Particles, exposures: Exposures, matching: Matching, rows: Rows) -> PlaceGroups:
        """Those that `rows` are in, which have exposures."""
        folders: dict[tuple[int, str], int] = {}
        datasets = np.where(matching.of_name < 0, 0, exposures.dataset[matching.of_name]).tolist()
        of_name = [
            folders.setdefault((dataset, dirname(name)), len(folders))
            for dataset, name in zip(datasets, particles.micrograph_names)
        ]
        folder_of_name, optics = np.array(of_name, np.int64), len(particles.optics_groups)
        table = np.full((max(1, len(folders)), optics), -1)
        if particles.micrograph_index is None or not len(rows):
            return PlaceGroups((), np.empty(0, np.int64), np.empty(0, bool), folder_of_name, table)
        code = folder_of_name[particles.micrograph_index[rows]] * optics + particles.optics_index[rows]
        used = np.unique(code)
        table.flat[used] = np.arange(len(used))
        of_folder, of_optics = used // optics, used % optics
        numbers, paths = zip(*[list(folders)[folder] for folder in of_folder.tolist()])
        one_dataset, one_folder, one_optics = (len(set(of)) == 1 for of in (numbers, paths, of_optics.tolist()))
        names, sets = [], Names(exposures.datasets).with_folder
        for dataset, path, group in zip(numbers, paths, of_optics.tolist()):
            words = [path or "no folder"] if not one_folder or (one_optics and one_dataset) else []
            words += [particles.optics_groups[group].name] if not one_optics or (one_folder and one_dataset) else []
            words += [sets[dataset]] if not one_dataset else []
            names.append(", ".join(words))
        movies = {dataset: bool(exposures.is_movie[exposures.dataset == dataset].all()) for dataset in set(numbers)}
        are_movies = np.array([movies[dataset] for dataset in numbers])
        return PlaceGroups(tuple(names), of_optics, are_movies, folder_of_name, table)

    def of_rows(self, particles: Particles) -> Integers:
        """(N,) group of each particle; -1: of none that is imported."""
        if particles.micrograph_index is None:
            return np.full(len(particles), -1)
        return np.asarray(self.table[self.folder_of_name[particles.micrograph_index], particles.optics_index])


@dataclass(frozen=True)
class PlacedRows:
    """n particles that have an exposure and a coordinate: rows of `particles`, exposure and group of each.

    A unit is what lies on one exposure, of one group.
    """

    particles: Particles
    exposures: Exposures
    groups: PlaceGroups
    rows: Rows
    exposure: Integers
    group: Integers

    @staticmethod
    def of(particles: Particles, exposures: Exposures, matching: Matching, wanted: NDArray[np.bool_]) -> PlacedRows:
        """Args: wanted: (N,) which particles count: those that are imported."""
        of_rows = matching.of_rows(particles)
        usable = wanted & (of_rows >= 0)
        if particles.coordinates_px is not None:
            usable &= np.isfinite(particles.coordinates_px).all(axis=1)
        rows = np.flatnonzero(usable) if particles.coordinates_px is not None else np.empty(0, np.int64)
        groups = PlaceGroups.of(particles, exposures, matching, rows)
        group = groups.of_rows(particles)[rows] if len(rows) else np.empty(0, np.int64)
        return PlacedRows(particles, exposures, groups, rows, of_rows[rows], group)

    @property
    def in_pictures(self) -> PlacedRows:
        """Those whose exposure can be compared with them: no movie."""
        return self.among(~self.exposures.is_movie[self.exposure])

    @property
    def unit(self) -> Integers:
        """(n,) what lies on one exposure, of one group, has one number."""
        return self.exposure * max(1, len(self.groups.names)) + self.group

    @property
    def xy_px(self) -> Reals:
        """(n, 2) as in the file."""
        assert self.particles.coordinates_px is not None
        return self.particles.coordinates_px[self.rows]

    def among(self, chosen: NDArray[np.bool_] | Integers) -> PlacedRows:
        return PlacedRows(
            self.particles, self.exposures, self.groups, self.rows[chosen], self.exposure[chosen], self.group[chosen]
        )

    @property
    def units(self) -> int:
        return len(np.unique(self.unit))

    def sample(self, count: int, each: int, fill: bool = False) -> PlacedRows:
        """About so many particles, `each` of a unit; groups and units from everywhere.

        Args:
            fill: Take more of each unit where there are too few units.
        """
        here = np.unique(self.group)
        wanted = here[np.unique(np.linspace(0, len(here) - 1, min(len(here), max(1, count // each))).astype(int))]
        of_each = -(-count // max(1, len(wanted)))
        chosen = [self._of_group(number, of_each, each, fill) for number in wanted.tolist()]
        return self.among(np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64))

    def _of_group(self, number: int, count: int, each: int, fill: bool) -> Integers:
        here = np.random.default_rng(number).permutation(np.flatnonzero(self.group == number))
        here = here[np.argsort(self.exposure[here], kind="stable")]
        rank = rank_in_run(self.exposure[here])
        starts = np.flatnonzero(rank == 0)
        units = min(len(starts), max(1, -(-count // each)))
        spread = starts[np.linspace(0, len(starts) - 1, units).astype(int)]
        is_chosen = np.isin(self.exposure[here], self.exposure[here[spread]])
        return here[is_chosen & (rank < (max(each, -(-count // units)) if fill else each))]
