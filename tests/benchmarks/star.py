"""Reading a large STAR file, against `starfile.read`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .made_star import make_star
from .measure import interleaved

ROWS, STACKS = 1_000_000, 4_000


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run_data.star"
        make_star(path, ROWS, STACKS)
        ways = {
            "starfile.read": ("import starfile", f"starfile.read({str(path)!r})"),
            "read_particles": (
                "from cryoimport_gui.core.relion import read_particles",
                f"read_particles({str(path)!r})",
            ),
            "wc -l": ("import subprocess", f"subprocess.run(['wc', '-l', {str(path)!r}], stdout=subprocess.DEVNULL)"),
        }
        results = interleaved(ways)
    seconds, megabytes = results["starfile.read"]
    yield f"starfile.read, {ROWS:,} rows", f"{seconds:.2f} s", f"{megabytes:.0f} MB"
    for name, (own_seconds, own_megabytes) in results.items():
        if name != "starfile.read":
            yield f"{name}: time / starfile.read", f"{own_seconds / seconds:.3f}", "at most 0.20"
            yield f"{name}: memory / starfile.read", f"{own_megabytes / megabytes:.3f}", "at most 0.25"
