"""Forms of stacks that CryoSPARC's public reader takes for something else."""

from __future__ import annotations

import struct
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem
from cryoimport_gui.core.stacks.mrc import read_header, read_images

from ...support.stars import made_images, mrc_bytes, particle_columns, write_input, write_star
from ...support.truth import small_demo

IMOD_STAMP = 1146047817
VALUES = np.array([0, 1, 100, 127, -128, -100, -1, 5, 7], "i1").reshape(1, 3, 3)


def byte_stack(path: Path, least: float = 0, most: float = 0, stamp: int = 0, flags: int = 0, order: str = "<") -> Path:
    raw = bytearray(mrc_bytes(VALUES, mode=0, order=order))
    struct.pack_into(order + "2f", raw, 76, least, most)
    struct.pack_into(order + "2i", raw, 152, stamp, flags)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("header", "is_unsigned"),
    [
        ({}, False),
        ({"least": -128, "most": 127}, False),
        ({"least": 0, "most": 127}, False),
        ({"least": 0, "most": 128}, True),
        ({"least": -3, "most": 200}, False),
        ({"stamp": IMOD_STAMP}, True),
        ({"stamp": IMOD_STAMP, "flags": 2}, True),
        ({"stamp": IMOD_STAMP, "flags": 1}, False),
        ({"stamp": IMOD_STAMP, "flags": 3}, False),
        ({"stamp": 7}, False),
        ({"least": 3, "most": 250, "stamp": IMOD_STAMP, "flags": 1}, True),
    ],
)
def test_bytes_are_signed_unless_the_header_says_otherwise(
    tmp_path: Path, header: dict, is_unsigned: bool, order: str
) -> None:
    path = byte_stack(tmp_path / "s.mrcs", **header, order=order)
    found = read_header(path)
    assert found.is_unsigned == is_unsigned
    expected = VALUES.view("u1") if is_unsigned else VALUES
    np.testing.assert_array_equal(read_images(path, found, [0]), expected)


def test_no_other_mode_is_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "s.mrcs"
    raw = bytearray(mrc_bytes(made_images(1, 4)))
    struct.pack_into("<2f", raw, 76, 0, 200)
    path.write_bytes(raw)
    assert not read_header(path).is_unsigned


def doubtful(plan: ImportPlan) -> list[Problem]:
    return [found for found in plan.problems if found.code == "stack-format-doubtful"]


@pytest.mark.parametrize(
    ("mode", "order", "ending", "words"),
    [
        (2, "<", "mrcs", ""),
        (2, "<", "mrc", ""),
        (1, "<", "mrcs", ""),
        (12, "<", "mrcs", ""),
        (0, "<", "mrcs", "8-bit values (mode 0) in 1"),
        (2, ">", "mrcs", "big-endian in 1"),
        (2, "<", "st", "neither in .mrc nor in .mrcs in 1"),
    ],
)
def test_forms(tmp_path: Path, mode: int, order: str, ending: str, words: str) -> None:
    write_input(tmp_path)
    name = f"stacks/other.{ending}"
    (tmp_path / name).write_bytes(mrc_bytes(made_images(3, 8, mode=mode), mode=mode, order=order))
    star = write_star(tmp_path / "run_data.star", particle_columns(2, 3, ["stacks/s1.mrcs", name]))
    plan = plan_import(ImportParameters(meta=str(star)))
    assert plan.errors == []
    assert [found.count for found in doubtful(plan)] == [1] * bool(words)
    assert all(words in found.message and "mode 2" in found.hint for found in doubtful(plan))


def as_bytes(path: Path, offset: int) -> None:
    """The stack again in mode 0: 8 grey values a standard deviation around `offset`, unsigned; none wrap around."""
    images = mrcfile.read(path)
    values = np.clip(np.round(offset + 8 * (images - images.mean()) / images.std()), 0, 255).astype("u1")
    path.write_bytes(mrc_bytes(values.view("i1"), mode=0, pixel_size_A=2.1))


@pytest.mark.parametrize(("offset", "is_reported"), [(60, False), (127, True)])
def test_readings_that_give_different_data_signs(tmp_path: Path, offset: int, is_reported: bool) -> None:
    """Read as signed, grey values above 127 turn into the darkest: around 127 what is bright becomes dark."""
    demo = small_demo(tmp_path, micrographs=4, particles_per_micrograph=12, box=64)
    for stack in demo.stacks:
        as_bytes(stack, offset)
    plan = plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data)))
    (found,) = doubtful(plan)
    assert found.count == 4
    if is_reported:
        assert plan.byte_signs == (-demo.data_sign, demo.data_sign)
        assert f"signed bytes the pictures give the data sign {-demo.data_sign:+d}" in found.message
        assert "depends on how the bytes are read" in found.hint
    else:
        assert plan.byte_signs is None and "data sign" not in found.message
