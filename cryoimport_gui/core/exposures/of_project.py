"""The exposures datasets of a CryoSPARC project, and which of them particles probably came from."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from ..particles import Particles
from ..problems import Refused, count_of
from ..progress import Progress, quiet
from .exposures import Exposures, load_exposures
from .given import exposure_groups
from .trim_suggestion import suggest_trims
from .trims import TrimRules

_JOB = re.compile(r"J(\d+)")
#: the newest jobs: a project with more of them than this has other exposures as well
_MOST_JOBS = 200
_MAX_JSON_BYTES = 1 << 22


class Seen(StrEnum):
    """What pictures say of a dataset: whether the particles are there.  The best first, but `NO_PICTURES` is `UNCLEAR`.

    MIRRORED: there, on mirror images.  AT_PICKS: without particle images, by what lies at the picks.
    PARTLY: on some of the micrographs.
    """

    FOUND = "found"
    MIRRORED = "mirrored"
    AT_PICKS = "at the picks"
    PARTLY = "partly"
    UNCLEAR = "unclear"
    NO_PICTURES = "no pictures"
    ELSEWHERE = "elsewhere"

    @property
    def rank(self) -> int:
        """Lower is better."""
        return list(Seen).index(Seen.UNCLEAR if self is Seen.NO_PICTURES else self)


@dataclass(frozen=True)
class ProjectSight:
    """state; where images show it, on how many of the micrographs that were looked at the particles were found."""

    state: Seen
    found: int = 0
    looked_at: int = 0

    @property
    def is_there(self) -> bool:
        return self.state in (Seen.FOUND, Seen.MIRRORED, Seen.AT_PICKS)

    @property
    def words(self) -> str:
        found = f"particles found in {self.found:,} of {count_of(self.looked_at, 'micrograph')}"
        return {
            Seen.FOUND: found,
            Seen.MIRRORED: f"{found}, mirrored",
            Seen.AT_PICKS: "picks lie on particles",
            Seen.PARTLY: found,
            Seen.UNCLEAR: "pictures cannot tell",
            Seen.NO_PICTURES: "no pictures to compare",
            Seen.ELSEWHERE: "particles are not there",
        }[self.state]


@dataclass(frozen=True)
class JobExposures:
    """One dataset of exposures; `job_type` and `title` as CryoSPARC's `job.json` gives them, empty where it does not.

    matched: How many of `total` different micrograph names it matches, by the rules that names suggest.
    seen: What pictures say; None: there was nothing for them to decide (`seen_in_project`).
    """

    path: str
    job: str
    job_type: str
    title: str
    day: str
    exposures: int
    are_movies: bool
    matched: int = 0
    total: int = 0
    rules: TrimRules | None = None
    seen: ProjectSight | None = None


def exposures_of_project(project: str, particles: Particles | None, progress: Progress = quiet) -> list[JobExposures]:
    """All datasets of exposures in the jobs of a project: those that match the most names first, then the newest jobs.

    Micrographs come before movies, which no particle can be compared with.

    A group (`.csg`) stands for its datasets.  What cannot be read is left out: it is said when it is chosen.

    Raises:
        Cancelled: `progress` said so.
    """
    progress.stage("exposures of the project")
    jobs = _jobs(project)
    found: list[JobExposures] = []
    for done, job in enumerate(jobs):
        progress.step(done, len(jobs))
        folder = os.path.join(project, job)
        for path in sorted(exposure_groups(folder), key=_is_aside):
            try:
                exposures = load_exposures(path, project)
            except Refused:
                continue
            found.append(_described(path, job, folder, exposures, particles, progress))
    return sorted(found, key=lambda one: (-one.matched, one.are_movies))  # stable: among equals, the newest job


def _is_aside(path: str) -> bool:
    """Groups of what a job set aside come last."""
    return any(word in os.path.basename(path) for word in ("incomplete", "rejected", "uncategorized", "failed"))


def _jobs(project: str) -> list[str]:
    jobs = [name for name in _names(project) if _JOB.fullmatch(name)]
    return sorted(jobs, key=lambda name: int(name[1:]), reverse=True)[:_MOST_JOBS]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _described(
    path: str, job: str, folder: str, exposures: Exposures, particles: Particles | None, progress: Progress
) -> JobExposures:
    about = _job_file(folder)
    matched, total, rules = 0, 0, None
    if particles is not None and particles.micrograph_index is not None:
        names = [particles.micrograph_names[i] for i in np.flatnonzero(particles.per_micrograph).tolist()]
        suggestion = suggest_trims(exposures.paths, names)
        rules, total = suggestion.rules, suggestion.total
        matched = suggestion.matched if rules else 0
        progress.step(0, 0)
    return JobExposures(
        path=path,
        job=job,
        job_type=_text(about, "job_type", "type"),
        title=_text(about, "title"),
        day=date.fromtimestamp(os.stat(path).st_mtime).isoformat(),
        exposures=len(exposures),
        are_movies=exposures.are_movies,
        matched=matched,
        total=total,
        rules=rules,
    )


def _job_file(folder: str) -> dict[str, object]:
    try:
        with open(os.path.join(folder, "job.json"), encoding="utf-8") as file:
            about = json.loads(file.read(_MAX_JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def _text(about: dict[str, object], *names: str) -> str:
    texts = (about.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str)), "")
