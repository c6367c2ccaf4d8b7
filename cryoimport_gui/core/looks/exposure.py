"""One exposure with its particles, and one particle beside the places that it may come from, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exposures.place_groups import PlacedRows, PlaceGroups
from ..exposures.seen_by_images import placement_samples
from ..pictures.micrograph import GIVE_MICROGRAPHS, MicrographPicture, read_picture, why_not
from ..pictures.montage import compose
from ..pictures.placement import PlacementPair, both_places, compare_one
from ..pictures.tiles import TileOptions, make_tiles
from ..plan.plan import ImportPlan
from ..progress import Progress, quiet
from ..stacks.sample import read_sample

_TILE = TileOptions(size_px=128, low_pass_A=20.0)
#: Diameter of the circles where no box is known, as a part of the micrograph's longer side.
_BLIND_DIAMETER = 1 / 20
#: So many of these diameters are shown around a pick.
_AROUND_PICK = 3


_NO_GROUPS = PlaceGroups((), np.empty(0, int), np.empty(0, bool), np.empty(0, int), np.empty((0, 0), int))


@dataclass(frozen=True)
class ExposureView:
    """An exposure and where its particles are on it.

    rows: (n,) positions in `ImportPlan.all_particles`.
    kept_px: (n, 2), x and y in pixels of the exposure if y is kept.
    mirrored: (n,) whether a flipped y is that of a mirrored picture.
    is_flipped: whether the import flips y, of most of them.
    shape: (ny, nx) of the exposure.
    diameter_px: side of the particles' box.
    picture: None where it cannot be shown; `reason` then says why.
    """

    exposure: int
    rows: NDArray[np.int64]
    kept_px: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    is_flipped: bool
    shape: tuple[int, int]
    diameter_px: float
    picture: MicrographPicture | None
    reason: str = ""

    def places_px(self, flip_y: bool) -> NDArray[np.float64]:
        """(n, 2), x and y in pixels of the exposure at one reading of y."""
        x, y = self.kept_px.T
        return np.stack([x, self.shape[0] - self.mirrored - y if flip_y else y], axis=1)


def look_at_exposure(
    plan: ImportPlan, exposure: int, known: MicrographPicture | None = None, progress: Progress = quiet
) -> ExposureView:
    """Find an exposure's particles and read its picture, unless that is `known`.

    Raises:
        Cancelled: `progress` said so.
    """
    particles, exposures, matching, placing = plan.all_particles, plan.exposures, plan.matching, plan.placing
    assert particles is not None and exposures is not None and matching is not None
    ny, nx = (int(side) for side in exposures.shape[exposure])
    pixel_size_A = float(exposures.pixel_size_A[exposure])
    rows, kept_px, mirrored, is_flipped = np.empty(0, np.int64), np.empty((0, 2)), np.empty(0, bool), False
    if particles.coordinates_px is not None and placing is not None:
        on_it = matching.of_rows(particles) == exposure
        rows, places = np.flatnonzero(on_it), placing.of(particles.select(on_it))
        kept_px = particles.coordinates_px[rows] * places.scale[:, None]
        mirrored, is_flipped = places.mirrored, bool(places.flip.mean() > 0.5) if len(rows) else False
    diameter_px = max(ny, nx) * _BLIND_DIAMETER
    if plan.stacks and plan.stacks.box and len(rows) and pixel_size_A > 0:
        size = particles.optics_groups[particles.optics_index[rows[0]]].pixel_size_A
        diameter_px = plan.stacks.box * (size.value / pixel_size_A if size else 1.0)
    picture, reason = known, ""
    if exposures.is_movie[exposure]:
        reason = f"This exposure is a movie, which is matched by name but cannot be shown: {GIVE_MICROGRAPHS}."
    elif known is None:
        try:
            picture = read_picture(exposures.files[exposure], (ny, nx), pixel_size_A, progress=progress)
        except (OSError, ValueError) as error:
            reason = f"{exposures.files[exposure]} cannot be shown: {why_not(error)}."
    return ExposureView(exposure, rows, kept_px, mirrored, is_flipped, (ny, nx), diameter_px, picture, reason)


def exposure_of(plan: ImportPlan, row: int) -> int:
    """The exposure of a particle; -1: none is known.  `row` is one in `all_particles`."""
    particles, matching = plan.all_particles, plan.matching
    if particles is None or matching is None or particles.micrograph_index is None or particles.coordinates_px is None:
        return -1
    return int(matching.of_name[particles.micrograph_index[row]])


@dataclass(frozen=True)
class ParticleOnExposure:
    """A particle × data sign beside the patches of its micrograph at both readings of y, with the same filters.

    A pick has no image of its own: then there are the patches alone, wide enough to show what lies around.

    particle, keep, flip: (t, t), the patches as stored; None where there is none.
    keep_correlation, flip_correlation: |correlation|, nan where there is no patch.
    extent_A: side of the pictures.
    reason: why there is nothing to see.
    """

    row: int
    particle: NDArray[np.float32] | None = None
    keep: NDArray[np.float32] | None = None
    flip: NDArray[np.float32] | None = None
    keep_correlation: float = np.nan
    flip_correlation: float = np.nan
    extent_A: float = np.nan
    reason: str = ""


def look_at_particle(plan: ImportPlan, row: int, exposure: int) -> ParticleOnExposure:
    """Read a particle and compare it with both of its places on an exposure; `row` is one in `all_particles`."""
    particles, exposures, placing = plan.all_particles, plan.exposures, plan.placing
    assert particles is not None and exposures is not None and placing is not None
    if plan.stacks is None or not plan.stacks.box:
        return _look_at_pick(plan, row, exposure)
    sample = read_sample(particles, plan.stacks, np.array([row]))
    if sample.errors:
        return ParticleOnExposure(row, reason=f"The particle's image cannot be read: {sample.errors[0]}.")
    at = PlacedRows(particles, exposures, _NO_GROUPS, np.array([row]), np.array([exposure]), np.array([0]))
    scale = placing.of(particles.stretch(row, row + 1)).scale
    try:
        pair = compare_one(placement_samples(at, scale, plan.groups, sample.images)[0])
    except (OSError, ValueError) as error:
        return ParticleOnExposure(row, reason=f"The particle cannot be compared: {why_not(error)}.")
    sign = plan.data_sign.value if plan.data_sign else 1
    return ParticleOnExposure(
        row,
        _tile(pair, sign * pair.particle),
        _tile(pair, pair.keep),
        _tile(pair, pair.flip),
        pair.keep_correlation,
        pair.flip_correlation,
        pair.pixel_size_A * len(pair.particle),
    )


def look_at_some(plan: ImportPlan, count: int, progress: Progress = quiet) -> list[ParticleOnExposure]:
    """A few particles beside both of their places, of as many exposures; only those that have all pictures.

    Raises:
        Cancelled: `progress` said so.
    """
    particles, exposures, matching = plan.all_particles, plan.exposures, plan.matching
    if particles is None or exposures is None or matching is None or plan.placing is None or plan.importable is None:
        return []
    if exposures.are_movies:
        return []
    some = PlacedRows.of(particles, exposures, matching, plan.importable).sample(count, 1)
    looks: list[ParticleOnExposure] = []
    for row, exposure in zip(some.rows.tolist(), some.exposure.tolist()):
        progress.step(len(looks), count)
        looks.append(look_at_particle(plan, row, exposure))
    whole = [look for look in looks if look.keep is not None and look.flip is not None]
    with_image = [look for look in whole if look.particle is not None]
    return with_image if plan.stacks is not None and plan.stacks.box else whole


def places_picture(looks: Sequence[ParticleOnExposure]) -> NDArray[np.uint8]:
    """A column for each: the particle, unless it is a pick, and its place with y kept and with y flipped."""
    names = ("keep", "flip") if looks[0].particle is None else ("particle", "keep", "flip")
    pictures = np.array([getattr(look, name) for name in names for look in looks], np.float32)
    return compose(pictures, len(looks), 1)


def _look_at_pick(plan: ImportPlan, row: int, exposure: int) -> ParticleOnExposure:
    """What lies around a place without an image, so that it is seen whether it is centred on anything."""
    particles, exposures, placing = plan.all_particles, plan.exposures, plan.placing
    assert particles is not None and exposures is not None and placing is not None
    if particles.coordinates_px is None:
        return ParticleOnExposure(row, reason="The file has no coordinates.")
    shape = int(exposures.shape[exposure][0]), int(exposures.shape[exposure][1])
    x, y = particles.coordinates_px[row] * placing.of(particles.stretch(row, row + 1)).scale
    extent_px = max(_TILE.size_px / 2, _AROUND_PICK * max(shape) * _BLIND_DIAMETER)
    try:
        found = both_places(exposures.files[exposure], shape, float(x), float(y), extent_px, _TILE.size_px)
    except (OSError, ValueError) as error:
        return ParticleOnExposure(row, reason=f"The exposure cannot be shown: {why_not(error)}.")
    size_A = float(exposures.pixel_size_A[exposure]) * extent_px / _TILE.size_px
    keep, flip = (None if p is None else make_tiles(p[None], np.array([size_A]), _TILE)[0] for p in found)
    return ParticleOnExposure(row, keep=keep, flip=flip, extent_A=size_A * _TILE.size_px)


def _tile(pair: PlacementPair, picture: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return None if picture is None else make_tiles(picture[None], np.array([pair.pixel_size_A]), _TILE)[0]
