"""A few small pictures for each claim, to stand beside its sentence.

What cannot be shown has none: a look that fails is logged, as those of the evidence are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from ..looks.exposure import look_at_some
from ..looks.holdings import strip_of
from ..looks.poses import Grey, poses_look
from ..looks.tiles import sign_tiles
from ..optics.ctf_summary import summarize_ctf
from ..pictures.montage import own_limits, to_grey
from ..plan.plan import ImportPlan
from ..progress import Cancelled, Progress, quiet
from ..stacks.sample import ParticleImages
from .claim_codes import Topic

MOST = 3
_TILE_PX = 64
_PLOT_PX = 2 * _TILE_PX, 2 * _TILE_PX * MOST
_INK = 90


def thumbnails_of(plan: ImportPlan, progress: Progress = quiet) -> dict[Topic, list[Grey]]:
    """Up to `MOST` square pictures for each claim, or one that is as wide as those.

    Raises:
        Cancelled: `progress` said so.
    """
    found: dict[Topic, list[Grey]] = {}
    for topic, make in _MAKERS.items():
        try:
            found[topic] = make(plan, progress)
        except Cancelled:
            raise
        except Exception:
            logging.getLogger(__name__).exception("there are no small pictures of the %s", topic.value)
            found[topic] = []
    return found


def _images(plan: ImportPlan, progress: Progress) -> list[Grey]:
    strip = strip_of(plan, progress)
    return [] if strip is None else list(strip[:MOST])


def _microscope(plan: ImportPlan, progress: Progress) -> list[Grey]:
    """The histogram of the defocus."""
    summary = summarize_ctf(plan.particles, progress) if plan.particles is not None else None
    if summary is None:
        return []
    counts = np.sum(list(summary.counts.values()), axis=0)
    height, width = _PLOT_PX
    bars = counts[np.arange(width) * len(counts) // width] / counts.max() * (height - 4)
    return [np.where(np.arange(height)[::-1, None] < bars, _INK, 255).astype(np.uint8)]


def _data_sign(plan: ImportPlan, progress: Progress) -> list[Grey]:
    """With the sign in use: the average of the sample, and particles that look like most."""
    sample, sign = plan.sample, plan.data_sign
    if sample is None or sign is None or plan.stacks is None or plan.all_particles is None:
        return []
    images = ParticleImages(plan.all_particles, plan.stacks, sample, cache_bytes=sample.images.nbytes)
    typical = sign_tiles(images, plan.groups, sample, _TILE_PX, MOST, progress)
    if not len(typical):
        return []
    low, high = own_limits(typical).T[:, :, None, None]
    return list(to_grey(typical, sign.value, low, high))


def _poses(plan: ImportPlan, progress: Progress) -> list[Grey]:
    """The particle in the middle of the order, its re-projection, and the map; class averages for 2D poses."""
    look = poses_look(plan)
    if look is None:
        return []
    if look.projections is None:
        return [] if look.averages is None else list(look.averages[:MOST])
    middle = len(look.particles) // 2
    return [look.particles[middle], look.projected[middle], look.projections[0]]


def _positions(plan: ImportPlan, progress: Progress) -> list[Grey]:
    """A particle, and its place with y kept and with y flipped."""
    looks = look_at_some(plan, 1, progress)
    if not looks:
        return []
    three = np.array([looks[0].particle, looks[0].keep, looks[0].flip], np.float32)
    low, high = own_limits(three).T[:, :, None, None]
    return list(to_grey(three, 1, low, high))


_MAKERS: dict[Topic, Callable[[ImportPlan, Progress], list[Grey]]] = {
    Topic.IMAGES: _images,
    Topic.MICROSCOPE: _microscope,
    Topic.DATA_SIGN: _data_sign,
    Topic.POSES: _poses,
    Topic.POSITIONS: _positions,
}

#: What the pictures of each claim are.
CAPTIONS: dict[Topic, str] = {
    Topic.IMAGES: "Some of the particles.",
    Topic.MICROSCOPE: "Histogram of the defocus.",
    Topic.DATA_SIGN: "With the data sign in use: average of the sample, and two particles.",
    Topic.POSES: "A particle, its re-projection, and a projection of the map; for 2D poses, class averages.",
    Topic.POSITIONS: "A particle, and its place in the exposure: with y kept, with y flipped.",
}
