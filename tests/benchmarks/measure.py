"""Time and memory of a piece of Python in a process of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_WRAPPER = """
import json, time
{setup}
started = time.perf_counter()
{work}
spent = time.perf_counter() - started
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss would be that of its parent, too
print(json.dumps([spent, int(status["VmHWM"].split()[0]) / 1024]))
"""
ROOT = Path(__file__).resolve().parents[2]


def in_process(setup: str, work: str) -> tuple[float, float]:
    """Seconds that `work` takes, and the peak memory of its process in MB."""
    code = _WRAPPER.format(setup=setup, work=work)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def interleaved(ways: Mapping[str, tuple[str, str]], rounds: int = 3) -> dict[str, tuple[float, float]]:
    """Medians of time and memory of several ways, run in turn."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (setup, work) in ways.items():
            results[name].append(in_process(setup, work))
    return {name: tuple(statistics.median(column) for column in zip(*runs)) for name, runs in results.items()}
