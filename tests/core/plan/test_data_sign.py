"""The data sign: the pictures, the map from the particles, and the user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.pictures.data_sign import SignVerdict
from cryoimport_gui.core.plan.data_sign import decide_sign
from cryoimport_gui.core.plan.planner import plan_import
from tests.support.made_particles import Recipe, make_particles
from tests.support.planted_poses import ANGLES, write_made


def pictures(value: int) -> SignVerdict:
    return SignVerdict(value, 0.5 - 0.4 * value, 0.99 if value else 0.6, 400, (), (), np.zeros(400))


@pytest.mark.parametrize(
    ("choice", "seen", "map_sign", "value", "source", "codes"),
    [
        ("auto", -1, 0, -1, "detected", []),
        ("auto", -1, -1, -1, "detected", []),
        ("auto", 1, -1, 1, "detected", ["data-sign-unclear"]),
        ("auto", 0, 0, -1, "default", ["data-sign-unclear"]),
        ("auto", 0, 1, 1, "detected", []),
        ("auto", 0, -1, -1, "detected", []),
        ("+1", 0, -1, 1, "user", []),
        ("+1", 0, 1, 1, "user", []),
        ("+1", -1, 0, 1, "user", ["data-sign-contradicts"]),
        ("+1", -1, -1, 1, "user", ["data-sign-contradicts"]),
        ("-1", -1, 1, -1, "user", []),
    ],
)
def test_who_decides(choice: str, seen: int, map_sign: int, value: int, source: str, codes: list[str]) -> None:
    sign, problems = decide_sign(choice, pictures(seen), map_sign)
    assert (sign.value, sign.source, sign.map_sign) == (value, source, map_sign)
    assert [found.code for found in problems] == codes
    assert all((f"the map from the particles says {map_sign:+d}" in p.message) == bool(map_sign) for p in problems)


FAINT = Recipe(particles=400, snr=0.003, shift=0.05, sign=1, defocus_um=(0.6, 0.9), colour=1.0)


def test_the_map_settles_what_faint_pictures_leave_open(tmp_path: Path) -> None:
    made = make_particles(FAINT, 2)
    meta = write_made(tmp_path, made)
    blind = plan_import(ImportParameters(meta=str(meta), check_poses="off"))
    assert blind.data_sign and (blind.data_sign.value, blind.data_sign.source) == (-1, "default")
    assert "data-sign-unclear" in [p.code for p in blind.problems]
    plan = plan_import(ImportParameters(meta=str(meta)))
    assert plan.data_sign and (plan.data_sign.value, plan.data_sign.source) == (1, "detected")
    assert "data-sign-unclear" not in [p.code for p in plan.problems]


def test_a_map_from_wrong_poses_settles_nothing(tmp_path: Path) -> None:
    made = make_particles(replace(FAINT, spot=-6.0), 2)
    angles = np.random.default_rng(0).permutation(made.angles_deg)
    plan = plan_import(ImportParameters(meta=str(write_made(tmp_path, made, dict(zip(ANGLES, angles.T))))))
    assert plan.data_sign and plan.data_sign.map_sign == 0
