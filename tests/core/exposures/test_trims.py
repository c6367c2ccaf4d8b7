"""Trimming rules: what they do to names, what they match, and that the best ones are found."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cryoimport_gui.core.exposures.trim_suggestion import Suggestion, suggest_trims
from cryoimport_gui.core.exposures.trims import TrimRules, match_names

UID = "000090334788266266069_"
OTHER_UID = "012345678901234567890_"


def uids(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [f"{rng.getrandbits(64):021d}_" for _ in range(count)]


def check(found: Suggestion, exposures: list[str], micrographs: list[str]) -> list[int]:
    """What holds of every suggestion that has rules; returns the exposure of each micrograph."""
    assert found.rules is not None
    sources = {path.rpartition("/")[2] for path in exposures}
    names = {path.rpartition("/")[2] for path in micrographs}
    trimmed_sources = {found.rules.exposure_name(name) for name in sources}
    trimmed_names = {found.rules.particle_name(name) for name in names}
    assert len(trimmed_sources) == len(sources) and "" not in trimmed_sources
    assert len(trimmed_names) == len(names) and "" not in trimmed_names
    assert found.total == len(names)
    assert f"{found.matched} of {found.total}" in found.explanation
    match = match_names(exposures, micrographs, found.rules)
    matched = {m.rpartition("/")[2] for m, e in zip(micrographs, match.exposure_of) if e >= 0}
    assert found.matched == len(matched)
    assert match.merged == []
    return match.exposure_of.tolist()


def test_exposure_name_takes_the_uid_off_before_it_cuts():
    rules = TrimRules(True, exposure_cut_prefix=2, exposure_cut_suffix=4)
    assert rules.exposure_name(f"J2/motioncorrected/{UID}mic_1.mrc") == "c_1"
    assert rules.exposure_name("J2/motioncorrected/mic_1.mrc") == "c_1"
    assert rules.exposure_name(">imported/7_mic_1.mrc") == "c_1"
    assert TrimRules().exposure_name(f"J2/{UID}mic_1.mrc") == f"{UID}mic_1.mrc"


def test_particle_name_takes_no_uid_off():
    path = f"MotionCorr/job002/{UID}mic_1.mrc"
    assert TrimRules(True).particle_name(path) == f"{UID}mic_1.mrc"
    assert TrimRules(particle_cut_prefix=22, particle_cut_suffix=4).particle_name(path) == "mic_1"


@pytest.mark.parametrize("name", ["2024_mic.mrc", "0_mic.mrc"])
def test_a_uid_is_any_number_of_leading_digits_and_one_underscore(name):
    assert TrimRules(True).exposure_name(name) == "mic.mrc"
    assert TrimRules(True).exposure_name("x" + name) == "x" + name
    assert TrimRules(True).exposure_name("2024mic.mrc") == "2024mic.mrc"


def test_cuts_longer_than_a_name_leave_nothing_and_nothing_matches_nothing():
    rules = TrimRules(exposure_cut_prefix=4, exposure_cut_suffix=4, particle_cut_suffix=99)
    assert rules.exposure_name("mic.mrc") == ""
    assert rules.particle_name("mic.mrc") == ""
    match = match_names(["mic.mrc"], ["mic.mrc"], rules)
    assert match.exposure_of.tolist() == [-1]
    assert match.ambiguous == [] and match.merged == []


def test_match_gives_the_number_of_the_exposure_and_compares_extensions():
    micrographs = ["x/a.mrc", "x/b.mrc", "x/c.mrc", "y/a.mrc", "x/a.tif"]
    match = match_names(["J1/b.mrc", "J1/a.mrc"], micrographs, TrimRules())
    assert match.exposure_of.tolist() == [1, 0, -1, 1, -1]
    assert match.ambiguous == [] and match.merged == []


def test_two_exposures_of_one_trimmed_name_are_ambiguous_if_a_micrograph_has_it_too():
    exposures = [f"J1/{UID}a.mrc", f"J1/{OTHER_UID}a.mrc", f"J1/{UID}b.mrc"]
    exposures += [f"J2/{UID}c.mrc", f"J3/{UID}c.mrc"]
    match = match_names(exposures, ["a.mrc", "b.mrc"], TrimRules(True))
    assert match.exposure_of.tolist() == [-1, 2]
    assert match.ambiguous == [(exposures[0], exposures[1])]
    assert match_names(exposures, ["c.mrc"], TrimRules(True)).ambiguous == [(exposures[3], exposures[4])]


def test_one_path_that_is_listed_twice_is_one_exposure():
    match = match_names(["J1/a.mrc", "J1/b.mrc", "J1/a.mrc"], ["a.mrc"], TrimRules())
    assert match.exposure_of.tolist() == [0]
    assert match.ambiguous == []


def test_micrographs_that_trimming_merges_are_reported():
    micrographs = ["mic_1.mrc", "mic_1.tif", "x/mic_1.mrc"]
    match = match_names(["mic_1.mrc"], micrographs, TrimRules(False, 0, 4, 0, 4))
    assert match.exposure_of.tolist() == [0, 0, 0]
    assert match.merged == [("mic_1.mrc", "mic_1.tif")]


def test_micrographs_of_one_basename_in_several_folders_are_reported_and_stay_linked():
    grids = [f"MotionCorr/job002/grid{grid}/mic{i}.mrc" for grid in "AB" for i in range(3)]
    match = match_names([f"J3/{UID}mic{i}.mrc" for i in (0, 1)], [*grids, f"./{grids[0]}"], TrimRules(True))
    assert match.exposure_of.tolist() == [0, 1, -1, 0, 1, -1, 0]
    assert match.elsewhere == [(grids[0], grids[3]), (grids[1], grids[4])]
    assert match.ambiguous == [] and match.merged == []


@pytest.mark.parametrize("other", ["a/x.mrc", "./a//x.mrc", "a/./x.mrc", "a///x.mrc"])
def test_paths_that_differ_in_form_alone_are_one_path(other):
    match = match_names(["J1/x.mrc", "J1//x.mrc", "./J1/x.mrc"], ["a/x.mrc", other], TrimRules())
    assert match.exposure_of.tolist() == [0, 0]
    assert match.ambiguous == match.elsewhere == []
    assert match_names(["J1/x.mrc"], ["/a/x.mrc", other], TrimRules()).elsewhere == [("/a/x.mrc", other)]


STEMS = [f"grid{i % 3}_hole_{i:04d}" for i in range(412)]


@pytest.mark.parametrize(
    ("exposure", "micrograph", "rules"),
    [
        ("J2/{e}.mrc", "m/{e}.mrc", (False, 0, 0, 0, 0)),
        ("J2/{uid}{e}.mrc", "m/{e}.mrc", (True, 0, 0, 0, 0)),
        ("J2/{uid}{e}.mrc", "m/{uid}{e}.mrc", (False, 0, 0, 0, 0)),
        ("J2/{uid}{e}.mrc", "m/{uid2}{e}.mrc", (True, 0, 0, 22, 0)),
        ("J2/{e}.mrc", "m/{uid2}{e}.mrc", (False, 0, 0, 22, 0)),
        ("J2/{short}{e}.mrc", "m/{uid2}{e}.mrc", (True, 0, 0, 22, 0)),
        ("J2/{uid}{e}_patch_aligned_doseweighted.mrc", "m/{e}.mrc", (True, 0, 31, 0, 4)),
        ("J2/{uid}{e}-rigid_aligned.mrc", "m/{uid2}{e}_patch_aligned.mrc", (True, 0, 18, 22, 18)),
        ("J2/{uid}{e}.tif", "m/{e}_DW.mrc", (True, 0, 4, 0, 7)),
        ("J2/{uid}{e}.eer", "m/{e}.mrcs", (True, 0, 3, 0, 4)),
        ("J2/movie-{e}.mrc", "m/{e}.mrc", (False, 6, 0, 0, 0)),
        ("J2/movie-{e}.mrc", "m/sum_{e}.mrc", (False, 6, 0, 4, 0)),
        ("J2/{uid}é–{e}.mrc", "m/Å.{e}.mrc", (True, 2, 0, 2, 0)),
    ],
)
def test_rules_are_found_and_cut_no_more_than_needed(exposure, micrograph, rules):
    rng = random.Random(2)
    short = [f"{rng.randrange(10 ** rng.randrange(1, 9))}_" for _ in STEMS]
    columns = list(zip(STEMS, uids(412, 0), uids(412, 1), short))
    exposures = [exposure.format(e=e, uid=u, uid2=v, short=s) for e, u, v, s in columns]
    micrographs = [micrograph.format(e=e, uid=u, uid2=v, short=s) for e, u, v, s in columns]
    rng.shuffle(micrographs)
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(*rules)
    assert (found.matched, found.total, found.nearest) == (412, 412, [])
    for path, number in zip(micrographs, check(found, exposures, micrographs)):
        assert exposures[number].partition("grid")[2][:11] == path.partition("grid")[2][:11]


def test_names_of_different_lengths():
    exposures = [f"J2/{u}mic_{i}_rigid.mrc" for i, u in enumerate(uids(1200, 0))]
    micrographs = [f"m/{u}mic_{i}.mrc" for i, u in enumerate(uids(1200, 1))]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(True, 0, 10, 22, 4)
    assert check(found, exposures, micrographs) == list(range(1200))


def test_the_explanation_shows_what_is_cut():
    exposures = [f"{u}{stem}_rigid.mrc" for u, stem in zip(uids(412, 0), STEMS)]
    text = suggest_trims(exposures, [f"{stem}.mrc" for stem in STEMS]).explanation
    assert text == (
        "Matches 412 of 412 micrographs: remove the leading UID of the exposures; cut 10 characters from the "
        "end of the exposures (“_rigid.mrc”); cut 4 characters from the end of the micrographs (“.mrc”). "
        "Of grid0_hole_0000.mrc this leaves “grid0_hole_0000”. No number is cut off; only ordinary words differ."
    )


def test_duplicates_in_the_lists_change_nothing():
    exposures = [f"J2/{u}{stem}.mrc" for u, stem in zip(uids(412, 0), STEMS)]
    micrographs = [f"m/{stem}_DW.mrc" for stem in STEMS]
    once, twice = suggest_trims(exposures, micrographs), suggest_trims(exposures * 2, micrographs * 3)
    assert once == twice
    assert twice.total == 412


def test_exposures_of_one_basename_in_two_folders_are_not_said_to_match():
    exposures = ["J2/m0_DW.mrc", "J3/m0_DW.mrc", "J2/m1_DW.mrc", "J2/m2_DW.mrc"]
    micrographs = ["m0.mrc", "m1.mrc", "m2.mrc"]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(False, 0, 7, 0, 4)
    assert check(found, exposures, micrographs) == [-1, 2, 3]
    assert (found.matched, found.total) == (2, 3)
    assert "1 name belongs to several exposures, as to J2/m0_DW.mrc and J3/m0_DW.mrc" in found.explanation
    nothing = suggest_trims(exposures[:2], micrographs)
    assert (nothing.rules, nothing.matched) == (None, 0) and "J3/m0_DW.mrc" in nothing.explanation


@pytest.mark.parametrize("empty", ["", "MotionCorr/job002/"])
def test_a_name_that_is_empty_does_not_stop_the_search(empty):
    exposures = [f"J2/{u}{stem}_DW.mrc" for u, stem in zip(uids(20, 0), STEMS)]
    micrographs = [f"m/{stem}.mrc" for stem in STEMS[:20]]
    found = suggest_trims([*exposures, empty], [*micrographs, empty])
    assert found.rules == TrimRules(True, 0, 7, 0, 4)
    assert (found.matched, found.total) == (20, 21)
    assert match_names(exposures, [*micrographs, empty], found.rules).exposure_of.tolist() == [*range(20), -1]
    assert suggest_trims(exposures, [empty]).rules is None


def test_sets_that_overlap_in_part():
    stems = [f"hole_{i * 7919 % 100_003:06d}" for i in range(900)]
    exposures = [f"{u}{stem}_aligned.mrc" for u, stem in zip(uids(600, 0), stems[:600])]
    micrographs = [f"{stem}.mrc" for stem in stems[400:]]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(True, 0, 12, 0, 4)
    assert (found.matched, found.total) == (200, 500)
    assert len(found.nearest) == 5
    check(found, exposures, micrographs)


@pytest.mark.parametrize(("exposures", "micrographs"), [(412, 20), (3, 412), (412, 1), (1, 412), (1, 1)])
def test_one_set_is_a_small_part_of_the_other(exposures, micrographs):
    stems = STEMS[5:] + STEMS[:5]
    sources = [f"{u}{stem}_aligned.mrc" for u, stem in zip(uids(412, 0), stems)][:exposures]
    names = [f"{stem}.mrc" for stem in stems][:micrographs]
    found = suggest_trims(sources, names)
    assert found.matched == min(exposures, micrographs)
    check(found, sources, names)


@pytest.mark.parametrize("seed", range(3))
def test_two_exposures_among_many_micrographs(seed):
    rng = random.Random(seed)
    stems = [f"Hole_{rng.randrange(10**8):08d}_{rng.randrange(10**8):08d}" for _ in range(5000)]
    exposures = [f"{u}{stem}_aligned.mrc" for u, stem in zip(uids(2, 0), sorted(stems)[1000:])]
    micrographs = [f"{u}{stem}.mrc" for u, stem in zip(uids(5000, 1), stems)]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(True, 0, 12, 22, 4)
    assert (found.matched, found.total) == (2, 5000)


def test_accidental_matches_do_not_make_cuts_longer():
    rng = random.Random(5)
    numbers = [[rng.randrange(10**7, 10**8) for _ in range(3)] for _ in range(3000)]
    stems = [f"Hole_{a}_{b}_{c}" for a, b, c in numbers]
    exposures = [f"{stem}_fractions.tiff" for stem in stems[:2000]]
    micrographs = [f"{stem}_fractions.mrc" for stem in stems[1000:]]
    # The last of its numbers is that of an exposure that has no micrograph.
    micrographs.append(f"Hole_11111111_22222222_{numbers[0][2]}_fractions.mrc")
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(False, 0, 4, 0, 3)
    assert found.matched == 1000


def test_one_renamed_micrograph_is_shown_with_the_nearest_exposure():
    exposures = [f"{u}{stem}_aligned.mrc" for u, stem in zip(uids(412, 0), STEMS)]
    micrographs = [f"{stem}.mrc" for stem in STEMS]
    micrographs[200] = "grid2_hole_0200_again.mrc"
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(True, 0, 12, 0, 4)
    assert (found.matched, found.total) == (411, 412)
    assert found.nearest == [("grid2_hole_0200_again.mrc", exposures[200])]


def test_few_names_that_are_equal_as_they_are():
    micrographs = [f"{stem}_b.mrc" for stem in STEMS[:20]]
    exposures = [*micrographs[:2], *(f"{i}.tif" for i in range(20))]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules()
    assert (found.matched, found.total) == (2, 20)


def test_nothing_is_proposed_where_all_are_renamed():
    rng = random.Random(3)
    micrographs = [f"{rng.getrandbits(48):012x}.mrc" for _ in STEMS]
    found = suggest_trims([f"{stem}.mrc" for stem in STEMS], micrographs)
    assert (found.rules, found.matched, found.total) == (None, 0, 412)
    assert "No rule is proposed" in found.explanation


def test_nothing_is_proposed_where_names_differ_in_the_middle():
    exposures = [f"{u}square{i // 20:02d}_A_hole{i % 20:02d}.mrc" for i, u in enumerate(uids(400, 0))]
    micrographs = [f"square{i // 20:02d}_B_hole{i % 20:02d}.mrc" for i in range(400)]
    found = suggest_trims(exposures, micrographs)
    assert (found.rules, found.matched) == (None, 0)
    assert "differ elsewhere" in found.explanation
    assert found.nearest == list(zip(micrographs, exposures))[:5]


def test_movies_that_were_imported_twice_are_named():
    exposures = [f"{u}{stem}.mrc" for u, stem in zip(uids(413, 0), [*STEMS, STEMS[7]])]
    found = suggest_trims(exposures, [f"{stem}.mrc" for stem in STEMS])
    assert found.rules is None
    assert exposures[7] in found.explanation and exposures[412] in found.explanation


@pytest.mark.parametrize(("exposures", "micrographs"), [([], ["a.mrc"]), (["a.mrc"], []), ([], [])])
def test_empty_lists(exposures, micrographs):
    found = suggest_trims(exposures, micrographs)
    assert (found.rules, found.matched, found.total) == (None, 0, len(micrographs))


def trimmed_apart(names: list[str], front: int, back: int) -> dict[str, int]:
    """The names after cuts, and whose they are; none if two are equal or one is empty."""
    cut = {name[front : len(name) - back] if front + back < len(name) else "": i for i, name in enumerate(names)}
    return cut if "" not in cut and len(cut) == len(names) else {}


def is_through(name: str, cut: int) -> bool:
    """Whether a cut at this place goes through a number or a word."""
    return re.fullmatch(r"\d\d|[a-z][a-z]", name[max(0, cut - 1) : cut + 1]) is not None


def soundness(pairs: list[tuple[str, str, tuple[int, int], tuple[int, int]]]) -> int:
    """What rules must keep to: whole numbers and words, equal numbers, the same words more on either side.

    0: they do not.  2: also the same number of each word.  1: not so; such rules may be found, or not.
    """
    more, exactly = set(), set()
    for exposure, micrograph, (a, b), (c, d) in pairs:
        if is_through(exposure, a) or is_through(exposure, len(exposure) - b):
            return 0
        if is_through(micrograph, c) or is_through(micrograph, len(micrograph) - d):
            return 0
        ends = (exposure[:a], micrograph[:c]), (exposure[len(exposure) - b :], micrograph[len(micrograph) - d :])
        for some, others in ends:
            numbers, other_numbers = ([int(n) for n in re.findall(r"\d+", text)] for text in (some, others))
            if numbers and other_numbers and numbers != other_numbers:
                return 0
        words, other_words = (Counter(re.findall("[a-z]+", " ".join(texts))) for texts in zip(*ends))
        more.add((frozenset(words.keys() - other_words), frozenset(other_words.keys() - words)))
        exactly.add((frozenset((words - other_words).items()), frozenset((other_words - words).items())))
    return (len(more) == 1) + (len(exactly) == 1)


def all_rules(exposures: list[str], micrographs: list[str]) -> Iterator[tuple[int, int, int]]:
    """(matches, characters cut, soundness) of every sound rule that makes no two names equal."""
    without = [TrimRules(True).exposure_name(name) for name in exposures]
    longest = range(max(map(len, [*exposures, *micrographs])))
    cuts = [cut for cut in itertools.product(longest, longest) if sum(cut) <= longest[-1]]
    right = [(other, owners) for other in cuts if (owners := trimmed_apart(micrographs, *other))]
    for names in [exposures, without]:
        for cut in cuts:
            if not (sources := trimmed_apart(names, *cut)):
                continue
            for other, owners in right:
                same = sources.keys() & owners.keys()
                pairs = []
                for name in same:
                    whole = exposures[sources[name]]
                    uid = len(whole) - len(names[sources[name]])
                    pairs.append((whole, micrographs[owners[name]], (uid + cut[0], cut[1]), other))
                if pairs and (sound := soundness(pairs)):
                    yield len(pairs), sum(cut) + sum(other), sound


short_names = st.lists(st.text("01_a", min_size=1, max_size=5), min_size=2, max_size=6, unique=True)


names_with_uids = st.lists(
    st.builds("{}_{}".format, st.text("01", min_size=2, max_size=2), st.text("01_a", min_size=1, max_size=3)),
    min_size=2,
    max_size=6,
    unique=True,
)


@settings(max_examples=250, deadline=None)
@given(short_names | names_with_uids, short_names | names_with_uids)
@example(["ab1X", "ab2X", "cd3X"], ["ab1Y", "ab2Y", "zz1Z"])
@example(["0a0", "a0a0"], ["a0a1", "0a0a0"])
def test_no_rule_is_better_than_the_one_found(exposures, micrographs):
    by_accident = min(len(exposures), len(micrographs)) // 2
    worthy = [
        (matches, -cut, sound)
        for matches, cut, sound in all_rules(exposures, micrographs)
        if matches > (by_accident if cut else 0)
    ]
    best = max((rule[:2] for rule in worthy if rule[2] == 2), default=(0, 0))
    found = suggest_trims(exposures, micrographs)
    if found.rules is None:
        assert best == (0, 0)
    else:
        check(found, exposures, micrographs)
        assert best <= (found.matched, -found.rules.characters_cut) in {rule[:2] for rule in worthy}


def test_no_memory_is_taken_for_names_that_no_file_can_have():
    found = suggest_trims([f"e{k}.mrc" for k in range(20_000)], ["x" * 10_000_000, "e1.mrc"])
    assert found.rules is None and "10000000 characters" in found.explanation and len(found.explanation) < 200
    assert suggest_trims(["e" * 255, "f"], ["e" * 255, "f"]).matched == 2


@pytest.mark.parametrize(("exposure", "micrograph"), [("abc.mrc", "xyz.tif"), ("abc.mrc", "xyz.mrc"), ("a_b", "c_d")])
def test_two_files_do_not_match_by_what_is_no_name(exposure: str, micrograph: str) -> None:
    assert suggest_trims([exposure], [micrograph]).rules is None


#: with a border between them and what stands inside
heads = st.just("") | st.builds("{}{}".format, st.text("ab-_é", max_size=3), st.sampled_from("-_–"))
tails = st.just("") | st.builds("{}{}".format, st.sampled_from("-_."), st.text("ab-_é", max_size=3))


@settings(max_examples=150, deadline=None)
@given(
    stems=st.lists(st.from_regex(r"\A[ab]{1,3}_?[0-9]{1,4}\Z"), min_size=1, max_size=60, unique=True),
    ends=st.tuples(heads, tails, heads, tails),
    exposure_uid=st.sampled_from(["", "fixed", "varying"]),
    particle_uid=st.booleans(),
    dropped=st.integers(0, 30),
    seed=st.integers(0, 1 << 30),
)
def test_a_planted_rule_is_found_in_any_naming_scheme(stems, ends, exposure_uid, particle_uid, dropped, seed):
    rng = random.Random(seed)
    picked = stems[dropped % len(stems) :]
    micrographs = [f"{rng.getrandbits(64):021d}_" * particle_uid + ends[0] + stem + ends[1] for stem in picked]
    width = {"": 0, "fixed": 21, "varying": 0}[exposure_uid]
    uid = {stem: f"{rng.getrandbits(60):0{width}d}_" if exposure_uid else "" for stem in stems}
    exposures = [uid[stem] + ends[2] + stem + ends[3] for stem in stems]
    rng.shuffle(exposures)
    found = suggest_trims(exposures, micrographs)
    assert found.matched == found.total == len(micrographs)
    check(found, exposures, micrographs)


def test_twenty_thousand_names():
    rng = random.Random(7)
    stems = [f"FoilHole_{rng.randrange(10**8)}_Data_{rng.randrange(10**8)}_{i:05d}" for i in range(20_000)]
    exposures = [f"J2/{u}{stem}_fractions_patch_aligned.mrc" for u, stem in zip(uids(20_000, 0), stems)]
    micrographs = [f"m/{u}{stem}_fractions.mrc" for u, stem in zip(uids(20_000, 1), stems)]
    found = suggest_trims(exposures, micrographs)
    assert found.rules == TrimRules(True, 0, 18, 22, 4)
    assert check(found, exposures, micrographs) == list(range(20_000))


def test_the_nearest_name_is_reported_by_what_stands_behind_the_uid() -> None:
    exposures = [f"{7 * n:021d}_demo_{n:04d}.mrc" for n in range(1, 9)]
    micrographs = [f"{3 * n:021d}_demo_{n:04d}.mrc".replace("demo_0007", "dxxmo_0007") for n in range(1, 9)]
    found = suggest_trims(exposures, micrographs)
    assert found.matched == 7
    assert found.nearest == [(micrographs[6], exposures[6])]
