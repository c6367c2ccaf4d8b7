"""Running an import in the tests, and reading what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryosparc.dataset import Dataset

from cryoimport_gui.__main__ import main


@dataclass(frozen=True)
class Outcome:
    """Exit status and report of a run; `output` is where the job folder was to be."""

    status: int
    report: dict[str, Any]
    output: Path

    @property
    def codes(self) -> list[str]:
        return [problem["code"] for problem in self.report["problems"]]

    def problem(self, code: str) -> dict[str, Any]:
        (found,) = (problem for problem in self.report["problems"] if problem["code"] == code)
        return found

    @property
    def dataset(self) -> Dataset:
        return load(self.output)


def run(folder: Path, *arguments: object, output: Path | None = None) -> Outcome:
    """Run the command without a window; the job folder is to be `folder`/out unless said otherwise."""
    output = output or folder / "out"
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    flags = ["--headless", "--report", str(report), "--output", str(output)]
    status = main([*map(str, arguments), *flags])
    return Outcome(status, json.loads(report.read_text()), output)


def load(job: Path) -> Dataset:
    return Dataset.load(job / "imported_particles.cs")


def slots(fields: Iterable[str]) -> set[str]:
    return {field.split("/")[0] for field in fields} - {"uid"}


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and modification time of every file below a folder, links not followed; of folders, that they exist."""
    return {
        str(path.relative_to(folder)): (
            (b"", 0)
            if path.is_dir() and not path.is_symlink()
            else (str(path.readlink()).encode(), 0)
            if path.is_symlink()
            else (path.read_bytes(), path.stat().st_mtime_ns)
        )
        for path in sorted(folder.rglob("*"))
    }
