"""What all pages share: one set of parameters, and the latest plan that was made from it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from ..core.exposures.of_project import JobExposures
from ..core.exposures.trims import TrimRules
from ..core.job.write import Job, write_job
from ..core.parameters import FOLDER, PATH, PATHS, ImportParameters, update
from ..core.plan.output import free_folder
from ..core.plan.plan import ImportPlan
from ..core.plan.planner import Planner
from ..core.plan.poses_verdict import PosesVerdict
from ..core.problems import Problem
from ..core.progress import Progress
from ..core.reading.inputs import files_behind, shared_files
from ..core.reading.pick_search import holds_picks
from .carried import chosen_values, fresh_values, question
from .file_dialogs import FileDialogs
from .settings import Settings
from .tasks import Tasks
from .undo import Undo

TYPING_PAUSE_MS = 250
#: a change of these makes it pointless to finish the plan that is being made
_SOURCES = {"meta", "data", "exposures", "original", "ignore_raw_data"}
_RULES = {field.name for field in dataclasses.fields(TrimRules)}


class Session(QObject):
    """Pages change parameters here and listen for the plan that follows.

    Another STAR file starts afresh: `may_keep` answers whether what was chosen for the one before is to be kept.

    Signals:
        changed(name): a parameter has a new value.
        exposures_found(): `project_exposures` has changed; it is None while they are looked for.  With
            `are_comparing_exposures` pictures are being compared, which may put them into another order.
        planning(): a plan is being made.
        planned(plan): there is a new plan; also emitted with an empty plan when no metadata file is named.
        progressed(stage, done, total): of the plan.
        import_progressed(stage, done, total): of the import.
        writing(on): the import begins or has ended, in one of these ways:
        imported(job), import_refused(problem), import_cancelled(), failed(message, details).
        failed(message, details): something unexpected, in a plan too.
    """

    changed = Signal(str)
    exposures_found = Signal()
    planning = Signal()
    planned = Signal(object)
    progressed = Signal(str, object, object)
    import_progressed = Signal(str, object, object)
    writing = Signal(bool)
    imported = Signal(object)
    import_refused = Signal(object)
    import_cancelled = Signal()
    failed = Signal(str, str)

    def __init__(
        self, parameters: ImportParameters, parent: QObject | None = None, settings: Settings | None = None
    ) -> None:
        super().__init__(parent)
        self.settings = settings or Settings()
        self.dialogs = FileDialogs(self.settings.folders)
        self.parameters = self._kept = parameters
        self.may_keep: Callable[[str], bool] = lambda question: False
        self._chosen_for: tuple[str, ...] = ()  # the last files that were read: values were chosen for them
        self.undo = Undo(self, self.changed, self)
        self.proposed_output = ""  # the last that was proposed from the project
        self.project_exposures: list[JobExposures] | None = []
        self.are_comparing_exposures = False
        self.plan = ImportPlan(parameters)
        self.job: Job | None = None  # of the last import, once it has succeeded
        self.has_begun_import = False
        self.imported_plan: ImportPlan | None = None  # what the last import that succeeded has written
        self._planner = Planner()
        self._stale = True
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.make_plan)
        self.tasks = Tasks(self)
        self.tasks.started.connect(self._on_started)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.refused.connect(self._on_refused)
        self.tasks.cancelled.connect(self._on_cancelled)
        self.tasks.failed.connect(self._on_failed)
        self.tasks.progressed.connect(self._on_progress)

    @property
    def is_current(self) -> bool:
        """Whether the plan belongs to the parameters as they are now."""
        return not self._stale

    @property
    def is_writing(self) -> bool:
        return self.tasks.is_running("import")

    @property
    def is_imported(self) -> bool:
        """Whether the plan is the one that was imported last: importing it again would change nothing."""
        return self.imported_plan is self.plan

    def change(self, **values: Any) -> None:
        """Set parameters; a new plan follows after a moment without further changes.

        Raises:
            BadParameter: A value cannot be taken; nothing is changed.
        """
        new = update(self.parameters, values)
        names = [name for name in values if getattr(new, name) != getattr(self.parameters, name)]
        if not names:
            return
        self.parameters = new
        self._stale = True
        if _SOURCES.intersection(names):
            self.tasks.cancel("plan")
        self._pause.start()
        for name in names:
            self.changed.emit(name)

    def set_project_exposures(self, found: list[JobExposures] | None, are_comparing: bool = False) -> None:
        self.project_exposures, self.are_comparing_exposures = found, are_comparing
        self.exposures_found.emit()

    def take_exposures(self, *paths: str) -> None:
        """Use datasets that were found, with the rules that names suggest; no work of the user is lost with them."""
        self._kept = dataclasses.replace(self._kept, suggest_trims=True)
        self.undo.take("Use these exposures", exposures=paths, suggest_trims=True)

    def reopen(self, values: Mapping[str, Any]) -> list[str]:
        """Use the parameters of an earlier import; others get their defaults.

        Where to write stays as it was chosen here, unless that is among them; a folder that is there already gives
        way to the next free name.  Returns the names that are not known, which are left out.

        Raises:
            BadParameter: A value cannot be taken; nothing is changed.
        """
        known = ImportParameters().to_json()
        taken = {name: value for name, value in values.items() if name in known}
        new = update(ImportParameters(), {"output": self.parameters.output} | taken)
        if new.output and os.path.lexists(new.output):
            new.output = free_folder(new.output)
        self._chosen_for = new.meta
        self.change(**vars(new))
        self.undo.clear()
        self.keep(self.parameters)
        return sorted(set(values) - set(known))

    def start_new(self) -> None:
        """Begin another import: no file is chosen; project and exposures stay, because they say where things are."""
        p = self.parameters
        self._chosen_for = ()
        self.change(**vars(ImportParameters(project=p.project, exposures=p.exposures)))
        self.undo.clear()
        self.keep(self.parameters)

    def keep(self, parameters: ImportParameters) -> None:
        """These are not lost with the window: they were imported or saved, or came from a file."""
        self._kept = parameters

    def unsaved(self) -> list[str]:
        """Parameters that would be lost with the window; paths alone are quickly chosen again."""
        kept, now = self._kept, self.parameters
        names = {f.name for f in dataclasses.fields(now) if f.metadata["kind"] not in (PATH, PATHS, FOLDER)}
        if kept.suggest_trims:  # the program found the rules
            names -= _RULES | {"suggest_trims"}
        return [
            f.name for f in dataclasses.fields(now) if f.name in names and getattr(now, f.name) != getattr(kept, f.name)
        ]

    @Slot()
    def make_plan(self) -> None:
        """Plan now, with the parameters as they are."""
        self._pause.stop()
        parameters = dataclasses.replace(self.parameters)
        if not parameters.meta:
            self.tasks.cancel("plan")
            self._take(ImportPlan(parameters))
        elif self._is_carrying():
            self._look_at_file()
        else:
            self._plan()

    def _is_carrying(self) -> bool:
        """Whether something would be carried over from another file: values, or the folder it was imported to."""
        p = self.parameters
        is_same = not self._chosen_for or set(self._chosen_for) & set(p.meta)
        return not is_same and bool(chosen_values(p) or self._is_output_used())

    def _is_output_used(self) -> bool:
        return self.imported_plan is not None and self.imported_plan.parameters.output == self.parameters.output

    def _look_at_file(self) -> None:
        """Check that there are such files, all others: a path that is being typed mostly names none."""
        before, now, output = self._chosen_for, self.parameters.meta, self.parameters.output

        def look(progress: Progress) -> tuple[tuple[str, ...], bool, str]:
            are_files = all(os.path.isfile(path) or holds_picks(path) for path in files_behind(now))
            is_other = are_files and not shared_files(before, now)
            return now, is_other, free_folder(output) if output and os.path.lexists(output) else output

        self.tasks.start("file", look)

    def _start_afresh(self, now: tuple[str, ...], is_other: bool, free_output: str) -> None:
        """Ask whether what was chosen for the file before is kept, then plan."""
        if now != self.parameters.meta:
            return  # another name has been typed meanwhile: that is checked next
        if is_other:
            before, self._chosen_for = self._chosen_for, now
            names = chosen_values(self.parameters)
            if names and not self.may_keep(question(self.parameters, names, before[0], now[0])):
                self.change(**fresh_values(names))
                self.keep(self.parameters)
            if self._is_output_used():
                self.change(output=free_output)
        self._plan()

    def _plan(self) -> None:
        self._pause.stop()
        parameters = dataclasses.replace(self.parameters)

        def plan(progress: Progress) -> ImportPlan:
            return self._planner.plan(parameters, progress)

        self.tasks.start("plan", plan, replace_running=False)

    @Slot()
    def check_again(self) -> None:
        """Read every file again; not while an import is being written."""
        if self.is_writing:
            return
        self.tasks.cancel("plan")
        self._planner = Planner()
        self._stale = True
        self.make_plan()

    def use_poses_check(self, plan: ImportPlan, found: PosesVerdict, seconds: float) -> None:
        """Let the verdict of another sample of a plan's particles take the place of the planner's."""
        self._planner.use_poses_check(plan, found, seconds)
        self.make_plan()

    def start_import(self) -> None:
        """Write what the plan says."""
        plan = self.plan
        self.job, self.has_begun_import = None, True

        def write(progress: Progress) -> Job:
            return write_job(plan, progress)

        self.tasks.start("import", write)

    def cancel_import(self) -> None:
        self.tasks.cancel("import")

    def close(self) -> None:
        self._pause.stop()
        self.tasks.close()

    def _take(self, plan: ImportPlan) -> None:
        self.plan = plan
        if plan.all_particles is not None:
            self._chosen_for = plan.parameters.meta
        self._stale = plan.parameters != self.parameters
        self.planned.emit(plan)
        if plan.matching is not None and plan.parameters.suggest_trims and self.parameters.suggest_trims:
            # From now on the rules are in their fields and can be changed.
            self.undo.follow("suggest_trims", suggest_trims=False, **dataclasses.asdict(plan.matching.rules))

    @Slot(str)
    def _on_started(self, kind: str) -> None:
        if kind == "plan":
            self.planning.emit()
        elif kind == "import":
            self.writing.emit(True)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "plan":
            self._take(result)
        elif kind == "file":
            self._start_afresh(*result)
        else:
            self.job, self.imported_plan = result, self.plan
            self.keep(self.plan.parameters)
            self.writing.emit(False)
            self.imported.emit(result)

    @Slot(str, object)
    def _on_refused(self, kind: str, problem: Problem) -> None:
        self.writing.emit(False)
        self.import_refused.emit(problem)

    @Slot(str)
    def _on_cancelled(self, kind: str) -> None:
        if kind == "import":
            self.writing.emit(False)
            self.import_cancelled.emit()

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        if kind == "import":
            self.writing.emit(False)
        self.failed.emit(message, details)

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        (self.progressed if kind == "plan" else self.import_progressed).emit(stage, done, total)
