"""Reading 10,000 files of 100 picks, and one large table of picks, against `starfile.read`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .measure import interleaved

FILES, EACH, ROWS = 10_000, 100, 1_000_000
_HEAD = """
# version 30001

data_

loop_\x20
_rlnCoordinateX #1\x20
_rlnCoordinateY #2\x20
_rlnAutopickFigureOfMerit #3\x20
_rlnClassNumber #4\x20
_rlnAnglePsi #5\x20
"""
_NAMED = "\ndata_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_files(folder / "many")
        many = f"sorted(os.scandir({str(folder / 'many')!r}), key=lambda entry: entry.name)"
        one = folder / "all.star"
        _write_one(one)
        yield from _compare(
            f"{FILES:,} files of {EACH} picks",
            f"[starfile.read(one.path) for one in {many}]",
            folder / "many",
            1,
            "at most 0.30",
        )
        yield from _compare(f"one file of {ROWS:,} picks", f"starfile.read({str(one)!r})", one, 3, "")


def _compare(what: str, theirs: str, path: Path, rounds: int, aim: str) -> Iterator[tuple[str, str, str]]:
    ways = {
        "starfile": ("import os, starfile", theirs),
        "own": (
            "from cryoimport_gui.core.reading.formats import read",
            f"read({str(path)!r})",
        ),
    }
    results = interleaved(ways, rounds)
    (seconds, megabytes), (own_seconds, own_megabytes) = results["starfile"], results["own"]
    yield f"starfile.read, {what}", f"{seconds:.1f} s", f"{megabytes:.0f} MB"
    yield f"{what}: time / starfile.read", f"{own_seconds / seconds:.3f}", aim
    yield f"{what}: memory", f"{own_megabytes:.0f} MB", ""


def _write_files(folder: Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(FILES):
        rows = rng.uniform(0, 4000, (EACH, 2)).tolist()
        text = "".join(f"{x:12.6f} {y:12.6f} {0.5:12.6f} {1:12d} {0:12.6f} \n" for x, y in rows)
        (folder / f"m{number:05d}_autopick.star").write_text(f"{_HEAD}{text} \n")


def _write_one(path: Path) -> None:
    rng = np.random.default_rng(1)
    with open(path, "w") as out:
        out.write(_NAMED)
        for first in range(0, ROWS, EACH):
            rows = rng.uniform(0, 4000, (EACH, 2)).tolist()
            out.writelines(f"mics/18aug10a_{first:07d}_DW.mrc {x:12.6f} {y:12.6f}\n" for x, y in rows)
