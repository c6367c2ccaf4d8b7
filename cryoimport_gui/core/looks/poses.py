"""What the check of the poses has seen, as pictures and figures; the same for the window, `poses.png` and the report.

`poses_look` takes a finished plan and draws nothing but grey pictures; `poses_sheet` composes all of it into one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals
from ..pictures.montage import compose, own_limits, to_grey
from ..pictures.reconstruction import LIMITS, PoseCheck, central_slices, projections
from ..pictures.scale_bar import with_scale_bar
from ..plan.plan import ImportPlan
from ..plan.poses_check import reprojection
from ..plan.poses_verdict import PosesVerdict

PAIRS = 8
#: small images and maps are enlarged by this
_ENLARGED = 3
_BINS = 40
_MOST_CLASSES = 8
# The sheet, in pixels and greys.
_SPACE, _PLOT, _BAR, _LINE = 14, 110, 12, 2
_WHITE, _LIGHT, _MIDDLE, _DARK = 255, 225, 160, 40

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Bar:
    """One reading of the poses on the axis from 0 to 1; `is_better` if it fits clearly better than as imported."""

    words: str
    value: float
    is_better: bool = False


@dataclass(frozen=True)
class StackAgreement:
    """How well the images of one stack agree with their poses, in parts of the median stack's."""

    path: str
    agreement: float
    is_bad: bool


@dataclass(frozen=True)
class PosesLook:
    """All that is shown of a check of the poses; pictures have the data sign applied.

    words: the verdict; limits: what it does not say.
    particles, projected: (m, t, t) grey, dark on light: low-passed, centred images and their re-projections, from
        the one that correlates least to the one that correlates best; pair_rows (m,) their rows in
        `ImportPlan.all_particles`, pair_correlation (m,).
    edges, own, dealt: (bins + 1,) and (bins,) twice: how many images correlate how well with their re-projection, with
        their own pose and with shuffled poses (mean over the deals).
    bars: as imported, with shuffled poses, and with each other reading; `bars_are` says of what.
    slices, projections: (3, t, t) grey, light density: across z, y and x.  None for 2D poses.
    averages, dealt_averages: (classes, t, t) grey, light density, with the poses as imported and shuffled.  None
        for 3D poses.
    pixel_size_A: of all pictures.
    frequency_per_A, shell_correlation: (k,) of the half maps; dealt poses reach high values too.
    stacks: those that were judged, worst first.
    """

    verdict: PosesVerdict
    words: str
    limits: str
    particles: Grey
    projected: Grey
    pair_rows: NDArray[np.int64]
    pair_correlation: Reals
    edges: Reals
    own: Reals
    dealt: Reals
    bars: tuple[Bar, ...]
    bars_are: str
    slices: Grey | None
    projections: Grey | None
    averages: Grey | None
    dealt_averages: Grey | None
    pixel_size_A: float
    frequency_per_A: Reals
    shell_correlation: Reals
    stacks: tuple[StackAgreement, ...]


def poses_look(plan: ImportPlan) -> PosesLook | None:
    """None where no poses were compared, or no data sign is known."""
    found, sign = plan.poses_check, plan.data_sign
    check = found.check
    if check is None or sign is None or plan.stacks is None:
        return None
    order = np.argsort(check.own, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(PAIRS, len(order))).round().astype(np.int64)]
    images, projected = (_grey(pictures, sign.value) for pictures in check.pairs(chosen))
    edges = np.histogram_bin_edges(np.concatenate([check.own, check.dealt.ravel()]), _BINS)
    bars, bars_are = _bars(check)
    maps = check.map()
    worst = np.argsort(check.stacks.agreement, kind="stable").tolist()
    files = [plan.stacks.files[number] for number in check.stacks.number[worst].tolist()]
    averages = dealt_averages = slices = through = None
    if check.is_3d:
        slices, through = (_grey(make(maps), sign.value) for make in (central_slices, projections))
    else:
        averages, dealt_averages = (_grey(of[:_MOST_CLASSES], sign.value) for of in (maps, check.dealt_map()))
    return PosesLook(
        verdict=found,
        words=found.words,
        limits=LIMITS,
        particles=images,
        projected=projected,
        pair_rows=found.rows[chosen],
        pair_correlation=check.own[chosen],
        edges=edges,
        own=np.histogram(check.own, edges)[0].astype(np.float64),
        dealt=np.histogram(check.dealt, edges)[0] / len(check.dealt),
        bars=bars,
        bars_are=bars_are,
        slices=slices,
        projections=through,
        averages=averages,
        dealt_averages=dealt_averages,
        pixel_size_A=check.pixel_size_A / _ENLARGED,
        frequency_per_A=np.arange(1, len(check.shell_correlation) + 1) / (check.pixel_size_A * maps.shape[-1]),
        shell_correlation=check.shell_correlation,
        stacks=tuple(
            StackAgreement(file.path, float(check.stacks.agreement[i]), bool(check.stacks.is_bad[i]))
            for file, i in zip(files, worst)
        ),
    )


def reprojection_of(plan: ImportPlan, row: int) -> NDArray[np.float32] | None:
    """(t, t): a particle's re-projection, for a data sign of +1 like its image; None where there is none."""
    seen = reprojection(plan, row)
    return None if seen is None else _enlarged(seen[None])[0]


def _bars(check: PoseCheck) -> tuple[tuple[Bar, ...], str]:
    """Shares of the signal where they can be measured for all readings, else correlations."""
    shares = [check.explained, check.explained_dealt, *(other.explained for other in check.alternatives)]
    correlations = [float(check.own.mean()), float(check.dealt.mean()), *(a.other for a in check.alternatives)]
    words = ["as imported", "shuffled poses", *(other.words for other in check.alternatives)]
    better = [False, False, *(other.is_better for other in check.alternatives)]
    known = [share for share in shares if share is not None]
    values, of = (known, "share of signal explained")
    if len(known) < len(shares):
        values, of = correlations, "mean correlation"
    bars = (Bar(w, min(1.0, max(0.0, value)), b) for w, value, b in zip(words, values, better))
    return tuple(bars), of


def _grey(pictures: NDArray[np.float32], data_sign: int) -> Grey:
    """Enlarged; each picture with its own contrast."""
    large = _enlarged(pictures)
    low, high = own_limits(large).T[:, :, None, None]
    return to_grey(large, data_sign, low, high)


def _enlarged(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, t, t) → (n, 3 t, 3 t): nothing is added, as they hold only low frequencies."""
    side, large = pictures.shape[-1], pictures.shape[-1] * _ENLARGED
    spectrum = np.fft.rfft2(pictures)
    padded = np.zeros((len(pictures), large, large // 2 + 1), np.complex64)
    upper = (side + 1) // 2
    padded[:, :upper, : spectrum.shape[2]] = spectrum[:, :upper]
    padded[:, upper - side :, : spectrum.shape[2]] = spectrum[:, upper:]
    return np.fft.irfft2(padded, s=(large, large)).astype(np.float32)


def poses_sheet(plan: ImportPlan) -> Grey | None:
    """All of it as one grey picture; None where no poses were compared.

    From the top: pairs; histogram of the correlations (dark: own pose, light: shuffled); bars from 0 to 1; maps;
    correlation of the half maps from 0 to 1.
    """
    look = poses_look(plan)
    if look is None:
        return None
    parts = list(_parts(look))
    width = max(part.shape[1] for part in parts) + 2 * _SPACE
    rows = [np.full((_SPACE, width), _WHITE, np.uint8)]
    for part in parts:
        row = np.full((len(part) + _SPACE, width), _WHITE, np.uint8)
        row[: len(part), _SPACE : _SPACE + part.shape[1]] = part
        rows.append(row)
    return np.concatenate(rows)


def _parts(look: PosesLook) -> Iterator[Grey]:
    pairs = pairs_picture(look)
    width = pairs.shape[1]
    yield pairs
    yield _histogram(look, width)
    yield _bar_chart(look, width)
    yield with_scale_bar(maps_picture(look), look.pixel_size_A)
    yield _curve(look.shell_correlation, width)


def pairs_picture(look: PosesLook) -> Grey:
    """Particles, and below each its re-projection."""
    return _in_rows(np.concatenate([look.particles, look.projected]), len(look.particles))


def maps_picture(look: PosesLook) -> Grey:
    """Slices and projections of the map in one row; or class averages as imported, and below with shuffled poses."""
    if look.slices is not None and look.projections is not None:
        pictures, columns = np.concatenate([look.slices, look.projections]), 6
    else:
        assert look.averages is not None and look.dealt_averages is not None
        pictures, columns = np.concatenate([look.averages, look.dealt_averages]), len(look.averages)
    return _in_rows(pictures, columns)


def _in_rows(pictures: Grey, columns: int) -> Grey:
    return compose(pictures.astype(np.float32), columns, 1, (0.0, 255.0))


def _frame(height: int, width: int) -> Grey:
    frame = np.full((height, width), _LIGHT, np.uint8)
    frame[1:-1, 1:-1] = _WHITE
    return frame


def _histogram(look: PosesLook, width: int) -> Grey:
    picture = _frame(_PLOT, width)
    most = max(look.own.max(), look.dealt.max(), 1.0)
    place = np.arange(width - 2) * len(look.own) // (width - 2)
    up = np.arange(_PLOT - 2)[::-1, None]
    heights = [(counts[place] / most * (_PLOT - 6)).round() for counts in (look.own, look.dealt)]
    own, dealt = (up < height for height in heights)
    inside = picture[1:-1, 1:-1]
    inside[own] = _DARK
    inside[dealt & ~own] = _MIDDLE
    inside[dealt & own] = (_MIDDLE + _DARK) // 2
    return picture


def _bar_chart(look: PosesLook, width: int) -> Grey:
    step = _BAR + 4
    picture = _frame(step * len(look.bars) + 6, width)
    for quarter in (0.25, 0.5, 0.75):
        picture[:, 1 + round(quarter * (width - 3))] = _LIGHT
    for i, bar in enumerate(look.bars):
        top = 5 + i * step
        grey = _DARK if i == 0 or bar.is_better else _MIDDLE
        picture[top : top + _BAR, 1 : 2 + round(bar.value * (width - 3))] = grey
    return picture


def _curve(values: Reals, width: int) -> Grey:
    """Values from 0 to 1, those below as 0, joined by lines."""
    picture = _frame(_PLOT, width)
    x = np.linspace(0, len(values) - 1, width - 2)
    height = np.interp(x, np.arange(len(values)), np.clip(values, 0, 1)) * (_PLOT - 3 - _LINE)
    top = (_PLOT - 2 - _LINE - height).round().astype(int)
    before = np.concatenate([top[:1], top[:-1]])
    rows = np.arange(_PLOT - 2)[:, None]
    picture[1:-1, 1:-1][(rows >= np.minimum(top, before)) & (rows < np.maximum(top, before) + _LINE)] = _DARK
    return picture


def stack_words(stack: StackAgreement) -> str:
    """`a.mrcs: agrees 0.12 times as well as most`."""
    doubt = "; its images are probably not those of its rows" if stack.is_bad else ""
    return f"{os.path.basename(stack.path)}: agrees {max(0.0, stack.agreement):.2f} times as well as most{doubt}"
