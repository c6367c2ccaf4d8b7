"""Keeps one window busy for long and looks at what is left: `python -m tests.soak`.

Pages are turned, signs flipped, samples drawn, wizard pages changed, and imports made, all through the widgets that
a person uses.  Memory may grow by no more than `_MOST_GROWTH_MB` after the first round; threads, open files and
windows may not grow at all.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QEventLoop, QThread
from PySide6.QtWidgets import QApplication, QWizard

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.gui.app import make_application
from cryoimport_gui.gui.garbage import Collector
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.tasks import Tasks
from cryoimport_gui.gui.wizard import ImportWizard

_MOST_GROWTH_MB = 32.0
_LONGEST_S = 60


@dataclass(frozen=True)
class State:
    """What must not grow."""

    rss_MB: float
    threads: int
    handles: int
    windows: int
    objects: int

    def __str__(self) -> str:
        return (
            f"{self.rss_MB:7.1f} MB, {self.threads} threads, {self.handles} open files, "
            f"{self.windows} top-level widgets, {self.objects:,} Python objects"
        )


def state_now() -> State:
    """After everything that can be given back has been given back."""
    settle_deletions()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    process = psutil.Process()
    windows = len(QApplication.topLevelWidgets())
    memory = process.memory_info().rss / 2**20
    return State(memory, process.num_threads(), process.num_fds(), windows, len(gc.get_objects()))


def settle_deletions() -> None:
    for _ in range(3):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, 52)  # deferred deletions


def wait(condition: Callable[[], bool]) -> None:
    until = perf_counter() + _LONGEST_S
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if perf_counter() > until:
            raise TimeoutError("the window did not come to rest")
        QThread.usleep(200)


class Soak:
    """One window at work on a small demo."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        paths = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures, "output": folder / "J1"}
        values = {name: str(path) for name, path in paths.items()} | demo.trims
        self.folder = folder
        self.wizard = ImportWizard(update(ImportParameters(), values))
        self.preview = next(page for page in self.wizard.pages if isinstance(page, PreviewPage))
        self.wizard.show()
        self.rest()

    def rest(self) -> None:
        session, tasks = self.wizard.session, self.wizard.findChildren(Tasks)
        wait(lambda: session.is_current and not session.is_writing and not any(task.busy for task in tasks))

    def go_to(self, page: object) -> None:
        number = self.wizard.pages.index(page)
        self.wizard.go_to(number)
        wait(lambda: self.wizard.currentId() == number)

    def turn_pages(self, count: int) -> None:
        self.go_to(self.preview)
        bar = self.preview.page_bar
        for _ in range(count):
            self.rest()
            (bar.next if bar.next.isEnabled() else bar.previous).click()
        self.rest()

    def flip_signs(self, count: int) -> None:
        self.go_to(self.preview)
        for number in range(count):
            self.wizard.session.change(data_sign=("+1", "-1")[number % 2])
            self.preview.view.viewport().repaint()
            if number % 50 == 0:
                self.rest()
            QApplication.processEvents()
        self.wizard.session.change(data_sign="auto")
        self.rest()

    def resample(self, count: int) -> None:
        self.go_to(self.preview)
        for _ in range(count):
            self.rest()
            self.preview.page_bar.again.click()
        self.rest()

    def change_pages(self, count: int) -> None:
        last = len(self.wizard.pages) - 2
        for number in range(count):
            place = number % (2 * last)
            self.go_to(self.wizard.pages[place if place <= last else 2 * last - place])
            QApplication.processEvents()
        self.rest()

    def make_imports(self, count: int) -> None:
        for number in range(count):
            self.go_to(self.preview)
            output = self.folder / f"J{number}"
            self.wizard.session.change(output=str(output))
            self.rest()
            self.go_to(next(page for page in self.wizard.pages if isinstance(page, ReviewPage)))
            self.wizard.button(QWizard.WizardButton.NextButton).click()
            wait(lambda: self.wizard.session.job is not None and not self.wizard.session.is_writing)
            assert (output / "imported_particles.cs").is_file()
            self.rest()
            shutil.rmtree(output)

    def open_windows(self, count: int) -> None:
        """Other wizards beside this one, opened and closed."""
        for _ in range(count):
            other = ImportWizard(self.wizard.session.parameters)
            other.show()
            other.show_relinking()
            wait(lambda other=other: other.session.is_current and not any(t.busy for t in other.findChildren(Tasks)))
            other.close()
            other.deleteLater()
            del other
            settle_deletions()


def main() -> int:
    parser = argparse.ArgumentParser("tests.soak", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="do less of everything: 0.1 for a tenth")
    share = parser.parse_args().share
    app = make_application(sys.argv[:1])
    collector = Collector()
    folder = Path(tempfile.mkdtemp(prefix="cryoimport-soak-"))
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(folder)
    soak = Soak(make_demo(folder / "demo", DemoRecipe(micrographs=10, particles_per_micrograph=20, box=48)), folder)
    steps: list[tuple[str, Callable[[int], None], int]] = [
        ("montage pages turned", soak.turn_pages, 1000),
        ("signs flipped", soak.flip_signs, 1000),
        ("samples drawn", soak.resample, 1000),
        ("wizard pages changed", soak.change_pages, 1000),
        ("imports", soak.make_imports, 50),
        ("windows opened and closed", soak.open_windows, 20),
    ]
    for _, step, count in steps:  # caches fill, and the allocator takes what it will keep
        step(max(3, round(count * share * 0.05)))
    before = state_now()
    print(f"{'before':>32}: {before}", flush=True)
    for words, step, count in steps:
        started = perf_counter()
        step(max(3, round(count * share)))
        print(
            f"{max(3, round(count * share)):>5} {words:>26}: {state_now()}, {perf_counter() - started:.0f} s",
            flush=True,
        )
    after = state_now()
    soak.wizard.leave()
    soak.wizard.deleteLater()
    del soak, steps, step
    closed = state_now()
    print(f"{'closed':>32}: {closed}")
    growth_MB = after.rss_MB - before.rss_MB
    faults = [name for name in ("threads", "handles", "windows") if getattr(after, name) > getattr(before, name)] + (
        ["memory"] if growth_MB > _MOST_GROWTH_MB else []
    )
    faults += [f"windows left when closed: {closed.windows}"] if closed.windows else []
    print(f"memory grew by {growth_MB:.1f} MB (at most {_MOST_GROWTH_MB:g}); {', '.join(faults) or 'nothing is left'}")
    shutil.rmtree(folder, ignore_errors=True)
    app.processEvents()
    collector.release()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
