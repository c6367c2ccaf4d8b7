"""Names that rules make equal: what says that they are not of the same micrographs, and what does not."""

from __future__ import annotations

import random
from dataclasses import astuple

import pytest

from cryoimport_gui.core.exposures.trim_suggestion import suggest_trims
from cryoimport_gui.core.exposures.trims import TrimRules, doubt_matches, match_names

SAME = "make sure that these are the same micrographs"
EPU = "FoilHole_{h}_Data_{d}_{n}_20230105_{t}"


def made(pattern: str, count: int = 40, seed: int = 0) -> list[str]:
    """Names of one naming scheme: {i}, {h}, {d}, {n}, {t} are the same in all schemes, UIDs only with the same seed."""
    rng, uid = random.Random(1), random.Random(seed + 2)
    return [
        pattern.replace("{epu}", EPU).format(
            i=i,
            h=rng.randrange(10**7, 10**8),
            d=rng.randrange(10**7, 10**8),
            n=i % 7,
            t=rng.randrange(10**5, 10**6),
            uid=f"{uid.getrandbits(64):021d}_",
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("count", [40, 1])
@pytest.mark.parametrize(
    ("micrograph", "exposure"),
    [
        ("M/{epu}_fractions.mrc", "J2/{uid}{epu}_fractions_patch_aligned_doseweighted.mrc"),
        ("M/{epu}_Fractions.mrc", "J2/{uid}{epu}_EER.eer"),
        ("M/{uid}{epu}_fractions_rigid_aligned.mrc", "J2/{uid}{epu}_fractions_patch_aligned.mrc"),
        ("M/{epu}_fractions_DW.mrc", "J2/{epu}_fractions.tiff"),
        ("M/{i:04d}.mrc", "J2/{uid}{i:04d}_rigid_aligned.mrc"),
        ("M/{i}_DW.mrc", "J2/{i}.tif"),
        ("M/movie_{i:04d}_noDW.mrc", "J2/{uid}sum-{i:04d}.mrc"),
        ("M/18jam15b_{i:04d}_ali_DW.mrc", "J2/{uid}18jam15b_{i:04d}_frames.mrc"),
        ("M/18jam15b_{i:04d}en-a-DW.mrcs", "J2/{uid}18jam15b_{i:04d}en-a.frames_patch_aligned.mrc"),
        ("M/grid1_{i}_fractions.mrc", "J2/{uid}grid1_{i}_frames_patch_aligned.mrc"),
        ("M/Position_{i}_mc2_bin2.mrc", "J2/{uid}Position_{i}_EVN_background.mrc"),
        ("M/{i:04d}_2x_SumCorr.mrc", "J2/{uid}{i:04d}_mcor2_DW.mrc"),
        ("M/x{i:03d}_corrected.mrc", "J2/{uid}x{i:03d}_bg.mrc"),
    ],
)
def test_ordinary_names_raise_no_doubt(micrograph: str, exposure: str, count: int) -> None:
    micrographs, exposures = made(micrograph, count), made(exposure, count, seed=1)
    found = suggest_trims(exposures, micrographs)
    assert found.rules is not None and found.matched == count
    assert SAME not in found.explanation
    match = match_names(exposures, micrographs, found.rules)
    assert doubt_matches(exposures, micrographs, match.exposure_of, found.rules) == ""


@pytest.mark.parametrize(
    ("micrograph", "exposure", "said"),
    [
        ("M/grid1_{i:04d}.mrc", "J2/{uid}grid2_{i:04d}_patch_aligned.mrc", "say grid1 where the exposures say grid2"),
        ("M/{i:04d}_grid1.mrc", "J2/{uid}{i:04d}_grid2.mrc", "say grid1 where the exposures say grid2"),
        ("M/{i:04d}_gridA_DW.mrc", "J2/{uid}{i:04d}_gridB.tif", "say gridA where the exposures say gridB"),
        ("M/{i:04d}A.mrc", "J2/{uid}{i:04d}B_aligned.mrc", "say A where the exposures say B"),
        ("M/20230101_{i:04d}.mrc", "J2/20230105_{i:04d}.mrc", "say 20230101 where the exposures say 20230105"),
        ("M/agrid_{h}.mrc", "J2/{uid}bgrid_{h}.mrc", "say agrid where the exposures say bgrid"),
        ("M/1_{i:04d}.mrc", "J2/11_{i:04d}.tif", "say 1 where the exposures say 11"),
        ("M/session3_{epu}.mrc", "J2/{uid}session4_{epu}_DW.mrc", "say session3 where the exposures say session4"),
        ("M/grid1_{i:04d}.mrc", "J2/{uid}{i:04d}_patch_aligned.mrc", "only numbers are left to compare (“0000”)"),
        ("M/{epu}_{i}.mrc", "J2/{uid}mic{i}.mrc", "very little is left to compare"),
    ],
)
def test_what_says_that_these_are_other_micrographs_is_told(micrograph: str, exposure: str, said: str) -> None:
    micrographs, exposures = made(micrograph), made(exposure, seed=1)
    found = suggest_trims(exposures, micrographs)
    assert found.rules is not None and found.matched == 40
    assert said in found.explanation and SAME in found.explanation
    match = match_names(exposures, micrographs, found.rules)
    doubt = doubt_matches(exposures, micrographs, match.exposure_of, found.rules)
    assert said in doubt and doubt.endswith(SAME)


def test_one_letter_that_counts_up_is_very_little() -> None:
    micrographs = [f"mic{i:03d}.mrc" for i in range(5)]
    exposures = [f"J9/{7 * i:021d}_FoilHole_99{i}_fractions_patch_aligned.mrc" for i in range(5)]
    found = suggest_trims(exposures, micrographs)
    assert found.matched == 5
    assert "But the micrographs say mic00 where the exposures say FoilHole 99, and very little" in found.explanation
    assert "left to compare (“0”)" in found.explanation


def test_names_that_are_not_cut_or_not_linked_raise_no_doubt() -> None:
    names = ["0.mrc", "1.mrc"]
    assert doubt_matches(names, names, match_names(names, names, TrimRules()).exposure_of, TrimRules()) == ""
    rules = TrimRules(particle_cut_prefix=1)
    assert doubt_matches(names, names, match_names(names, names, rules).exposure_of, rules) == ""
    assert doubt_matches([], [], match_names([], [], rules).exposure_of, rules) == ""


def test_rules_that_cut_more_than_needed_raise_a_doubt_only_where_what_is_cut_differs() -> None:
    micrographs, exposures = [f"grid1_{i:04d}.mrc" for i in range(9)], [f"grid1_{i:04d}_DW.mrc" for i in range(9)]
    rules = TrimRules(False, 6, 7, 6, 4)
    for names, said in ((exposures, ""), ([e.replace("grid1", "grid3") for e in exposures], "grid3")):
        match = match_names(names, micrographs, rules)
        assert match.exposure_of.tolist() == list(range(9)), astuple(rules)
        doubt = doubt_matches(names, micrographs, match.exposure_of, rules)
        assert said in doubt and bool(said) == bool(doubt)
