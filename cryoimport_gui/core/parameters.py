"""Everything that the user may choose, once: flags, pages, tool tips, settings and the report come from here."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from reprlib import repr as shown  # a value in a file may be very long, or nested very deep
from typing import Any

from .conditions import BadParameter, parse_condition
from .problems import CODES


@dataclass(frozen=True)
class ParameterKind:
    """How a value is read from text or JSON, and how it is shown in `--help`."""

    metavar: str | None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    several: bool = False  # a flag that may be given more than once


PATH, FOLDER, SWITCH, COUNT = (
    ParameterKind("FILE"),
    ParameterKind("DIR"),
    ParameterKind(None),
    ParameterKind("N", minimum=0),
)

CONDITION, CODE = ParameterKind("CONDITION", several=True), ParameterKind("CODE", several=True)
PATHS = ParameterKind("PATH", several=True)

_MAX_GROUP = 2**32 - 1

#: Overrides by optics group, its number or its name; the key None is "all groups".
Overrides = dict[int | str | None, float]


def _choice(*values: str) -> ParameterKind:
    return ParameterKind("{" + ",".join(values) + "}", values)


def _parameter(default: Any, kind: ParameterKind, title: str, help: str, unit: str = "", unset: str = "") -> Any:
    """`unset` says what holds where a parameter without a default is not given."""
    metadata = {"kind": kind, "title": title, "help": help, "unit": unit, "unset": unset}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def _override(title: str, unit: str, help: str, unset: str = "the STAR file's, else the exposures'") -> Any:
    return _parameter({}, ParameterKind(f"[GROUP=]{unit or 'X'}"), title, help, unit, unset)


@dataclass
class ImportParameters:
    """What an import is made from.  Paths are text as typed; an empty one is not given.

    A list of paths may be set as one text, which is then the only one.
    """

    meta: tuple[str, ...] = _parameter(
        (),
        PATHS,
        "Particle meta path",
        "STAR file of the particles, RELION's or cisTEM's, a wildcard in quotes, or the folder of a RELION job. "
        "Several are joined in this order. Or picks without images, of Topaz, crYOLO, EMAN or RELION: a file, a folder "
        "or a wildcard in quotes.",
    )
    data: str = _parameter(
        "",
        FOLDER,
        "Particle data path",
        "Folder that the image names in the STAR file start from. Or one stack, or a wildcard in quotes: stacks are "
        "then found by their file names alone. Often not needed.",
    )
    exposures: tuple[str, ...] = _parameter(
        (),
        PATHS,
        "Source exposures",
        "CryoSPARC dataset (.cs or .csg) of the exposures that the particles come from, or the folder of a job with "
        "one. Several are joined.",
    )
    original: str = _parameter(
        "",
        PATH,
        "Original particles",
        "CryoSPARC particles (.cs or .csg) that this file was exported from. Rows get back their uids, their locations "
        "and everything else that the STAR file does not hold.",
    )
    output: str = _parameter("", FOLDER, "Output folder", "Job folder to create; it must not exist, or be empty.")
    project: str = _parameter(
        "",
        FOLDER,
        "CryoSPARC project",
        "Folder of the CryoSPARC project that holds the output; paths are written relative to it.",
    )
    ignore_raw_data: bool = _parameter(
        False, SWITCH, "Ignore raw data", "Import only the metadata: no images, no links, no blob fields."
    )
    ignore_pose_data: bool = _parameter(False, SWITCH, "Ignore pose data", "Leave angles, shifts and classes out.")
    ignore_half_sets: bool = _parameter(
        False,
        SWITCH,
        "Ignore half-sets",
        "Leave the half-set assignment out; CryoSPARC splits the particles again.",
    )
    pixel_size: Overrides = _override(
        "Pixel size",
        "Å",
        "Pixel size of the particle images, for all optics groups or for one. Does not move particles.",
        "the STAR file's, else the stack headers'",
    )
    voltage: Overrides = _override(
        "Accelerating voltage", "kV", "Accelerating voltage, for all optics groups or for one."
    )
    cs: Overrides = _override("Spherical aberration", "mm", "Spherical aberration, for all optics groups or for one.")
    amplitude_contrast: Overrides = _override(
        "Amplitude contrast", "", "Amplitude contrast as a fraction, for all optics groups or for one."
    )
    total_dose: Overrides = _override(
        "Total dose", "e/Å²", "Total exposure, for all optics groups or for one.", "no dose is written"
    )
    select: tuple[str, ...] = _parameter(
        (),
        CONDITION,
        "Which particles",
        "Import only rows for which every condition holds, such as rlnClassNumber=1,3 or rlnMaxValueProbDistribution"
        ">=0.2 or rlnMicrographName~GridA (contains) or optics-group=2 (number or name). Operators: = (a list), !=, <, "
        "<=, >, >=, ~; numbers compare as numbers, else as text.",
        unset="all rows",
    )
    image_numbers_from: str = _parameter(
        "1",
        _choice("1", "0"),
        "First image number",
        "The number of the first image of a stack in the image names: 1, as RELION counts, or 0.",
    )
    data_sign: str = _parameter(
        "auto",
        _choice("auto", "+1", "-1"),
        "Data sign",
        "What the stored values are multiplied with so that particles are dark on light: +1 for images stored dark on "
        "light, -1 for images stored light on dark, as RELION extracts them; auto looks at the pictures.",
    )
    check_poses: str = _parameter(
        "auto",
        _choice("auto", "off"),
        "Check poses",
        "Whether angles, shifts and CTF belong to these images: a map is made from a sample of them and compared with "
        "them again. auto does so wherever images and poses are imported.",
    )
    remove_leading_uid: bool = _parameter(
        False,
        SWITCH,
        "Remove leading UID",
        "Remove a leading `<digits>_` from the exposures' names before matching.",
    )
    exposure_cut_prefix: int = _parameter(
        0,
        COUNT,
        "Exposure: cut from the front",
        "Characters cut from the front of each exposure's name.",
        "characters",
    )
    exposure_cut_suffix: int = _parameter(
        0,
        COUNT,
        "Exposure: cut from the end",
        "Characters cut from the end of each exposure's name.",
        "characters",
    )
    particle_cut_prefix: int = _parameter(
        0,
        COUNT,
        "Particle: cut from the front",
        "Characters cut from the front of each micrograph's name.",
        "characters",
    )
    particle_cut_suffix: int = _parameter(
        0,
        COUNT,
        "Particle: cut from the end",
        "Characters cut from the end of each micrograph's name.",
        "characters",
    )
    suggest_trims: bool = _parameter(
        False,
        SWITCH,
        "Find trimming rules",
        "Find the UID removal and cut lengths that match most names, and use them.",
    )
    coordinate_y: str = _parameter(
        "auto",
        _choice("auto", "keep", "flip"),
        "Coordinate y",
        "Whether y counts rows of the exposure as it is stored (keep) or mirrored (flip); auto compares particles, or "
        "where they were picked, with the micrographs where these can be read, else keeps.",
    )
    coordinate_scale: str = _parameter(
        "auto",
        ParameterKind("{auto,F}"),
        "Coordinate scale",
        "Factor from coordinates to pixels of the exposure; auto finds it from the pictures, from how far coordinates "
        "reach, or from the pixel sizes.",
    )
    mirror_poses: str = _parameter(
        "auto",
        _choice("auto", "yes", "no"),
        "Mirror poses",
        "Only where raw data is ignored: mirror poses, shifts and the angle of astigmatism, for particles that will be "
        "extracted from exposures which are mirrored top to bottom; auto does so where the pictures show it.",
    )
    on_bad: str = _parameter(
        "stop",
        _choice("stop", "leave-out"),
        "Bad rows",
        "Stop at rows that cannot be imported, or leave them out.",
    )
    on_unmatched: str = _parameter(
        "stop",
        _choice("stop", "keep", "leave-out"),
        "Unmatched particles",
        "Particles whose exposure is not found: stop, keep them without a location, or leave them out.",
    )
    accept: tuple[str, ...] = _parameter(
        (),
        CODE,
        "Import anyway",
        "Import although this error stands: the code of an error that can be accepted, as the problem shows it.",
        unset="none",
    )

    def __post_init__(self) -> None:
        self.meta, self.exposures = _list_of_paths(self.meta), _list_of_paths(self.exposures)

    def to_json(self) -> dict[str, Any]:
        """What can be read anywhere: paths are absolute."""
        return {f.name: _to_json(getattr(self, f.name), f.metadata["kind"]) for f in fields(self)}


@dataclass
class RunOptions:
    """How the command runs; says nothing about the import itself."""

    relink: str = _parameter(
        "",
        ParameterKind("JOB"),
        "Job folder",
        "Repair the links of a job folder whose stacks have moved; no window opens.",
    )
    headless: bool = _parameter(False, SWITCH, "Headless", "Import without a window.")
    dry_run: bool = _parameter(False, SWITCH, "Dry run", "Check everything and write nothing.")
    report: str = _parameter("", PATH, "Report", "Write the report to this file in every case, also when refused.")
    settings: str = _parameter(
        "",
        PATH,
        "Settings",
        "Take parameters from an earlier import.json; flags win. The output folder is never taken from it.",
    )
    demo: str | None = _parameter(
        None,
        ParameterKind("[DIR]"),
        "Demo",
        "Make a small consistent data set (in DIR, if given) and use it as the input.",
    )
    log_level: str = _parameter(
        "info",
        _choice("debug", "info", "warning", "error"),
        "Log level",
        "How much is written to standard error.",
    )


def parameter(name: str) -> dataclasses.Field:
    """The definition of a parameter: its default and, in `metadata`, kind, title, help and unit."""
    return next(f for f in (*fields(ImportParameters), *fields(RunOptions)) if f.name == name)


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def meaning(name: str) -> list[str]:
    """What a parameter is, its unit and its default, as sentences."""
    entry = parameter(name)
    sentences = [entry.metadata["help"]]
    if entry.metadata["unit"]:
        sentences.append(f"Unit: {entry.metadata['unit']}.")
    default = entry.metadata["unset"] if entry.default in (dataclasses.MISSING, "", None, ()) else entry.default
    if entry.metadata["kind"] is SWITCH:
        default = "on" if default else "off"
    if default != "":
        sentences.append(f"Default: {default}.")
    return sentences


def update(parameters: ImportParameters, values: Mapping[str, Any]) -> ImportParameters:
    """A copy with some values replaced, each checked.

    Values may be typed, or text as in flags and settings; overrides may be lists of `[GROUP=]value`.

    Raises:
        BadParameter: A name is unknown or a value cannot be taken.
    """
    known = {f.name: f for f in fields(parameters)}
    for name in values:
        if name not in known:
            meant = get_close_matches(name, known, 1)
            raise BadParameter(f"no parameter is named {shown(name)}" + (f"; is {meant[0]} meant?" if meant else ""))
    return dataclasses.replace(parameters, **{name: _checked(known[name], value) for name, value in values.items()})


def load_settings(path: str | Path) -> dict[str, Any]:
    """The import parameters in an earlier report, or in a file of parameters alone.

    The output folder is never among them: where to write is decided by the user at hand.

    Raises:
        BadParameter: The file is not such a file, or has a name that is no parameter's.
    """
    try:
        if not os.path.isfile(path):
            raise ValueError("there is no such file")
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise BadParameter(f"{path} cannot be read as settings: {error}") from None
    values = content.get("parameters", content) if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise BadParameter(f"{path} holds no parameters")
    passing = {f.name for f in fields(RunOptions)} | {"output"}
    chosen = {name: value for name, value in values.items() if name not in passing}
    update(ImportParameters(), chosen)
    return chosen


def _to_json(value: Any, kind: ParameterKind) -> Any:
    if kind in (PATH, FOLDER):
        return os.path.abspath(value) if value else ""
    if kind is PATHS:
        return list(map(os.path.abspath, value))
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return [f"{number!r}" if group is None else f"{group}={number!r}" for group, number in value.items()]
    return value


def _checked(entry: dataclasses.Field, value: Any) -> Any:
    kind: ParameterKind = entry.metadata["kind"]
    where = flag(entry.name)
    if entry.default is dataclasses.MISSING:
        return _overrides(where, value)
    if kind is SWITCH:
        if not isinstance(value, bool):
            raise BadParameter(f"{where} is on or off, not {shown(value)}")
        return value
    if kind.several:
        return _list_of(where, kind, value)
    if kind is COUNT:
        try:
            count = int(value) if not isinstance(value, (bool, float)) else -1
        except (TypeError, ValueError):
            count = -1
        if not 0 <= count <= 10_000:
            raise BadParameter(f"{where} takes a number of characters (0 or more), not {shown(value)}")
        return count
    if entry.name == "coordinate_scale":
        text = _text(value)
        if text != "auto" and not 0 < _number(where, text) < 1000:
            raise BadParameter(f"{where} takes auto or a factor above 0, not {shown(value)}")
        return text
    if not isinstance(value, str) or not _can_be_a_path(value):
        raise BadParameter(f"{where} takes text, not {shown(value)}")
    if entry.name == "data_sign" and value == "1":
        value = "+1"
    if kind.choices and value not in kind.choices:
        raise BadParameter(f"{where} takes {', '.join(kind.choices)}, not {shown(value)}")
    return value


def _list_of(where: str, kind: ParameterKind, value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise BadParameter(f"{where} takes text, or a list of texts, not {shown(value)}")
    if kind is PATHS:
        if bad := next((text for text in texts if not _can_be_a_path(text)), None):
            raise BadParameter(f"{where} takes paths, not {shown(bad)}")
        return _list_of_paths(tuple(texts))
    for text in texts:
        if kind is CODE and not (text in CODES and CODES[text].acceptable):
            known = ", ".join(code for code, entry in CODES.items() if entry.acceptable)
            raise BadParameter(f"{where} takes the code of an error that can be accepted ({known}), not {shown(text)}")
        if kind is CONDITION:
            parse_condition(text)
    return tuple(dict.fromkeys(texts))


def _list_of_paths(paths: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, [paths] if isinstance(paths, str) else paths))


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""


def _can_be_a_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _overrides(where: str, value: Any) -> Overrides:
    if isinstance(value, dict):
        value = [_text(number) if group is None else f"{group}={_text(number)}" for group, number in value.items()]
    if not isinstance(value, (str, int, float, list)):
        raise BadParameter(f"{where} takes [GROUP=]number, or a list of them, not {shown(value)}")
    out: Overrides = {}
    for entry in value if isinstance(value, list) else [value]:
        group, equals, number = _text(entry).rpartition("=")
        if equals and not _can_be_a_group(group.strip()):
            words = "GROUP is the number or the name of an optics group"
            raise BadParameter(f"{where} takes [GROUP=]number, where {words}, not {shown(entry)}")
        out[_group(group.strip()) if equals else None] = check_microscope_value(where, _number(where, number))
    return out


def _can_be_a_group(text: str) -> bool:
    return bool(text) and (not text.isdecimal() or (len(text) < 20 and int(text) <= _MAX_GROUP))


def _group(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _number(where: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadParameter(f"{where} takes a number, not {shown(text)}") from None


#: (above, below) what any microscope can do; a value outside is refused wherever it comes from
LIMITS: dict[str, tuple[float, float]] = {
    "pixel_size": (0.05, 100.0),
    "voltage": (1.0, 3000.0),
    "cs": (-1.0, 100.0),
    "amplitude_contrast": (-1e-9, 1.0),
    "total_dose": (-1e-9, 10_000.0),
}


def check_microscope_value(name: str, value: float) -> float:
    """The value, if a microscope can have it; `name` is a parameter's name or flag.

    Raises:
        BadParameter: It is outside of `LIMITS`, or not a number.
    """
    low, high = LIMITS[name.removeprefix("--").replace("-", "_")]
    if not low < value < high:
        raise BadParameter(
            f"{flag(name.removeprefix('--'))}: {value:g} is not possible (between {max(low, 0):g} and {high:g})"
        )
    return value
