"""Names that rules make equal: what says that they are not of the same micrographs, and what does not."""

from __future__ import annotations

import random
from dataclasses import astuple, replace

import pytest

from cryoimport_gui.core.exposures.trim_suggestion import (
    candidate_rules,
    chosen_by_pictures,
    pairs_to_compare,
    suggest_trims,
)
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
        ("M/{epu}_DW.mrc", "J2/{uid}my_{epu}_fractions.tiff"),
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
        ("M/{i:04d}_gridA_DW.mrc", "J2/{uid}{i:04d}_gridB.tif", "say gridA where the exposures say gridB"),
        ("M/{i:04d}A.mrc", "J2/{uid}{i:04d}B_aligned.mrc", "say A where the exposures say B"),
        ("M/agrid_{h}.mrc", "J2/{uid}bgrid_{h}.mrc", "say agrid where the exposures say bgrid"),
        (
            "M/grid1_{i:04d}.mrc",
            "J2/{uid}{i:04d}_patch_aligned.mrc",
            "only a counter is left to tell names apart (“0000”)",
        ),
        (
            "M/apo_{i:04d}.mrc",
            "J2/{uid}b_apo_{i:04d}_DW.mrc",
            "only a counter is left to tell names apart (“apo_0000”)",
        ),
        ("M/mic_{i:04d}.mrc", "J2/{uid}stack_{i:04d}.mrc", "only a counter is left to tell names apart (“_0000.mrc”)"),
        ("M/mic_{i:04d}.mrc", "J2/{uid}{i:04d}_DW.mrc", "only a counter is left to tell names apart (“0000”)"),
        ("M/{epu}_{i}.mrc", "J2/{uid}mic{i}.mrc", "very little is left to compare"),
    ],
)
def test_what_says_that_these_are_other_micrographs_is_reported(micrograph: str, exposure: str, said: str) -> None:
    micrographs, exposures = made(micrograph), made(exposure, seed=1)
    found = suggest_trims(exposures, micrographs)
    assert found.rules is not None and found.matched == 40
    assert said in found.explanation and SAME in found.explanation
    match = match_names(exposures, micrographs, found.rules)
    doubt = doubt_matches(exposures, micrographs, match.exposure_of, found.rules)
    assert said in doubt and doubt.endswith(SAME)


@pytest.mark.parametrize(
    ("micrograph", "exposure", "said"),
    [
        ("M/grid1_{i:04d}.mrc", "J2/{uid}grid2_{i:04d}_patch_aligned.mrc", "differ (“1” and “2”)"),
        ("M/{i:04d}_grid1.mrc", "J2/{uid}{i:04d}_grid2.mrc", "differ (“1” and “2”)"),
        ("M/20230101_{i:04d}.mrc", "J2/20230105_{i:04d}.mrc", "differ (“20230101” and “20230105”)"),
        ("M/1_{i:04d}.mrc", "J2/11_{i:04d}.tif", "differ (“1” and “11”)"),
        ("M/session3_{epu}.mrc", "J2/{uid}session4_{epu}_DW.mrc", "differ (“3” and “4”)"),
        ("M/Jan05_{i:04d}.mrc", "J2/{uid}Feb05_{i:04d}.mrc", "differ (“1” and “2”)"),
        ("M/{h}_{i:04d}.mrc", "J2/{uid}{d}_{i:04d}.mrc", "numbers that are cut off differ"),
    ],
)
def test_numbers_that_contradict_each_other_are_no_rule(micrograph: str, exposure: str, said: str) -> None:
    micrographs, exposures = made(micrograph), made(exposure, seed=1)
    found = suggest_trims(exposures, micrographs)
    assert found.rules is None and said in found.explanation
    candidate = candidate_rules(exposures, micrographs)[0]
    assert candidate.rules is not None and candidate.matched == 40 and said in candidate.refused
    match = match_names(exposures, micrographs, candidate.rules)
    assert said in doubt_matches(exposures, micrographs, match.exposure_of, candidate.rules)


@pytest.mark.parametrize(
    ("micrograph", "exposure"),
    [
        ("M/grid2_{i:04d}.mrc", "J2/{uid}grid02_{i:04d}_patch_aligned.mrc"),
        ("M/{epu}.mrc", "J2/12_{epu}_DW.mrc"),
        ("M/Jan05_{i:04d}.mrc", "J2/{uid}Jan05_{i:04d}.mrc"),
    ],
)
def test_numbers_that_agree_or_stand_on_one_side_are_a_rule(micrograph: str, exposure: str) -> None:
    found = suggest_trims(made(exposure, seed=1), made(micrograph))
    assert (found.matched, found.doubt, found.refused) == (40, "", "")


def test_words_that_vary_are_no_rule() -> None:
    micrographs = [f"{i:04d}.mrc" for i in range(40)]
    exposures = [f"{'abcd'[i % 4]}x_{i:04d}.mrc" for i in range(40)]
    found = suggest_trims(exposures, micrographs)
    assert found.rules is None and "words that are cut off vary (“ax”)" in found.explanation
    constant = suggest_trims([f"ax_{i:04d}.mrc" for i in range(40)], micrographs)
    assert constant.rules is not None and "only a counter is left" in constant.doubt


@pytest.mark.parametrize(("odd", "is_found"), [(0, True), (2, True), (5, False)])
def test_one_pair_in_a_hundred_may_contradict(odd: int, is_found: bool) -> None:
    micrographs = [f"7_hole_{i * 7919 % 100_003:06d}_x{i:05d}.mrc" for i in range(300)]
    exposures = [f"{8 if i < odd else 7}_{name[2:-4]}_DW.mrc" for i, name in enumerate(micrographs)]
    exposures = [name.replace("_hole", "-hole") for name in exposures]
    micrographs = [name.replace("_hole", ".hole") for name in micrographs]
    found = suggest_trims(exposures, micrographs)
    assert (found.rules is not None) == is_found
    if is_found:
        assert found.matched == 300
        assert ("in 2 of 300 pairs compared" in found.doubt) == bool(odd)


def test_no_number_is_cut_in_two() -> None:
    micrographs = [f"mic{i:03d}.mrc" for i in range(5)]
    exposures = [f"J9/{7 * i:021d}_FoilHole_99{i}_fractions_patch_aligned.mrc" for i in range(5)]
    assert suggest_trims(exposures, micrographs).rules is None
    rules = TrimRules(True, 11, 28, 5, 4)
    match = match_names(exposures, micrographs, rules)
    doubt = doubt_matches(exposures, micrographs, match.exposure_of, rules)
    assert "numbers that are cut off differ (“0” and “990”), and" in doubt
    assert "very little is left to compare (“0”)" in doubt


def test_zeros_in_front_of_a_number_may_be_cut_off() -> None:
    micrographs, exposures = [f"mic_{i:04d}.mrc" for i in range(1, 10)], [f"mic_{i}.mrc" for i in range(1, 10)]
    rules = TrimRules(False, 4, 0, 7, 0)
    match = match_names(exposures, micrographs, rules)
    assert match.exposure_of.tolist() == list(range(9))
    assert doubt_matches(exposures, micrographs, match.exposure_of, rules) == ""


def test_why_rules_are_trusted_is_said() -> None:
    names = [f"grid1_{i:04d}" for i in range(20)]
    exposures = [f"{u}_grid01-{n[6:]}_DW.mrc" for u, n in zip(range(10**20, 10**20 + 20), names)]
    found = suggest_trims(exposures, [f"{name}.mrc" for name in names])
    assert found.trust == "20 of 20 match; numbers that are cut off agree; only ordinary words differ"
    assert "Numbers that are cut off agree; only ordinary words differ." in found.explanation
    one_side = suggest_trims([f"my_{name}.tif" for name in names], [f"{name}.mrc" for name in names])
    assert one_side.trust == "20 of 20 match; no number is cut off; only the exposures say “my”"


def test_candidates_are_the_best_few_that_pass_before_those_that_do_not() -> None:
    stems = [f"{i:03d}_{i * 37 % 100:03d}" for i in range(60)]
    exposures = [f"gridA_{stem}_fractions.tiff" for stem in stems]
    micrographs = [f"gridB_{stem}_DW.mrc" for stem in stems]
    found = candidate_rules(exposures, micrographs)
    assert 1 <= len(found) <= 5 and len(candidate_rules(exposures, micrographs, at_most=1)) == 1
    assert found[0].rules == suggest_trims(exposures, micrographs).rules
    assert [bool(c.refused) for c in found] == sorted(bool(c.refused) for c in found)
    assert "say gridB where the exposures say gridA" in found[0].doubt
    assert len({c.rules for c in found}) == len(found)
    for candidate in found:
        assert candidate.rules is not None
        assert candidate.matched == (match_names(exposures, micrographs, candidate.rules).exposure_of >= 0).sum()
    pairs = pairs_to_compare(found[0].rules, exposures, micrographs)  # type: ignore[arg-type]
    assert len(pairs) == 12 and all(e == m for m, e in pairs) and pairs[0] == (0, 0) and pairs[-1] == (59, 59)
    assert candidate_rules([], micrographs) == candidate_rules(["x" * 300], micrographs) == []


def test_pictures_choose_among_candidates_and_drop_the_doubt() -> None:
    stems = [f"{i:03d}_{i * 37 % 100:03d}" for i in range(60)]
    found = candidate_rules([f"gridA_{s}.tiff" for s in stems], [f"gridB_{s}_DW.mrc" for s in stems])
    right, wrong = found[0], replace(found[0], rules=TrimRules(True))
    assert chosen_by_pictures([wrong, right], [3.6, 9.9]) is None
    assert chosen_by_pictures([wrong, right], [None, None]) is None
    chosen = chosen_by_pictures([wrong, right], [13.0, 18.0])
    assert chosen is not None and chosen.rules == right.rules
    assert right.doubt and (chosen.doubt, chosen.refused) == ("", "")
    assert "found in the pictures" in chosen.trust and "make sure" not in chosen.explanation
    with pytest.raises(ValueError):
        chosen_by_pictures([wrong, right], [1.0])


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
