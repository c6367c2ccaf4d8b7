"""What each of several exposures datasets adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..names import Names
from ..plan.plan import ImportPlan


@dataclass(frozen=True)
class DatasetShare:
    """name: job folder and file, or as much of the path as tells datasets apart.

    exposures: that no dataset before it has.  matched: micrographs with particles that have one of these.
    """

    path: str
    name: str
    exposures: int
    matched: int


def dataset_shares(plan: ImportPlan) -> list[DatasetShare]:
    """One for each dataset that was read; empty where they could not be."""
    exposures, matching, particles = plan.exposures, plan.matching, plan.all_particles
    if exposures is None or matching is None or particles is None:
        return []
    used = matching.of_name[(matching.of_name >= 0) & (particles.per_micrograph > 0)]
    count = len(exposures.datasets)
    has, matched = (np.bincount(some, minlength=count) for some in (exposures.dataset, exposures.dataset[used]))
    names = Names(exposures.datasets).with_folder
    return [DatasetShare(*one) for one in zip(exposures.datasets, names, has.tolist(), matched.tolist())]
