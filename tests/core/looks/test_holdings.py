"""What a file holds, in words: planted numbers come out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.looks.holdings import STRIP_TILES, Holdings, holdings_of, strip_of
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import

from ...support.stars import OPTICS, write_input

#: of electrons at 300 kV
WAVELENGTH_A = 0.0196875


def planned(folder: Path, change: Mapping[str, Sequence[object] | None], optics=OPTICS, **values: Any) -> ImportPlan:
    return plan_import(ImportParameters(meta=(str(write_input(folder, change, optics)),), **values))


def held(plan: ImportPlan) -> tuple[Holdings, dict[str, str]]:
    holdings = holdings_of(plan)
    assert holdings is not None
    return holdings, {name: value.replace("\N{NO-BREAK SPACE}", " ") for name, value in holdings.facts}


def test_planted_numbers(tmp_path: Path) -> None:
    defocus_A = [10_000, 12_000, 14_000, 16_000, 18_000, 20_000]
    names = [f"m{k}.mrc" for k in (1, 2, 2, 3, 3, 3)]
    change = {"rlnMicrographName": names, "rlnDefocusU": defocus_A, "rlnDefocusV": defocus_A}
    holdings, facts = held(planned(tmp_path, change))
    assert facts == {
        "Particles": "6, RELION 3.1 or 4",
        "Images": "2 stacks, 8 × 8 pixels of 1.5 Å (12 Å)",
        "Micrographs": "3, 1 to 3 particles each, median 2",
        "Poses": "3D, too few particles to compare directions",
        "Shifts": "median 1.7, up to 3.4 Å",
        "Half-sets": "3 / 3",
        "Classes": "3, of 2 / 2 / 2 particles",
        "Defocus": "median 1.50, 90% within 1.05 to 1.95 µm",
    }
    assert holdings.per_micrograph is not None
    np.testing.assert_array_equal(holdings.per_micrograph.counts, [1, 1, 1])
    np.testing.assert_array_equal(holdings.per_micrograph.edges, [0.5, 1.5, 2.5, 3.5])
    assert holdings.views is not None and holdings.views.particles == 6


def test_of_what_is_not_there_nothing_is_made_up(tmp_path: Path) -> None:
    gone = ("rlnAngleRot", "rlnAngleTilt", "rlnRandomSubset", "rlnMicrographName", "rlnDefocusU", "rlnClassNumber")
    holdings, facts = held(planned(tmp_path, dict.fromkeys(gone)))
    assert (facts["Poses"], facts["Half-sets"]) == ("2D: in-plane angles only", "none")
    assert (facts["Micrographs"], facts["Defocus"]) == ("not named", "none")
    assert not {"Classes", "Aberrations", "Phase shift", "Optics groups"} & set(facts)
    assert holdings.views is None and holdings.per_micrograph is None


def test_equal_micrographs_need_no_histogram_and_only_chosen_rows_count(tmp_path: Path) -> None:
    holdings, facts = held(planned(tmp_path, {}, select=("rlnClassNumber=1",)))
    assert facts["Micrographs"] == "2, with 1 particle each" and holdings.per_micrograph is None
    assert facts["Particles"].startswith("2,") and facts["Half-sets"] == "1 / 1"
    _, facts = held(planned(tmp_path, {"rlnMicrographName": ["m1.mrc"] * 6}))
    assert facts["Micrographs"] == "1, with 6 particles"


def test_what_the_switches_leave_out_is_said(tmp_path: Path) -> None:
    _, facts = held(planned(tmp_path, {}, ignore_pose_data=True, ignore_half_sets=True))
    assert facts["Poses"].endswith("; not imported")
    assert facts["Half-sets"] == "3 / 3; ignored, CryoSPARC splits again"


@pytest.mark.parametrize("tilt_mrad", [0.1, 0.3])
def test_the_phase_error_that_a_lost_beam_tilt_leaves(tmp_path: Path, tilt_mrad: float) -> None:
    """2π Cs λ² θ k³ at Nyquist, 3 Å."""
    _, facts = held(planned(tmp_path, {}, {**OPTICS, "rlnBeamTiltX": [tilt_mrad], "rlnBeamTiltY": [0]}))
    degrees = math.degrees(2 * math.pi * 2.7e7 * WAVELENGTH_A**2 * tilt_mrad * 1e-3 / 3**3)
    assert facts["Aberrations"] == f"beam tilt lost, a phase error of up to {degrees:.0f}° at 3.0 Å"


def test_the_strip_shows_particles_with_the_data_sign(tmp_path: Path) -> None:
    plus, minus = (strip_of(planned(tmp_path, {}, data_sign=sign)) for sign in ("+1", "-1"))
    assert plus is not None and minus is not None
    assert plus.shape == (6, 8, 8) and len(plus) <= STRIP_TILES
    np.testing.assert_array_equal(plus, 255 - minus)


def test_there_is_no_strip_without_images(tmp_path: Path) -> None:
    assert strip_of(planned(tmp_path, {}, ignore_raw_data=True)) is None


def test_of_nothing_there_is_nothing() -> None:
    empty = ImportPlan(ImportParameters())
    assert holdings_of(empty) is None and strip_of(empty) is None
