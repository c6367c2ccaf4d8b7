from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cryoimport_gui.core.parameters import (
    LIMITS,
    BadParameter,
    ImportParameters,
    RunOptions,
    check_microscope_value,
    flag,
    load_settings,
    meaning,
    parameter,
    update,
)
from cryoimport_gui.manual import make_parser

FLAGS = """--data --exposures --original --output --project --ignore-raw-data --ignore-pose-data --ignore-half-sets
--pixel-size
--voltage --cs --amplitude-contrast --total-dose --data-sign --remove-leading-uid --exposure-cut-prefix
--exposure-cut-suffix --particle-cut-prefix --particle-cut-suffix --suggest-trims --coordinate-y --coordinate-scale
--mirror-poses --on-bad --on-unmatched
--select --image-numbers-from --check-poses --accept --relink
--headless --dry-run --report --settings --demo --log-level --version""".split()
DEFAULTS = {
    "data_sign": "auto",
    "image_numbers_from": "1",
    "check_poses": "auto",
    "coordinate_y": "auto",
    "coordinate_scale": "auto",
    "mirror_poses": "auto",
    "on_bad": "stop",
    "on_unmatched": "stop",
}
CHANGED: dict[str, Any] = {
    "meta": ("a.star", "b/*.star"),
    "data": "/data",
    "exposures": ("J1/e.cs", "J2"),
    "original": "J9/particles.cs",
    "output": "J3",
    "project": ".",
    "ignore_raw_data": True,
    "ignore_pose_data": True,
    "ignore_half_sets": True,
    "pixel_size": {None: 1.0 / 3, 2: 1.5},
    "voltage": {1: 300.0},
    "cs": {7: 0.0},
    "amplitude_contrast": {None: 0.07},
    "total_dose": {2: 50.5, None: 40.0},
    "select": ("rlnClassNumber=1,3", "optics-group=2"),
    "data_sign": "-1",
    "check_poses": "off",
    "image_numbers_from": "0",
    "remove_leading_uid": True,
    "exposure_cut_prefix": 1,
    "exposure_cut_suffix": 2,
    "particle_cut_prefix": 22,
    "particle_cut_suffix": 4,
    "suggest_trims": True,
    "coordinate_y": "flip",
    "coordinate_scale": "0.5",
    "mirror_poses": "yes",
    "on_bad": "leave-out",
    "on_unmatched": "keep",
    "accept": ("images-ctf-corrected",),
}


def given(*arguments: str) -> dict[str, Any]:
    return vars(make_parser().parse_args(arguments))


def test_the_flags_are_those_of_the_contract() -> None:
    printed = make_parser().format_help()
    assert all(f" {name} " in printed or f" {name}\n" in printed or f"[{name}" in printed for name in FLAGS)
    names = [f.name for cls in (ImportParameters, RunOptions) for f in fields(cls)]
    assert sorted([flag(name) for name in names if name != "meta"] + ["--version"]) == sorted(FLAGS)


def test_defaults() -> None:
    values = ImportParameters().to_json()
    assert {name: value for name, value in values.items() if value} == DEFAULTS
    assert given() == {}


def test_every_parameter_comes_through_flags() -> None:
    arguments = [
        "a.star",
        "b/*.star",
        "--data",
        "/data",
        "--exposures",
        "J1/e.cs",
        "--exposures",
        "J2",
        "--output",
        "J3",
        "--project",
        ".",
    ]
    arguments += ["--ignore-raw-data", "--ignore-pose-data", "--ignore-half-sets", "--remove-leading-uid"]
    arguments += ["--pixel-size", repr(1 / 3), "--pixel-size", "2=1.5", "--voltage", "1=300", "--cs", "7=0"]
    arguments += ["--amplitude-contrast", "0.07", "--total-dose", "2=50.5", "--total-dose", "40", "--data-sign", "-1"]
    arguments += ["--exposure-cut-prefix", "1", "--exposure-cut-suffix", "2", "--particle-cut-prefix", "22"]
    arguments += ["--particle-cut-suffix", "4", "--suggest-trims", "--coordinate-y", "flip"]
    arguments += ["--coordinate-scale", "0.5", "--on-bad", "leave-out", "--on-unmatched", "keep"]
    arguments += ["--select", "rlnClassNumber=1,3", "--select", "optics-group=2", "--image-numbers-from", "0"]
    arguments += ["--accept", "images-ctf-corrected", "--check-poses", "off", "--mirror-poses", "yes"]
    arguments += ["--original", "J9/particles.cs"]
    assert update(ImportParameters(), given(*arguments)) == ImportParameters(**CHANGED)


#: what is written down can be read from anywhere
ABSOLUTE = {name: os.path.abspath(CHANGED[name]) for name in ("data", "original", "output", "project")} | {
    name: tuple(map(os.path.abspath, CHANGED[name])) for name in ("meta", "exposures")
}


def test_every_parameter_comes_through_json() -> None:
    assert set(CHANGED) == {f.name for f in fields(ImportParameters)}
    parameters = ImportParameters(**CHANGED)
    through = json.loads(json.dumps(parameters.to_json()))
    assert update(ImportParameters(), through) == ImportParameters(**CHANGED | ABSOLUTE)
    assert update(ImportParameters(), CHANGED) == parameters


def test_settings_never_hold_the_output(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values = ImportParameters(**CHANGED).to_json()
    for content in (values, {"parameters": values | {"headless": True, "report": "x"}}):
        path.write_text(json.dumps(content))
        settings = load_settings(path)
        assert "output" not in settings
        expected = ImportParameters(**CHANGED | ABSOLUTE | {"output": "here"})
        assert update(ImportParameters(output="here"), settings) == expected


@pytest.mark.parametrize(
    ("name", "words"), [("voltge", "no parameter is named 'voltge'; is voltage meant?"), ("zzz", "named 'zzz'")]
)
def test_a_misspelt_name_in_settings_is_refused(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "settings.json"
    for content in ({name: 200}, {"parameters": {name: 200}}):
        path.write_text(json.dumps(content))
        with pytest.raises(BadParameter) as caught:
            load_settings(path)
        assert str(caught.value).endswith(words)


def test_flags_that_are_not_given_change_nothing() -> None:
    start = ImportParameters(**CHANGED)
    assert update(start, given("--data-sign", "1")) == ImportParameters(**CHANGED | {"data_sign": "+1"})
    assert start.data_sign == "-1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pixel_size", "0.01"),
        ("pixel_size", "101"),
        ("pixel_size", "=1"),
        ("pixel_size", "1="),
        ("voltage", "0"),
        ("voltage", "300000"),
        ("cs", "-2"),
        ("cs", "2,7"),
        ("amplitude_contrast", "-0.1"),
        ("amplitude_contrast", "1"),
        ("total_dose", "-1"),
        ("total_dose", ""),
        ("data_sign", "+2"),
        ("data_sign", -1),
        ("check_poses", "yes"),
        ("coordinate_y", "AUTO"),
        ("coordinate_scale", "-1"),
        ("coordinate_scale", "inf"),
        ("coordinate_scale", "two"),
        ("on_bad", "keep"),
        ("on_unmatched", "drop"),
        ("exposure_cut_suffix", "1.5"),
        ("exposure_cut_suffix", True),
        ("exposure_cut_suffix", 10_001),
        ("ignore_raw_data", 1),
        ("meta", None),
        ("meta", "a\0b"),
        ("nonsense", 1),
    ],
)
def test_values_that_cannot_be_taken(name: str, value: object) -> None:
    with pytest.raises(BadParameter) as refused:
        update(ImportParameters(), {name: value})
    assert (flag(name) if name != "nonsense" else "nonsense") in str(refused.value)


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    low, high = LIMITS[name]
    middle = (max(low, 0) + high) / 2
    assert check_microscope_value(name, middle) == middle == check_microscope_value(flag(name), middle)
    for value in (low, high, low - 1, high + 1, float("nan"), float("inf")):
        with pytest.raises(BadParameter, match=flag(name)):
            check_microscope_value(name, value)


def test_zero_where_it_makes_sense() -> None:
    for name in ("cs", "amplitude_contrast", "total_dose"):
        assert check_microscope_value(name, 0.0) == 0


def test_what_is_reported_of_each() -> None:
    for entry in [f for cls in (ImportParameters, RunOptions) for f in fields(cls)]:
        assert entry.metadata["help"] in meaning(entry.name) and entry.metadata["title"]
        assert parameter(entry.name) == entry
    assert "Unit: Å." in meaning("pixel_size")
    assert "Default: auto." in meaning("data_sign")
    assert "Default: the STAR file's, else the stack headers'." in meaning("pixel_size")
    assert "Default: off." in meaning("dry_run") and not any("Default" in it for it in meaning("output"))
    assert "Default: stop." in " ".join(make_parser().format_help().split())
