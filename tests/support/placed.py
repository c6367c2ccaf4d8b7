"""The verdict on particles and their micrographs as one set: comparison, leads, judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryoimport_gui.core.pictures.place_verdict import are_nowhere, judge_places, rule_lead
from cryoimport_gui.core.pictures.placement import PlacementSample, compare_places
from cryoimport_gui.core.progress import Progress, quiet


@dataclass(frozen=True)
class PlacedSample:
    """value: `keep`, `flip` or `unclear`; the correlations are medians at either reading of y, nan: cannot tell."""

    value: str
    scale: float
    mirrored: bool
    keep_correlation: float
    flip_correlation: float
    sampled: int
    lead: float
    are_nowhere: bool
    unreadable: list[str]


def judge_placement(
    samples: list[PlacementSample], scales: Sequence[float] = (1.0,), progress: Progress = quiet
) -> PlacedSample:
    """Each micrograph is an exposure."""
    found = compare_places(samples, scales, progress)
    paths = [samples[i].micrograph for i in found.compared.tolist()]
    exposure = np.unique(paths, return_inverse=True)[1].astype(int)
    verdict = judge_places(found.leads, exposure)
    reading = found.readings[verdict.reading or 0]
    others = len(found.others)
    return PlacedSample(
        value="unclear" if verdict.reading is None else "flip" if reading.flip else "keep",
        scale=reading.scale,
        mirrored=reading.mirrored,
        keep_correlation=typical(found.at_y(False)),
        flip_correlation=typical(found.at_y(True)),
        sampled=int(np.isfinite(found.own[:, verdict.reading or 0]).sum()),
        lead=rule_lead(found.leads, others),
        are_nowhere=are_nowhere(found.leads, others),
        unreadable=[f"{path}: {reason}" for path, reason in found.unreadable.items()],
    )


def typical(correlations: np.ndarray) -> float:
    known = correlations[np.isfinite(correlations)]
    return float(np.median(known)) if len(known) else float("nan")
