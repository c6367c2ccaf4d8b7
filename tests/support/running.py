"""Running an import in the tests, and reading what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from cryosparc.dataset import Dataset

from cryoimport_gui import __version__
from cryoimport_gui.__main__ import main
from cryoimport_gui.core.parameters import ImportParameters, RunOptions
from cryoimport_gui.core.progress import Progress


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


class StopAfter(Progress):
    """Is asked to stop after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(self._asked)
        self._left = steps

    def _asked(self) -> bool:
        self._left -= 1
        return self._left < 0


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
            else (os.fsencode(path.readlink()), 0)
            if path.is_symlink()
            else (path.read_bytes(), path.stat().st_mtime_ns)
        )
        for path in sorted(folder.rglob("*"))
    }


#: what a report must hold at least
KEYS = {
    "": {"software", "status", "parameters", "counts", "optics_groups", "data_sign", "poses", "original", "trims",
         "coordinate_y", "coordinate_scale", "locations", "problems", "outputs", "timings_s"},
    "software": {"name", "version", "numpy"},
    "counts": {"rows", "not_selected", "particles", "left_out", "stacks", "links", "optics_groups", "exposures",
               "exposures_matched", "particles_matched", "uids_restored"},
    "data_sign": {"value", "source", "particles_brighter", "sampled", "confidence", "map_sign"},
    "poses": {"verdict", "correlation", "shuffled_correlation", "no_shifts_correlation", "sampled", "suspect"},
    "original": {"file", "matched", "carried_slots"},
    "trims": {"remove_leading_uid", "exposure_cut_prefix", "exposure_cut_suffix", "particle_cut_prefix",
              "particle_cut_suffix", "source"},
    "coordinate_y": {"value", "source", "keep_correlation", "flip_correlation", "sampled", "mirrored"},
    "coordinate_scale": {"value", "source"},
    "outputs": {"dataset", "result_group", "folder"},
    "parameters": {f.name for cls in (ImportParameters, RunOptions) for f in fields(cls)},
}  # fmt: skip


def check_report(report: dict) -> None:
    assert KEYS[""] <= set(report)
    for name, keys in KEYS.items():
        if name and report[name] is not None:
            assert keys <= set(report[name]), name
    assert report["software"] == {"name": "cryoimport-gui", "version": __version__, "numpy": np.__version__}
    for group in report["optics_groups"]:
        assert {"id", "name", "particles", "pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast"} <= set(group)
        assert all(set(value) == {"value", "source"} for value in group.values() if isinstance(value, dict))
    for problem in report["problems"]:
        assert set(problem) == {"severity", "code", "message", "hint", "count", "examples", "accepted"}
    assert all(seconds >= 0 for seconds in report["timings_s"].values())
