"""The pictures, tables and plots that prove each claim, as HTML.

A look that fails is left out and logged: no picture of the report may keep an import from being written.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator

import numpy as np

from ..arrays import Reals
from ..looks.exposure import look_at_some, places_picture
from ..looks.poses import PosesLook, maps_picture, pairs_picture, poses_look, stack_words
from ..looks.tiles import Tiles, first_tiles, rows_of_tiles, sign_tiles
from ..optics.aberrations import HARMFUL_RAD, losses
from ..optics.ctf_summary import CtfSummary, summarize_ctf
from ..particles import MICROSCOPE_VALUES, OpticsGroup, Value
from ..pictures.data_sign import sign_text
from ..pictures.montage import compose, own_limits
from ..plan.plan import ImportPlan
from ..problems import count_of
from ..progress import Cancelled, Progress
from ..stacks.sample import ParticleImages
from .claim_codes import Topic
from .markup import html_figure, html_list, html_picture, html_table
from .svg import Line, Mark, bars_svg, plot_svg

_MONTAGE, _MONTAGE_COLUMNS = 32, 16
_SIGN_TILES, _SIGN_TILE_PX = 8, 72
_PLACES = 6
#: per cent of the page: two and three stand beside each other, with 2 between them
_HALF, _THIRD, _BARS = 49.0, 29.0, 38.0
_LABELS = 11.0  # per cent of the page, for the words beside rows of tiles
_PLACE = 6.2
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
    picture, columns = rows_of_tiles(plan, page, _MONTAGE, _MONTAGE_COLUMNS)
    if page is None or not columns or plan.data_sign is None:
        return
    sign = sign_text(plan.data_sign.value)
    size, unit, varies = page.scale
    yield html_figure(
        html_picture(picture, "Montage of particles", (), size, unit, varies),
        f"A random sample, low-passed. Shown is stored value × data sign ({sign}): particles must be dark on light.",
        max(_HALF, 100 * columns / _MONTAGE_COLUMNS),
    )


def _microscope(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    every = sorted((group for group in plan.groups if group.particles), key=lambda group: -group.particles)
    groups = every[:MOST_GROUPS]
    names = [name for name in MICROSCOPE_VALUES if name != "total_dose_e_per_A2" or plan.parameters.total_dose]
    if groups:
        columns = [_column([getattr(group, name) for group in groups]) for name in names]
        rows = zip(
            (group.id for group in groups),
            (group.name for group in groups),
            (f"{group.particles:,}" for group in groups),
            *(cells for _, cells in columns),
        )
        titles = [(title, source) for title, (source, _) in zip(_TITLES, columns)]
        yield html_table(rows, ("Group", "Name", "Particles", *titles))
        yield more_groups(len(every))
    summary = summarize_ctf(plan.particles, progress) if plan.particles is not None else None
    if summary is not None:
        yield html_figure(_defocus(summary), "Defocus.", _THIRD)
        yield from _spreads(summary)
    if lost := [group for group in every if group.aberrations]:
        yield from _aberrations(plan, lost)


def more_groups(count: int) -> str:
    """What a table of the `MOST_GROUPS` groups of most particles leaves out."""
    return f"<p>{count - MOST_GROUPS} smaller groups are not shown.</p>" if count > MOST_GROUPS else ""


def _column(values: list[Value | None]) -> tuple[str, list[str]]:
    """Where all values come from, if that is one place, and the values; else each with its own."""
    sources = {value.source if value else "" for value in values}
    if len(sources) == 1:
        return sources.pop(), [f"{value.value:g}" if value else "–" for value in values]
    return "", [f"{value.value:g} ({value.source})" if value else "–" for value in values]


def _defocus(summary: CtfSummary) -> str:
    edges_um = summary.edges_A * 1e-4
    counts = np.sum(list(summary.counts.values()), axis=0).astype(float)
    return plot_svg(
        "Histogram of the defocus", [Line("", edges_um, counts)], _ends(edges_um, "{:.2f} µm"), _largest(counts)
    )


def _ends(x: Reals, text: str) -> list[Mark]:
    return [(float(at), text.format(at).replace("-", "−")) for at in (x[0], x[-1])]


def _largest(*counts: Reals) -> list[Mark]:
    most = float(max(of.max() for of in counts))
    return [(most, f"{most:,.0f}")] if most else []


def _spreads(summary: CtfSummary) -> Iterator[str]:
    named = (
        ("Defocus (µm)", summary.defocus_A, 1e-4, 2),
        ("Astigmatism (Å)", summary.astigmatism_A, 1, 0),
        ("Phase shift (°)", summary.phase_shift_deg, 1, 0),
    )
    rows = [
        (name, f"{of.low * scale:.{digits}f} to {of.high * scale:.{digits}f}", f"{of.median * scale:.{digits}f}")
        for name, of, scale, digits in named
        if of
    ]
    far = f"The CTF of {count_of(summary.outlying, 'particle')} lies far from the others."
    table = html_table(rows, ("", "90% of the particles", "Median"), is_named=True)
    yield f'<div style="--w:{_BARS:g}%">{table}{html_list([far]) if summary.outlying else ""}</div>'


def _aberrations(plan: ImportPlan, groups: list[OpticsGroup]) -> Iterator[str]:
    box = plan.stacks.box if plan.stacks else 0
    most = groups[0]
    if of_most := losses(most, box)[:_MOST_TERMS]:
        limit = math.degrees(HARMFUL_RAD)
        top = max(2 * limit, *(math.degrees(float(loss.error_rad.max())) for loss in of_most))
        x = of_most[0].frequency_per_A
        lines = [Line(loss.term, x, np.degrees(loss.error_rad)) for loss in of_most]
        ends = [(float(x[len(x) // 2]), f"{1 / x[len(x) // 2]:.1f} Å"), (float(x[-1]), f"{1 / x[-1]:.1f} Å")]
        marks = [(limit, f"{limit:.0f}°"), (min(top, 360.0), f"{min(top, 360.0):.0f}°")]
        yield html_figure(
            plot_svg("Phase error over resolution", lines, ends, marks, min(top, 360.0)),
            f"Phase error in {most.name} by what is not imported. Above {limit:.0f}° information is lost.",
            _THIRD,
        )
    rows = []
    for group in groups[:MOST_GROUPS]:
        values = "; ".join(f"{_plain(name)} {' '.join(f'{x:g}' for x in v)}" for name, v in group.aberrations.items())
        rows.append((group.id, group.name, values, "; ".join(map(str, losses(group, box)))))
    yield html_table(rows, ("Group", "Name", "Aberrations that are not imported", "Phase error by their loss"))
    yield more_groups(len(groups))


def _plain(name: str) -> str:
    """`beam_tilt_x_mrad` → `beam tilt x (mrad)`."""
    words, _, unit = name.replace("_", " ").rpartition(" ")
    return f"{words} ({unit})" if unit == "mrad" else f"{words} {unit}"


def _data_sign(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    sample, sign = plan.sample, plan.data_sign
    if sample is None or sign is None or plan.stacks is None or plan.all_particles is None:
        return
    images = ParticleImages(plan.all_particles, plan.stacks, sample, cache_bytes=sample.images.nbytes)
    typical = sign_tiles(images, plan.groups, sample, _SIGN_TILE_PX, _SIGN_TILES, progress)
    if not len(typical):
        return
    limits = own_limits(typical)
    sizes_A = [group.pixel_size_A.value for group in plan.groups if group.particles and group.pixel_size_A]
    size_A = max(sizes_A, default=0.0) * plan.stacks.box / typical.shape[1]
    varies = len(set(sizes_A)) > 1
    first = "" if len(typical) == 1 else " First tile: average of the sample."
    for value in (sign.value, -sign.value):
        is_used = value == sign.value
        picture = compose(typical, len(typical), value, limits)
        alt = f"Particles with data sign {sign_text(value)}"
        yield html_figure(
            html_picture(picture, alt, (), size_A, "Å", varies),
            f"Data sign {sign_text(value)} ({'in use' if is_used else 'not in use'}).{first if is_used else ''}",
            _HALF,
        )


def _poses(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    look = poses_look(plan)
    if look is None:
        return
    pairs = pairs_picture(look)
    yield html_figure(
        html_picture(pairs, "Particles and re-projections", (), look.pixel_size_A),
        "Particles, low-passed and centred; below each its re-projection. From worst to best correlation.",
        _HALF,
    )
    maps = maps_picture(look)
    # A tile of class averages is as large as one of the pairs.
    part = 1.0 if look.averages is None else maps.shape[1] / pairs.shape[1]
    yield html_figure(html_picture(maps, _maps_alt(look), (), look.pixel_size_A), _maps_words(look), _HALF * part)
    own, dealt = Line("own pose", look.edges, look.own), Line("shuffled poses", look.edges, look.dealt)
    yield html_figure(
        plot_svg(
            "Histogram of correlations", [own, dealt], _ends(look.edges, "{:.2f}"), _largest(look.own, look.dealt)
        ),
        "Correlation with the re-projection.",
        _THIRD,
    )
    bars = [(bar.words.partition(" (")[0], bar.value, bar.is_better or bar is look.bars[0]) for bar in look.bars]
    yield html_figure(bars_svg("Readings of the poses", bars), f"Other readings: {look.bars_are}.", _BARS)
    x = look.frequency_per_A
    resolutions = [(float(at), f"{1 / at:.0f} Å") for at in (x[0], x[len(x) // 2], x[-1])]
    curve = Line("", x, look.shell_correlation)
    yield html_figure(
        plot_svg("Fourier shell correlation", [curve], resolutions, [(0.0, "0"), (0.5, "0.5"), (1.0, "1")], 1.0),
        "FSC of the half maps. Wrong poses reach high values too.",
        _THIRD,
    )
    yield html_list([look.limits])
    if any(stack.is_bad for stack in look.stacks):
        yield html_list(stack_words(stack) for stack in look.stacks[:_WORST_STACKS])


def _maps_alt(look: PosesLook) -> str:
    return "Slices and projections of the map" if look.averages is None else "Class averages"


def _maps_words(look: PosesLook) -> str:
    if look.averages is None:
        return "Three slices through the middle of the map, then three projections: across z, y and x."
    return "Averages of the classes with the poses as imported; below with shuffled poses."


def _positions(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    looks = look_at_some(plan, _PLACES, progress)
    if not looks or plan.placing is None or plan.placing.most is None:
        return
    is_pick = looks[0].particle is None
    correlations = [
        f"{name} {', '.join(f'{getattr(look, of):.2f}' for look in looks)}"
        for name, of in (("kept", "keep_correlation"), ("flipped", "flip_correlation"))
    ]
    flip, mixed = plan.placing.most.flip, " of most exposures" if plan.placing.is_mixed else ""
    names = [f"y kept{'' if flip else ' (in use)'}", f"y flipped{' (in use)' if flip else ''}"]
    picture = places_picture(looks)
    extents_A = {look.extent_A for look in looks}
    of_all = count_of(len(looks), "place" if is_pick else "particle")
    if len(looks) > 1:
        of_all += f" {'on' if is_pick else 'of'} different exposures"
    yield html_figure(
        html_picture(
            picture,
            "Places on the exposures" if is_pick else "Particles beside their places on the exposures",
            names if is_pick else ["particle", *names],
            max(extents_A) * len(looks) / picture.shape[1],
            "Å",
            len(extents_A) > 1,
        ),
        f"{of_all}{'' if is_pick else ', and what the exposures show there'}. "
        f"y is {'flipped' if flip else 'kept'} in the import{mixed}."
        + ("" if is_pick else f" Correlations: {'; '.join(correlations)}."),
        _LABELS + _PLACE * len(looks),
        is_beside=True,
    )


_EVIDENCE: dict[Topic, Callable[[ImportPlan, Tiles | None, Progress], Iterator[str]]] = {
    Topic.IMAGES: _images,
    Topic.MICROSCOPE: _microscope,
    Topic.DATA_SIGN: _data_sign,
    Topic.POSES: _poses,
    Topic.POSITIONS: _positions,
}
