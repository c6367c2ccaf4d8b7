"""Reading a large STAR file, against `starfile.read`, and one that is five times as large."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .made_star import make_star
from .measure import in_process, interleaved

ROWS, STACKS, TIMES = 1_000_000, 4_000, 5


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run_data.star"
        make_star(path, ROWS, STACKS)
        ways = {
            "starfile.read": ("import starfile", f"starfile.read({str(path)!r})"),
            "read_particles": _own(path),
            "wc -l": ("import subprocess", f"subprocess.run(['wc', '-l', {str(path)!r}], stdout=subprocess.DEVNULL)"),
        }
        results = interleaved(ways)
        seconds, megabytes = results["starfile.read"]
        own_seconds, own_megabytes = results["read_particles"]
        yield f"starfile.read, {ROWS:,} rows", f"{seconds:.2f} s", f"{megabytes:.0f} MB"
        yield "read_particles: time / starfile.read", f"{own_seconds / seconds:.3f}", "at most 0.10"
        yield "read_particles: memory / starfile.read", f"{own_megabytes / megabytes:.3f}", "at most 0.15"
        yield "read_particles: time / wc -l", f"{own_seconds / results['wc -l'][0]:.1f}", "floor 1"
        make_star(path, TIMES * ROWS, TIMES * STACKS)
        many_seconds, many_megabytes = in_process(*_own(path))
        yield f"{TIMES} times as many rows: time / {TIMES}", f"{many_seconds / own_seconds / TIMES:.2f}", "about 1"
        yield f"{TIMES} times as many rows: memory", f"{many_megabytes:.0f} MB", "at most 1,500 MB"


def _own(path: Path) -> tuple[str, str]:
    return "from cryoimport_gui.core.reading.relion import read_particles", f"read_particles({str(path)!r})"
