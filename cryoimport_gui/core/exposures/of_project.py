"""The exposures datasets of a CryoSPARC project, and which of them particles probably came from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..particles import Particles
from ..problems import Refused
from ..progress import Progress, quiet
from .exposures import Exposures, load_exposures
from .given import exposure_groups
from .trim_suggestion import suggest_trims

_JOB = re.compile(r"J(\d+)")
#: the newest jobs: a project with more of them than this has other exposures as well
_MOST_JOBS = 200
_MAX_JSON_BYTES = 1 << 22


@dataclass(frozen=True)
class JobExposures:
    """One dataset of exposures; `job_type` and `title` as CryoSPARC's `job.json` gives them, empty where it does not.

    matched: How many of `total` different micrograph names it matches, by the rules that names suggest.
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
    matched = total = 0
    if particles is not None and particles.micrograph_index is not None:
        names = [particles.micrograph_names[i] for i in np.flatnonzero(particles.per_micrograph).tolist()]
        matched, total = _matched(exposures.paths, names)
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
    )


def _matched(paths: Sequence[str], names: Sequence[str]) -> tuple[int, int]:
    suggestion = suggest_trims(paths, names)
    return (suggestion.matched if suggestion.rules else 0), suggestion.total


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
