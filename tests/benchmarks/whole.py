"""A whole import of 1M particles in 4,000 stacks, links included, against `starfile.read` of its STAR file alone.

Job folders are removed after the last measurement: ext4 passes over the inodes of what was removed a moment ago, one by
one for every link that is made, and so takes ten times as long for links where thousands have just gone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .made_star import make_stacks, make_star
from .measure import interleaved

ROWS, STACKS = 1_000_000, 4_000


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        star = root / "run_data.star"
        make_star(star, ROWS, STACKS)
        make_stacks(root, STACKS, images=ROWS // STACKS)
        setup = (
            "import tempfile\n"
            "from cryoimport_gui.core.job.write import write_job\n"
            "from cryoimport_gui.core.parameters import ImportParameters\n"
            "from cryoimport_gui.core.plan.planner import plan_import"
        )
        work = (
            f"output = tempfile.mkdtemp(dir={folder!r})\n"
            f"write_job(plan_import(ImportParameters(meta={str(star)!r}, output=output, data_sign='-1')))"
        )
        ways = {
            "starfile.read": ("import starfile", f"starfile.read({str(star)!r})"),
            "whole import": (setup, work),
        }
        results = interleaved(ways)
    seconds, megabytes = results["starfile.read"]
    own_seconds, own_megabytes = results["whole import"]
    yield f"starfile.read, {ROWS:,} rows", f"{seconds:.2f} s", f"{megabytes:.0f} MB"
    yield "whole import: time / starfile.read", f"{own_seconds / seconds:.3f}", "at most 0.30"
    yield "whole import: memory / starfile.read", f"{own_megabytes / megabytes:.3f}", "at most 0.15"
