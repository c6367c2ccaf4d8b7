"""Ctrl-C on the terminal that the window was started from: it closes, whatever is being done just then."""

from __future__ import annotations

import subprocess
import sys

import pytest

WINDOW = """
import signal
import sys
from cryoimport_gui.__main__ import main
from cryoimport_gui.gui import app
from cryoimport_gui.gui.pages.microscope import page as microscope

def interrupted(owner, name):
    whole = getattr(owner, name)
    def run(*arguments):
        setattr(owner, name, whole)
        print("interrupted", flush=True)
        signal.raise_signal(signal.SIGINT)
        return whole(*arguments)
    setattr(owner, name, run)

interrupted({moment})
sys.exit(main([]))
"""
MOMENTS = {
    "before there is a loop of events": "app.ImportWizard, 'show'",
    "while a page is made": "microscope.MicroscopePage, 'build'",
    "while a part of a page is made": "microscope, 'OpticsTable'",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_closes_the_window(moment: str) -> None:
    command = [sys.executable, "-c", WINDOW.replace("{moment}", MOMENTS[moment])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
    assert "Traceback" not in done.stderr
