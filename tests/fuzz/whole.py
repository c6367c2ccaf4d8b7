"""Two targets beyond single readers: agreement with another reader, and the whole import."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from random import Random

import numpy as np
import starfile

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading.star import ColumnKind, read_star

from ..support.stars import OPTICS, loop, particle_columns
from .targets import TARGETS, StarTarget, Target, corpus_files

Rows = list[list[str]]


class AgreeTarget(Target):
    """Valid tables in all dialects that `starfile` reads right: every text and every number is the same in both.

    Left out is what it gets wrong: quoted texts with apostrophes, `#` inside of values, `nan`, comments among the
    column names.
    """

    name = "agree"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        made = loop("particles", particle_columns()) + loop("optics", OPTICS)
        return [made.encode(), *corpus_files(".star")]

    def make(self, rng: Random) -> bytes:
        names = ["optics", "particles", "", "images", "model_class_1"]
        rng.shuffle(names)
        tables = [self._table(rng, name) for name in names[: rng.randint(1, 3)]]
        text = rng.choice(["\n", "", "# version 30001\n\n"]).join(tables)
        return rng.choice(["\n", "\r\n"]).join(text.split("\n")).encode()

    def _table(self, rng: Random, name: str) -> str:
        labels, rows = rng.choice(self._tables)
        kept = sorted(rng.sample(range(len(labels)), rng.randint(1, len(labels))))
        rng.shuffle(kept)
        rows = rng.choices(rows, k=rng.choice((1, 2, 30)))
        cells = [[_varied(rng, row[i]) for i in kept] for row in rows]
        if rng.random() < 0.2 and len(cells) == 1:
            lines = [f"_{labels[i]}  {cell}" for i, cell in zip(kept, cells[0])]
            return f"data_{name}\n\n" + "\n".join(lines) + "\n\n"
        number = rng.choice(["", " #{}", "\t#{} "])
        lines = ["loop_", *(f"_{labels[i]}{number.format(n)}" for n, i in enumerate(kept, 1))]
        gap = rng.choice([" ", "\t", "   ", " \t"])
        aligned = rng.random() < 0.5
        widths = [max(map(len, column)) for column in zip(*cells)]
        for row in cells:
            lines.append(gap.join(c.rjust(w) if aligned else c for c, w in zip(row, widths)) + rng.choice(["", " "]))
            lines += [""] * (rng.random() < 0.05) + ["# a comment"] * (rng.random() < 0.05)
        return f"data_{name}\n\n" + "\n".join(lines) + rng.choice(["\n", "\n\n", "\n \n"])

    @cached_property
    def _tables(self) -> list[tuple[list[str], Rows]]:
        tables = []
        for seed in self.seeds:
            for block in re.split(r"(?m)^data_.*$", seed.decode()):
                labels = re.findall(r"(?m)^_(\w+)", block)
                lines = (line.split() for line in block.splitlines() if not set("'\"#") & set(line))
                rows = [
                    row for row in lines if row and len(row) == len(labels) and not row[0].startswith(("_", "loop_"))
                ]
                if rows:
                    tables.append((labels, rows))
        return tables

    def read(self, data: bytes) -> str:
        path = self.write(data, ".star")
        labels = {label for table in read_star(path, {}).tables for label in table.labels}
        theirs = starfile.read(path, always_dict=True, parse_as_string=list(labels))
        texts = read_star(path, dict.fromkeys(labels, ColumnKind.TEXT)).tables
        numbers = read_star(path, dict.fromkeys(labels, ColumnKind.NUMBER)).tables
        assert [table.name for table in texts] == list(theirs)
        for as_text, as_number, table in zip(texts, numbers, theirs.values()):
            assert as_text.labels == list(table)
            for label in as_text.labels:
                expected = [table[label]] if isinstance(table, dict) else table[label].tolist()
                text, number = as_text.text(label), as_number.number(label)
                assert text is not None and number is not None
                assert [text[i] for i in range(as_text.rows)] == expected
                np.testing.assert_array_equal(number, np.array([_number(value) for value in expected], float))
        return "ok"


def _varied(rng: Random, token: str) -> str:
    """The same kind of value, written in another way."""
    if _number(token) != _number(token) or rng.random() < 0.5:
        return token
    value = rng.uniform(-1, 1) * 10 ** rng.uniform(-8, 8)
    return rng.choice(["{:.6f}", "{:12.6f}", "{:.3e}", "{!r}", "{:.0f}", "{:+.2f}", "{:.17g}"]).format(value).strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


class ImportTarget(StarTarget):
    """A damaged STAR file through the whole import: a job folder that can be read, or a refusal and nothing."""

    name = "import"

    @cached_property
    def demo(self) -> Demo:
        return make_demo(self.folder / "demo", DemoRecipe(micrographs=2, particles_per_micrograph=6, box=24))

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        return [self.demo.star.read_bytes()] * 3 + [self.demo.star.read_bytes().replace(b"\n", b"\r\n")]

    def read(self, data: bytes) -> str:
        choice = zlib.crc32(data)
        output = self.folder / "J" / "J9"
        values = {"meta": str(self.write(data, ".star")), "data": str(self.demo.data), "output": str(output)}
        values |= {"exposures": str(self.demo.exposures), **self.demo.trims} if choice & 1 else {}
        values |= {"on_bad": "leave-out", "on_unmatched": "leave-out"} if choice & 6 else {}
        try:
            plan = plan_import(update(ImportParameters(), values))
            if plan.errors:
                return plan.errors[0].code
            write_job(plan)
            _check_job(output, plan.counts())
        except Refused as refused:
            assert not output.exists()
            return refused.problem.code
        finally:
            left = [path.name for path in (self.folder / "J").glob("*")] if output.parent.exists() else []
            shutil.rmtree(self.folder / "J", ignore_errors=True)
            assert left in ([], ["J9"])
        return "ok"


def _check_job(output: Path, counts: dict[str, int]) -> None:
    rejected = (output / "rejected.star").read_bytes() if counts["left_out"] else b""
    assert len(re.findall(rb"(?m)^[^\n]+ [a-z-]+$", rejected)) == counts["left_out"]
    rows = np.load(output / "imported_particles.cs")
    assert len(rows) == counts["particles"] and len(np.unique(rows["uid"])) == len(rows)
    assert all(np.isfinite(rows[name]).all() for name in rows.dtype.names if rows.dtype[name].base.kind == "f")
    links = {f">imported/{link.name}": link for link in (output / "imported").iterdir()}
    assert set(rows["blob/path"].astype(str)) == set(links)
    assert all(link.is_symlink() and link.exists() for link in links.values())
    names = {path.name for path in output.iterdir()} - {"rejected.star", "montage.png"}
    whole = {"imported", "particles.star", "source", "import.json", "import.html", "import.log"}
    assert names == whole | {"imported_particles.cs", "imported_particles.csg"}


ALL_TARGETS = TARGETS | {target.name: target for target in (AgreeTarget, ImportTarget)}
