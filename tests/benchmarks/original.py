"""The way back: 1M rows matched to 1M originals, against reading the STAR file that they come from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .made_star import make_star, stack_name
from .measure import interleaved

ROWS, STACKS = 1_000_000, 4_000
_IMPORTS = """
import numpy as np
from pathlib import Path
from cryoimport_gui.core.plan.originals import load_originals
from cryoimport_gui.core.plan.restore import restore
from cryoimport_gui.core.reading.relion import read_particles
"""


def _make_originals(path: Path, lost_names: bool) -> None:
    """The rows of `make_star` as CryoSPARC would have them, shuffled; its random numbers are drawn again."""
    rng, each = np.random.default_rng(1), ROWS // STACKS
    values = np.concatenate([rng.uniform(-180, 180, (each, 15)) for _ in range(STACKS)])
    stack, image = np.divmod(np.arange(ROWS), each)
    names = np.array([stack_name(number).encode() for number in range(STACKS)])
    fields = [("uid", "u8"), ("blob/path", f"S{names.dtype.itemsize + 8}"), ("blob/idx", "u4"),
              ("blob/shape", "u4", (2,)), ("blob/psize_A", "f4"), ("blob/sign", "f4"), ("ctf/type", "S8"),
              ("ctf/df1_A", "f4"), ("ctf/df2_A", "f4"), ("ctf/df_angle_rad", "f4"), ("ctf/phase_shift_rad", "f4"),
              ("ctf/tilt_A", "f4", (2,)), ("ctf/tetra_A", "f4", (4,)), ("alignments3D/pose", "f4", (3,)),
              ("alignments3D/shift", "f4", (2,)), ("location/micrograph_path", f"S{names.dtype.itemsize}"),
              ("location/micrograph_shape", "u4", (2,)), ("location/micrograph_psize_A", "f4"),
              ("location/center_x_frac", "f4"), ("location/center_y_frac", "f4")]  # fmt: skip
    table = np.zeros(ROWS, fields)
    table["uid"] = np.arange(1, ROWS + 1)
    table["blob/path"] = np.char.add(b"another/" if lost_names else b"", names)[stack]
    table["blob/idx"], table["blob/shape"], table["ctf/type"] = image, 32, b"imported"
    table["blob/psize_A"] = table["location/micrograph_psize_A"] = 1.06
    table["ctf/df1_A"], table["ctf/df2_A"] = 15000 + values[:, 3], 14800 + values[:, 4]
    table["ctf/df_angle_rad"], table["ctf/phase_shift_rad"] = np.radians(values[:, 5]), 0
    table["location/micrograph_path"] = np.array([name[:-1] for name in names.tolist()])[stack]
    table["location/micrograph_shape"] = 4096
    table["location/center_x_frac"] = np.abs(values[:, 0]) * 20 / 4096
    table["location/center_y_frac"] = np.abs(values[:, 1]) * 20 / 4096
    if lost_names:
        table["blob/path"] = [b"J1/extract/%d.mrc" % number for number in (rng.permutation(STACKS)[stack]).tolist()]
    with path.open("wb") as file:
        np.save(file, table[rng.permutation(ROWS)])


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        star, by_stack, by_place = (Path(folder) / name for name in ("run_data.star", "J7/stack.cs", "J7/place.cs"))
        by_stack.parent.mkdir()
        make_star(star, ROWS, STACKS)
        _make_originals(by_stack, lost_names=False)
        _make_originals(by_place, lost_names=True)
        read = f"particles = read_particles({str(star)!r}).particles"
        match = 'found = restore(particles, originals, "3D")'
        ways = {
            "reading the STAR file": (_IMPORTS, read),
            "reading the originals": (_IMPORTS, f"load_originals({str(by_stack)!r})"),
        }
        for name, path in (("by stack and index", by_stack), ("by place", by_place)):
            load = f"originals = load_originals({str(path)!r})"
            before = f"{_IMPORTS}{read}\n{load}"
            ways[f"before matching {name}"] = (before, "pass")
            ways[f"matching {name}"] = (before, f"{match}; assert found.found > 0.999 * {ROWS}")
        results = interleaved(ways)
        seconds = results["reading the STAR file"][0]
        yield f"reading the STAR file, {ROWS:,} rows", f"{seconds:.2f} s", ""
        for name in ("reading the originals", "matching by stack and index", "matching by place"):
            yield f"{name}: time / reading the STAR file", f"{results[name][0] / seconds:.2f}", "at most 0.50"
        for name in ("by stack and index", "by place"):
            more = results[f"matching {name}"][1] - results[f"before matching {name}"][1]
            yield f"matching {name}: memory beyond both files", f"{more:.0f} MB", ""
