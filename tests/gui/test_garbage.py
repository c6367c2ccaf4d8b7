"""Widgets that were thrown away are destroyed in the GUI thread, whoever makes objects meanwhile."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtWidgets import QWidget

from cryoimport_gui.gui import garbage
from cryoimport_gui.gui.garbage import Collector


class Circle(QWidget):
    """Refers to itself, as windows with slots of their own often do."""

    def __init__(self, destroyed_in: list[int]) -> None:
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: destroyed_in.append(threading.get_ident()))


def make_many_objects() -> None:
    kept = [[n] for n in range(200_000)]
    assert len(kept) == 200_000


def test_only_the_gui_thread_collects(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_YOUNG", 0)
    destroyed_in: list[int] = []
    gc.enable()  # as in any program, until there is a collector
    collector = Collector()
    try:
        assert not gc.isenabled()
        gc.collect()
        for _ in range(20):
            Circle(destroyed_in)
            worker = threading.Thread(target=make_many_objects)
            worker.start()
            worker.join()
        assert destroyed_in == []
        qtbot.waitUntil(lambda: len(destroyed_in) == 20, timeout=20_000)
        assert set(destroyed_in) == {threading.main_thread().ident}
    finally:
        collector.release()
    assert gc.isenabled()
