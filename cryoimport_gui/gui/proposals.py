"""What a CryoSPARC project lets the program fill in: the exposures of its jobs, and a folder for the output.

Nothing that the user chose is ever replaced, and nothing that the user took away comes back.
"""

from __future__ import annotations

import os
import re
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, Slot

from ..core.exposures.of_project import JobExposures, exposures_of_project
from ..core.exposures.seen_in_project import matched_alike
from ..core.particles import Particles
from ..core.plan.output import proposed_output
from ..core.plan.plan import ImportPlan
from ..core.plan.project_exposures import ranked_by_pictures
from ..core.progress import Progress
from .session import Session
from .tasks import Tasks


class Proposals(QObject):
    """Follows the session, and fills in what follows from the project.

    Exposures are taken by themselves only if all micrographs match them, and no others may be meant as well; else the
    page Exposures shows what was found.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._searched: tuple[str, Particles | None] = ("", None)
        self._found: list[JobExposures] = []  # as names rank them
        self._compared: tuple[str, Particles | None] | None = None  # with which images: data path and particles
        self._may_take = not session.parameters.exposures
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.failed.connect(self._on_failed)
        session.changed.connect(self._on_changed)
        session.planned.connect(self._on_planned)

    def close(self) -> None:
        self.tasks.close()

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        p = self._session.parameters
        if name == "exposures":
            self._may_take = False  # the user chose some, or took them away
            self._stop_comparing()
            project = _project_of(p.exposures[0]) if p.exposures and not p.project else ""
            if project and (not p.output or os.path.abspath(p.output).startswith(f"{project}/")):
                self._session.change(project=project)
        elif name in ("project", "meta"):
            self.propose_output()

    def propose_output(self) -> None:
        """Think of an output folder, if the project is known; it is filled in unless the user has chosen one."""
        p = self._session.parameters
        if not (p.meta and p.project):
            return
        project, meta = p.project, p.meta[0]

        def propose(progress: Progress) -> str:
            return proposed_output(project, meta, date.today()) if os.path.isdir(project) else ""

        self.tasks.start("output", propose)

    @Slot(object)
    def _on_planned(self, plan: ImportPlan) -> None:
        """Look for exposures as soon as the names of the micrographs are known."""
        p = plan.parameters
        particles = plan.all_rows
        if p.exposures or not p.project or particles is None:
            return
        if self._searched[0] == p.project and self._searched[1] is particles:
            self._compare()
            return
        project = p.project
        self._searched = project, particles

        def search(progress: Progress) -> list[JobExposures]:
            return exposures_of_project(project, particles, progress)

        self._stop_comparing()
        self.tasks.start("exposures", search)
        self._session.set_project_exposures(None)

    def _compare(self) -> None:
        """Compare pictures where names cannot tell which dataset is meant; again only for other particle images."""
        plan, found = self._session.plan, self._found
        data, particles = plan.parameters.data, plan.all_particles
        is_wanted = self._session.is_current and not plan.parameters.exposures and matched_alike(found)
        if not is_wanted or self._compared is not None and self._compared[0] == data and self._compared[1] is particles:
            return
        self._compared = data, particles

        def compare(progress: Progress) -> list[JobExposures]:
            return ranked_by_pictures(found, plan, progress)

        self.tasks.start("pictures", compare)
        self._session.set_project_exposures(found, are_comparing=True)

    def _stop_comparing(self) -> None:
        if self._session.are_comparing_exposures:
            self.tasks.cancel("pictures")
            self._compared = None
            self._session.set_project_exposures(self._found)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "exposures":
            self._found = result
            self._session.set_project_exposures(result)
            if matched_alike(result):
                self._compare()
            else:
                self._take(result)
        elif kind == "pictures":
            if self._session.are_comparing_exposures:
                self._session.set_project_exposures(result)
                self._take(result)
        else:
            is_free = self._session.parameters.output in ("", self._session.proposed_output)
            self._session.proposed_output = result
            if is_free:
                self._session.change(output=result)

    def _take(self, found: list[JobExposures]) -> None:
        best = next(iter(found), None)
        if best and best.matched == best.total > 0 and self._may_take and (best.seen is None or best.seen.is_there):
            self._session.take_exposures(best.path)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        if kind == "exposures":
            self._found = []
        if kind in ("exposures", "pictures"):
            self._session.set_project_exposures(self._found)
        self._session.failed.emit(message, details)


def _project_of(exposures: str) -> str:
    """The project of a dataset that lies in one of CryoSPARC's job folders; empty if it does not."""
    job = os.path.dirname(os.path.abspath(exposures))
    return os.path.dirname(job) if re.fullmatch(r"J\d+", os.path.basename(job)) else ""
