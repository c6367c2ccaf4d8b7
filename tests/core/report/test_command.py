"""Parameters as a command and as a file of settings: what comes back is what went out."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cryoimport_gui.__main__ import _collect
from cryoimport_gui.core.parameters import ImportParameters, load_settings, update
from cryoimport_gui.core.report.command import as_arguments, as_command, settings_text
from cryoimport_gui.manual import make_parser

#: something other than the default for every parameter, with what a shell or argparse could trip over
EVERYTHING: dict[str, Any] = {
    "meta": ('/a b/run\'s "data".star', "/c/*_data.star"),
    "data": "/-x",
    "exposures": ("/J1/$HOME `x`.cs", "/J2"),
    "original": "/J9/the 'old'.csg",
    "output": "/P/J7;rm",
    "project": "/P",
    "ignore_raw_data": True,
    "ignore_pose_data": True,
    "ignore_half_sets": True,
    "pixel_size": {None: 1.05, 2: 0.1 + 0.2},
    "voltage": {1: 200.0},
    "cs": {None: -0.5},
    "amplitude_contrast": {3: 0.07},
    "total_dose": {None: 1e-5},
    "select": ("rlnClassNumber=1,3", "rlnMicrographName~Grid A", "optics-group!=2"),
    "data_sign": "-1",
    "check_poses": "off",
    "image_numbers_from": "0",
    "remove_leading_uid": True,
    "exposure_cut_prefix": 1,
    "exposure_cut_suffix": 2,
    "particle_cut_prefix": 3,
    "particle_cut_suffix": 4,
    "suggest_trims": True,
    "coordinate_y": "flip",
    "coordinate_scale": "0.5",
    "mirror_poses": "yes",
    "on_bad": "leave-out",
    "on_unmatched": "keep",
    "accept": ("images-ctf-corrected",),
}
ALL = update(ImportParameters(), EVERYTHING)


def parsed(arguments: list[str]) -> ImportParameters:
    parameters, options = _collect(vars(make_parser().parse_args(arguments)))
    assert options.headless
    return parameters


def test_every_parameter_is_tried() -> None:
    assert set(EVERYTHING) == {entry.name for entry in fields(ImportParameters)}
    default = ImportParameters()
    assert all(getattr(ALL, name) != getattr(default, name) for name in EVERYTHING)


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_parameter_comes_back_from_its_command(name: str) -> None:
    parameters = update(ImportParameters(), {name: EVERYTHING[name]})
    assert parsed(shlex.split(as_command(parameters))[1:]) == parameters


def test_all_parameters_come_back_from_one_command() -> None:
    assert parsed(shlex.split(as_command(ALL))[1:]) == ALL


def test_a_shell_takes_the_command_apart_as_it_was_meant() -> None:
    """The command's name is replaced by one that prints its arguments."""
    words = as_command(ALL).split(" ", 1)[1]
    shown = subprocess.run(["sh", "-c", f"printf '%s\\0' {words}"], capture_output=True, text=True, check=True).stdout
    assert shown.split("\0")[:-1] == [*as_arguments(ALL), "--headless"]


def test_defaults_are_left_out() -> None:
    assert as_command(ImportParameters(meta="/x.star")) == "cryoimport-gui /x.star --headless"


def test_relative_paths_hold_wherever_the_command_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parameters = parsed(as_arguments(ImportParameters(meta="-a.star", data="b")) + ["--headless"])
    assert (parameters.meta, parameters.data) == ((str(tmp_path / "-a.star"),), str(tmp_path / "b"))


def test_settings_come_back_but_for_the_output(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(settings_text(ALL), "utf-8")
    assert update(ImportParameters(), load_settings(path)) == update(ALL, {"output": ""})
