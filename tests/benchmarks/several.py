"""Reading two files of a million rows as one, against both of them alone; and writing their joined table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .made_star import make_star
from .measure import in_process, interleaved

ROWS, STACKS = 1_000_000, 4_000
_READ = "from cryoimport_gui.core.reading import formats"
_JOIN = """
import numpy as np
from cryoimport_gui.core.reading.joined_star import RowsOfFile, joined_star
from cryoimport_gui.core.reading import formats
paths = {paths!r}
particles = formats.read(paths).particles
lines = particles.line_of(particles.rows)
files = [RowsOfFile(path, lines[particles.file_of(particles.rows) == k], {{1: {new}, 2: 2}})
         for k, path in enumerate(paths)]
del particles
"""


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{name}.star" for name in "ab"]
        for seed, path in enumerate(paths, 1):
            make_star(Path(path), ROWS, STACKS, seed)
        ways = {name: (_READ, f"formats.read({some!r})") for name, some in zip("ab", ([paths[0]], [paths[1]]))}
        results = interleaved(ways | {"both": (_READ, f"formats.read({paths!r})")})
        seconds, megabytes = (results["a"][i] + results["b"][i] for i in (0, 1))
        yield f"two files of {ROWS:,} rows, one after the other", f"{seconds:.2f} s", f"{megabytes:.0f} MB"
        yield "both as one: time / both alone", f"{results['both'][0] / seconds:.3f}", "at most 1.1"
        yield "both as one: memory / both alone", f"{results['both'][1] / megabytes:.3f}", "at most 1.1"
        for new, what in ((1, "as they are"), (3, "with another number of a group")):
            setup = _JOIN.format(paths=paths, new=new)
            work = f"with open({folder + '/joined.star'!r}, 'wb') as file: file.writelines(joined_star(files))"
            joined_seconds, joined_megabytes = in_process(setup, work)
            yield f"joined table, rows {what}", f"{joined_seconds:.2f} s", f"{joined_megabytes:.0f} MB"
