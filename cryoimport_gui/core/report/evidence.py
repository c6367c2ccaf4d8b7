"""The pictures, tables and plots that prove each claim, as HTML.

A look that fails is left out and logged: no picture of the report may keep an import from being written.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator

import numpy as np

from ..looks.exposure import look_at_some, places_picture
from ..looks.poses import PosesLook, maps_picture, pairs_picture, poses_look, stack_words
from ..looks.tiles import Tiles, first_tiles, montage_of, sign_tiles
from ..optics.aberrations import HARMFUL_RAD, losses
from ..optics.ctf_summary import CtfSummary, Spread, summarize_ctf
from ..particles import MICROSCOPE_VALUES, OpticsGroup, Value
from ..pictures.data_sign import sign_text
from ..pictures.montage import compose, own_limits
from ..plan.plan import ImportPlan
from ..problems import count_of
from ..progress import Cancelled, Progress
from ..stacks.sample import ParticleImages
from .claim_codes import Topic
from .markup import html_figure, html_list, html_picture, html_table
from .svg import Line, bars_svg, plot_svg

_MONTAGE, _MONTAGE_COLUMNS = 32, 16
_SIGN_TILES, _SIGN_COLUMNS, _SIGN_TILE_PX = 8, 4, 72
_PLACES = 6
_NARROW = 29  # per cent of the page: three stand beside each other
_WORST_STACKS = 5
MOST_GROUPS = 8
_MOST_TERMS = 4
_TITLES = ("Pixel size (Å)", "kV", "Cs (mm)", "Amplitude contrast", "Dose (e/Å²)")


def evidence_of(plan: ImportPlan, topic: Topic, tiles: Tiles | None, progress: Progress) -> str:
    """What there is to see of a claim; empty where there is nothing.

    Args:
        tiles: The first page of particles, if it is there already.

    Raises:
        Cancelled: `progress` said so.
    """
    parts: list[str] = []
    try:
        for part in _EVIDENCE[topic](plan, tiles, progress):
            parts.append(part)
    except Cancelled:
        raise
    except Exception:
        logging.getLogger(__name__).exception("the report shows less of the %s", topic.value)
    return "\n".join(parts)


def _images(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    page = first_tiles(plan, progress) if tiles is None else tiles
    picture = montage_of(plan, page, _MONTAGE, _MONTAGE_COLUMNS)
    if picture is None or plan.data_sign is None:
        return
    sign = sign_text(plan.data_sign.value)
    yield html_figure(
        html_picture(picture, "montage of particles"),
        f"A random sample, low-passed. Shown is stored value × data sign ({sign}): particles must be dark on light.",
    )


def _microscope(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    every = sorted((group for group in plan.groups if group.particles), key=lambda group: -group.particles)
    groups = every[:MOST_GROUPS]
    names = [name for name in MICROSCOPE_VALUES if name != "total_dose_e_per_A2" or plan.parameters.total_dose]
    if groups:
        values = [[_value(getattr(group, name)) for name in names] for group in groups]
        rows = [(g.id, g.name, f"{g.particles:,}", *of_group) for g, of_group in zip(groups, values)]
        yield html_table(rows, ("Optics group", "Name", "Particles", *_TITLES[: len(names)]))
        yield more_groups(len(every))
    summary = summarize_ctf(plan.particles, progress) if plan.particles is not None else None
    if summary is not None:
        yield html_figure(_defocus(summary), _defocus_words(summary), _NARROW)
    if lost := [group for group in every if group.aberrations]:
        yield from _aberrations(plan, lost)


def more_groups(count: int) -> str:
    """What a table of the `MOST_GROUPS` groups of most particles leaves out."""
    return f"<p>{count - MOST_GROUPS} smaller groups are not shown.</p>" if count > MOST_GROUPS else ""


def _value(value: Value | None) -> str:
    return f"{value.value:g} ({value.source})" if value else "–"


def _defocus(summary: CtfSummary) -> str:
    edges_um = summary.edges_A * 1e-4
    counts = np.sum(list(summary.counts.values()), axis=0).astype(float)
    ends = [(float(at), f"{at:.2f} µm") for at in (edges_um[0], edges_um[-1])]
    return plot_svg("Histogram of the defocus", [Line("", edges_um, counts)], ends)


def _defocus_words(summary: CtfSummary) -> str:
    def between(spread: Spread, scale: float, digits: int) -> str:
        low, median, high = (f"{v * scale:.{digits}f}" for v in (spread.low, spread.median, spread.high))
        return f"{low} to {high} for most, median {median}"

    words = f"Defocus (µm): {between(summary.defocus_A, 1e-4, 2)}. "
    words += f"Astigmatism (Å): {between(summary.astigmatism_A, 1, 0)}."
    if summary.phase_shift_deg:
        words += f" Phase shift (°): {between(summary.phase_shift_deg, 1, 0)}."
    if summary.outlying:
        words += f" The CTF of {count_of(summary.outlying, 'particle')} lies far from the others."
    return words


def _aberrations(plan: ImportPlan, groups: list[OpticsGroup]) -> Iterator[str]:
    box = plan.stacks.box if plan.stacks else 0
    most = groups[0]
    if of_most := losses(most, box)[:_MOST_TERMS]:
        limit = math.degrees(HARMFUL_RAD)
        top = max(2 * limit, *(math.degrees(float(loss.error_rad.max())) for loss in of_most))
        x = of_most[0].frequency_per_A
        lines = [Line(loss.term, x, np.degrees(loss.error_rad)) for loss in of_most]
        ends = [(float(x[len(x) // 2]), f"{1 / x[len(x) // 2]:.1f} Å"), (float(x[-1]), f"{1 / x[-1]:.1f} Å")]
        yield html_figure(
            plot_svg("Phase error over resolution", lines, ends, min(top, 360.0)),
            f"Phase error in {most.name} by what is not imported, from 0° to {min(top, 360.0):.0f}°. "
            f"Above {limit:.0f}° information is lost.",
            _NARROW,
        )
    rows = []
    for group in groups[:MOST_GROUPS]:
        values = "; ".join(f"{name} {' '.join(f'{x:g}' for x in v)}" for name, v in group.aberrations.items())
        rows.append((group.id, group.name, values, "; ".join(map(str, losses(group, box)))))
    yield html_table(rows, ("Optics group", "Name", "Aberrations that are not imported", "Phase error by their loss"))
    yield more_groups(len(groups))


def _data_sign(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    sample, sign = plan.sample, plan.data_sign
    if sample is None or sign is None or plan.stacks is None or plan.all_particles is None:
        return
    images = ParticleImages(plan.all_particles, plan.stacks, sample, cache_bytes=sample.images.nbytes)
    typical = sign_tiles(images, plan.groups, sample, _SIGN_TILE_PX, _SIGN_TILES, progress)
    if not len(typical):
        return
    limits = own_limits(typical)
    first = "" if len(typical) == 1 else " First: the average of the sample."
    for value in (sign.value, -sign.value):
        use = "in use" if value == sign.value else "not in use"
        picture = compose(typical, _SIGN_COLUMNS, value, limits)
        alt = f"particles with data sign {sign_text(value)}"
        yield html_figure(
            html_picture(picture, alt), f"Data sign {sign_text(value)} ({use}).{first if use == 'in use' else ''}", 26
        )


def _poses(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    look = poses_look(plan)
    if look is None:
        return
    yield html_figure(
        html_picture(pairs_picture(look), "particles and re-projections"),
        "Particles, low-passed and centred; below each its re-projection. From worst to best correlation.",
        48,
    )
    yield html_figure(html_picture(maps_picture(look), "map from the sample"), _maps_words(look), 48)
    own, dealt = Line("own pose", look.edges, look.own), Line("shuffled poses", look.edges, look.dealt)
    ends = [(float(x), f"{x:.2f}") for x in (look.edges[0], look.edges[-1])]
    yield html_figure(
        plot_svg("Histogram of correlations", [own, dealt], ends),
        "How many images correlate how well with their re-projection.",
        _NARROW,
    )
    bars = [(bar.words.partition(" (")[0], bar.value, bar.is_better or bar is look.bars[0]) for bar in look.bars]
    yield html_figure(bars_svg("Readings of the poses", bars), f"Other readings of the poses: {look.bars_are}.", 41)
    x = look.frequency_per_A
    resolutions = [(float(at), f"{1 / at:.0f} Å") for at in (x[0], x[len(x) // 2], x[-1])]
    yield html_figure(
        plot_svg("Fourier shell correlation", [Line("", x, look.shell_correlation)], resolutions, 1.0),
        "FSC of the half maps, from 0 to 1. Wrong poses reach high values too.",
        _NARROW,
    )
    yield html_list([look.limits])
    if any(stack.is_bad for stack in look.stacks):
        yield html_list(stack_words(stack) for stack in look.stacks[:_WORST_STACKS])


def _maps_words(look: PosesLook) -> str:
    if look.averages is None:
        return "Three slices through the middle of the map, then three projections: across z, y and x."
    return "Averages of the classes with the poses as imported; below with shuffled poses."


def _positions(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    looks = look_at_some(plan, _PLACES, progress)
    if not looks or plan.placing is None or plan.placing.most is None:
        return
    kept, flipped = (
        ", ".join(f"{getattr(look, name):.2f}" for look in looks) for name in ("keep_correlation", "flip_correlation")
    )
    used = "flipped" if plan.placing.most.flip else "kept"
    yield html_figure(
        html_picture(places_picture(looks), "particles beside their places"),
        f"From the top: {count_of(len(looks), 'particle')} of different exposures; the exposure at their places with "
        f"y kept; with y flipped. y is {used} in the import{', of most exposures' if plan.placing.is_mixed else ''}. "
        f"Correlations: kept {kept}; flipped {flipped}.",
        44,
    )


_EVIDENCE: dict[Topic, Callable[[ImportPlan, Tiles | None, Progress], Iterator[str]]] = {
    Topic.IMAGES: _images,
    Topic.MICROSCOPE: _microscope,
    Topic.DATA_SIGN: _data_sign,
    Topic.POSES: _poses,
    Topic.POSITIONS: _positions,
}
