from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from cryoimport_gui.core.exposures.exposures import Exposures, load_exposures
from cryoimport_gui.core.exposures.matching import Matching, match_exposures, matching_problems
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.problems import Problem, Refused, Severity
from cryoimport_gui.core.reading.relion import read_particles

from ...support.stars import exposure_columns, particle_columns, write_exposures, write_star


def made(folder: Path, micrographs: list[str], exposures: list[str]) -> tuple[Particles, Exposures]:
    """One particle for each micrograph name, and exposures with these paths."""
    columns = {label: (values * 9)[: len(micrographs)] for label, values in particle_columns().items()}
    star = write_star(folder / "p.star", columns | {"rlnMicrographName": micrographs})
    table = exposure_columns(len(exposures)) | {"micrograph_blob/path": np.array([e.encode() for e in exposures])}
    return read_particles(star).particles, load_exposures(str(write_exposures(folder / "J1/exposures.cs", table)))


class Matched(NamedTuple):
    """The matching, the exposure of each micrograph, and what is said about both."""

    matching: Matching
    exposure: list[int]
    problems: list[Problem]


def match(folder: Path, micrographs: list[str], exposures: list[str], **parameters: Any) -> Matched:
    particles, loaded = made(folder, micrographs, exposures)
    chosen = update(ImportParameters(), parameters)
    matching = match_exposures(particles, loaded, chosen)
    found = list(matching_problems(particles, loaded, matching, chosen))
    return Matched(matching, matching.of_rows(particles).tolist(), found)


def test_basenames_with_their_extension_are_compared(tmp_path: Path) -> None:
    matching, exposure, problems = match(
        tmp_path,
        ["a/m2.mrc", "m1.mrc", "a//m2.mrc", "b/c/m3.mrc"],
        ["J1/m1.mrc", "J1/m2.mrc", "J1/m3.mrc", "J1/m4.mrc"],
    )
    assert exposure == [1, 0, 1, 2]
    assert (len(set(exposure)), matching.rules_source, problems) == (3, "user", [])


@pytest.mark.parametrize(
    ("micrographs", "exposures", "rules"),
    [
        (["m1.mrc", "m2.mrc"], [f"J1/{7:021d}_m1.mrc", f"J1/{8:021d}_m2.mrc"], {"remove_leading_uid": True}),
        (["m1.tif", "m2.tif"], ["m1_dw.mrc", "m2_dw.mrc"], {"exposure_cut_suffix": 7, "particle_cut_suffix": 4}),
        (
            ["sum-mic1.mrc", "sum-mic2.mrc"],
            ["movie_mic1.mrc", "movie_mic2.mrc"],
            {"exposure_cut_prefix": 6, "particle_cut_prefix": 4},
        ),
        (
            [f"{5:021d}_m{i}_rigid.mrc" for i in (1, 2)],
            [f"{6:021d}_m{i}_patch.mrc" for i in (1, 2)],
            {
                "remove_leading_uid": True,
                "exposure_cut_suffix": 10,
                "particle_cut_prefix": 22,
                "particle_cut_suffix": 10,
            },
        ),
        (["0001", "0002"], ["J1/0001.tif", "J1/0002.tif"], {"exposure_cut_suffix": 4}),
    ],
)
def test_trimming(tmp_path: Path, micrographs: list[str], exposures: list[str], rules: dict) -> None:
    matching, exposure, problems = match(tmp_path, micrographs, exposures, **rules)
    assert exposure == [0, 1]
    assert problems == []
    assert vars(matching.rules) == dict.fromkeys(vars(matching.rules), 0) | {"remove_leading_uid": False} | rules
    assert match(tmp_path, micrographs, exposures)[1] == [-1, -1]


@pytest.mark.parametrize(
    ("choice", "severity"), [("stop", Severity.ERROR), ("keep", Severity.WARNING), ("leave-out", Severity.WARNING)]
)
def test_unmatched(tmp_path: Path, choice: str, severity: Severity) -> None:
    matching, exposure, problems = match(tmp_path, ["m1.mrc", "m9.mrc", "m9.mrc"], ["m1.mrc"], on_unmatched=choice)
    assert exposure == [0, -1, -1]
    (problem,) = problems
    assert (problem.code, problem.severity, problem.count) == ("exposure-unmatched", severity, 1)
    assert "1 of 2 micrographs matches no exposure by name (2 particles)" in problem.message
    assert "m9.mrc" in problem.examples[0] and problem.hint


@pytest.mark.parametrize("choice", ["stop", "keep", "leave-out"])
def test_ambiguous(tmp_path: Path, choice: str) -> None:
    for micrographs, exposures, rules in [
        (["m1.mrc"], ["a_m1.mrc", "b_m1.mrc"], {"exposure_cut_prefix": 2}),
        (["m1.mrc"], ["J1/m1.mrc", "J2/m1.mrc"], {}),
        (["a_m1.mrc", "b_m1.mrc"], ["m1.mrc"], {"particle_cut_prefix": 2}),
    ]:
        problems = match(tmp_path, micrographs, exposures, on_unmatched=choice, **rules).problems
        problem = next(p for p in problems if p.code == "exposure-ambiguous")
        assert (problem.severity, problem.count) == (Severity.ERROR, 1)
        assert "m1.mrc" in problem.examples[0]


@pytest.mark.parametrize(
    ("micrograph", "exposures", "rules", "said"),
    [
        ("m1.mrc", ("gridA_m1.mrc", "gridB_m1.mrc"), {"exposure_cut_prefix": 6}, "“gridA_…” and “gridB_…”"),
        ("m1.mrc", ("J1/m1.mrc", "J2/m1.mrc"), {}, "several folders"),
        ("m1.mrc", (f"{7:021d}_m1.mrc", f"{8:021d}_m1.mrc"), {"remove_leading_uid": True}, "nothing but their UID"),
        ("m1.mrc", ("J1/7_m1.mrc", "J2/8_m1.mrc"), {"remove_leading_uid": True}, "nothing but their UID"),
    ],
)
def test_the_hint_at_ambiguous_names_says_what_shows_them_apart(
    tmp_path: Path, micrograph: str, exposures: tuple[str, str], rules: dict, said: str
) -> None:
    problem = match(tmp_path, [micrograph], list(exposures), **rules).problems[0]
    assert problem.code == "exposure-ambiguous" and problem.message.startswith("1 trimmed name stands")
    assert said in problem.hint and "session" in problem.hint


def test_one_exposure_for_micrographs_of_several_folders_is_reported_and_linked(tmp_path: Path) -> None:
    grids = [f"MotionCorr/job002/grid{grid}/mic{i}.mrc" for grid in "AB" for i in range(3)]
    matching, exposure, problems = match(tmp_path, grids, ["J3/mic0.mrc", "J3/mic1.mrc", "J3/mic2.mrc"])
    assert exposure == [0, 1, 2, 0, 1, 2]
    (problem,) = problems
    assert (problem.code, problem.severity, problem.count) == ("exposure-doubtful", Severity.WARNING, 3)
    assert problem.examples[0] == f"{grids[0]} and {grids[3]}"
    assert "folders" in problem.message and "jobs" in problem.hint
    assert match(tmp_path, ["a/m.mrc", "./a//m.mrc"], ["J3/m.mrc"]).problems == []


def test_links_to_exposures_that_are_probably_others_are_doubted_and_not_suggested(tmp_path: Path) -> None:
    micrographs = [f"M/job002/grid1_{i:04d}.mrc" for i in range(6)]
    exposures = [f"J3/motioncorrected/{7 * i:021d}_grid2_{i:04d}_patch_aligned_doseweighted.mrc" for i in range(6)]
    rules = {"exposure_cut_prefix": 27, "exposure_cut_suffix": 31, "particle_cut_prefix": 5, "particle_cut_suffix": 4}
    matching, exposure, problems = match(tmp_path, micrographs, exposures, **rules)
    assert exposure == list(range(6))
    (problem,) = problems
    assert (problem.code, problem.severity, problem.count) == ("exposure-doubtful", Severity.WARNING, 6)
    assert "numbers that are cut off differ (“1” and “2”)" in problem.message
    assert "the micrographs say grid1 where the exposures say grid2" in problem.message
    assert "make sure that these are the same micrographs" in problem.message
    assert problem.examples[0] == f"{micrographs[0]} → {exposures[0]}"
    (problem,) = match(tmp_path, micrographs, exposures, suggest_trims=True).problems
    assert problem.code == "exposure-unmatched"
    assert "6 names could be cut to match, but numbers that are cut off differ" in problem.hint


def test_the_same_grid_on_both_sides_raises_no_doubt(tmp_path: Path) -> None:
    micrographs = [f"M/job002/grid2_{i:04d}.mrc" for i in range(6)]
    exposures = [f"J3/motioncorrected/{7 * i:021d}_grid2_{i:04d}_patch_aligned_doseweighted.mrc" for i in range(6)]
    rules = {"exposure_cut_prefix": 27, "exposure_cut_suffix": 31, "particle_cut_prefix": 5, "particle_cut_suffix": 4}
    for chosen in ({"suggest_trims": True}, rules):
        matching, exposure, problems = match(tmp_path, micrographs, exposures, **chosen)
        assert (exposure, problems) == (list(range(6)), [])


def test_suggested_rules(tmp_path: Path) -> None:
    micrographs = [f"{9:021d}_grid_{i:03d}_rigid.mrc" for i in range(12)]
    exposures = [f"J1/{i:021d}_grid_{i:03d}_patch_dw.mrc" for i in range(12)]
    matching, exposure, problems = match(tmp_path, micrographs, exposures, suggest_trims=True)
    assert exposure == list(range(12))
    assert matching.rules_source == "suggested"


def test_nothing_to_suggest(tmp_path: Path) -> None:
    matching, exposure, problems = match(tmp_path, ["abc.mrc", "def.mrc"], ["111.tif", "222.tif"], suggest_trims=True)
    assert exposure == [-1, -1]
    assert matching.rules_source == "user"
    assert matching.suggestion is not None
    assert problems[0].hint == matching.suggestion.explanation


def test_particles_without_micrograph_names(tmp_path: Path) -> None:
    particles, exposures = made(tmp_path, ["m1.mrc"], ["m1.mrc"])
    particles.micrograph_index = None
    with pytest.raises(Refused) as refused:
        match_exposures(particles, exposures, ImportParameters())
    assert refused.value.problem.code == "micrograph-name-missing"
