"""How often the rules that are proposed link particles to wrong exposures: `python -m tests.rates.trims`.

Made sets of names, as programs of microscopes and of motion correction give them.  The exposures are those of the
particles, or nine tenths of them, or with those of another session among them; or they are of another session alone,
or of another program, and none is right.  Prints, for each kind of set, how many are linked rightly, without and with
a doubt; right rules that are prevented; sets for which nothing is proposed, rightly; wrong links with a doubt, and
silent ones.  Then how often pictures confirm rules of which all pairs are right, some, or none, by made leads.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from cryoimport_gui.core.exposures.seen_pairs import PairsSight
from cryoimport_gui.core.exposures.trim_suggestion import suggest_trims
from cryoimport_gui.core.exposures.trims import doubt_matches, match_names
from tests.rates.places import Case, made_leads

SEEDS = 6
#: which exposures are given
OF = ("all", "nine tenths", "other session", "both sessions", "other program")
SIZES = (12, 40, 150)
#: of made leads, for each share of right pairs and each mean lead of these
PICTURE_SETS, LEADS = 100, (5.0, 4.0, 3.0, 2.0)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

#: makes the stems of a session, of so many movies
Session = Callable[[random.Random, int], list[str]]


def epu(rng: random.Random, count: int) -> list[str]:
    """FoilHole_<hole>_Data_<template>_<part>_<date>_<time>, two to four shots a hole."""
    hole, day, time = rng.randrange(10**6, 3 * 10**7), 20_200_101 + rng.randrange(28), rng.randrange(80_000, 100_000)
    template, shots = rng.randrange(10**6, 3 * 10**7), rng.randint(2, 4)
    stems = []
    for i in range(count):
        shot, time = i % shots, time + rng.randint(20, 90)
        hole += rng.randint(1, 40) if not shot else 0
        part = f"{template + 3 * shot}_{template + 3 * shot + 2}"
        stems.append(f"FoilHole_{hole}_Data_{part}_{day}_{time:06d}")
    return stems


def serial_em(rng: random.Random, count: int) -> list[str]:
    """<name>_<number>_<MonDD>_<hh.mm.ss>, the options of its frame files."""
    name = rng.choice(("grid1", "apoferritin", "sample3_g2", "K3"))
    day, seconds = rng.randint(1, 27), rng.randrange(30_000, 40_000)
    stems = []
    for i in range(count):
        seconds += rng.randint(8, 40)
        clock = f"{seconds // 3600:02d}.{seconds // 60 % 60:02d}.{seconds % 60:02d}"
        stems.append(f"{name}_{i + 1:05d}_{MONTHS[rng.randrange(12) if not i else 3]}{day:02d}_{clock}")
    month = rng.choice(MONTHS)
    return [stem.replace(stem.split("_")[-2], f"{month}{day:02d}") for stem in stems]


def serial_em_counter(rng: random.Random, count: int) -> list[str]:
    """<name>_<number>, its frame files without date and time."""
    name = rng.choice(("grid1", "grid2", "apo", "ribo_g3", "20210304_apo", "20210305_apo"))
    return [f"{name}_{i + 1:05d}" for i in range(count)]


def leginon(rng: random.Random, count: int) -> list[str]:
    """<session>_<grid label>_<number>gr_<number>sq_v<version>_<number>hl_<number>en."""
    session = f"{rng.randint(17, 23)}{rng.choice(MONTHS).lower()}{rng.randint(1, 28):02d}{rng.choice('abc')}"
    grid, square, hole = rng.choice(("b", "grid2", "atlas1")), rng.randint(1, 20), 0
    stems = []
    for i in range(count):
        hole += 1
        if not rng.randrange(12):
            square, hole = square + 1, 1
        stems.append(f"{session}_{grid}_00011gr_{square:05d}sq_v02_{hole:05d}hl_{i % 4 + 2:05d}en")
    return list(dict.fromkeys(stems))


def latitude(rng: random.Random, count: int) -> list[str]:
    """<day>_<session>_<square>_<hole>_<shot>, counters of several levels."""
    day, session = 20_190_601 + rng.randrange(28), rng.choice(("Latitude", "GridA", "apo"))
    square = rng.randint(1, 9)
    return [f"{day}_{session}_{square + i // 24:02d}_{i // 3 % 8:03d}_{i % 3:01d}" for i in range(count)]


def counter(rng: random.Random, count: int) -> list[str]:
    """mic_<number>, with or without zeros in front."""
    word, digits = rng.choice(("mic", "movie", "stack", "micrograph", "Position")), rng.choice((1, 3, 4))
    first = rng.choice((0, 1, 1, 1, 1001))
    return [f"{word}_{i + first:0{digits}d}" for i in range(count)]


def bare_counter(rng: random.Random, count: int) -> list[str]:
    digits = rng.choice((1, 4, 5))
    return [f"{i + 1:0{digits}d}" for i in range(count)]


def uids(rng: random.Random, count: int) -> list[str]:
    """Names of nothing but random letters and digits, as of depositions."""
    return [f"{rng.choice(LETTERS)}{rng.getrandbits(40):010x}" for _ in range(count)]


SESSIONS: dict[str, Session] = {
    "EPU": epu,
    "SerialEM": serial_em,
    "SerialEM, counter": serial_em_counter,
    "Leginon": leginon,
    "Latitude": latitude,
    "counter": counter,
    "bare counter": bare_counter,
    "random names": uids,
}
#: How movies become names: of exposures in CryoSPARC, with and without its UID in front ...
EXPOSURES = (
    "J1/imported/{uid}_{stem}_fractions.tiff",
    "J1/imported/{uid}_{stem}_EER.eer",
    "J2/motioncorrected/{uid}_{stem}_fractions_patch_aligned_doseweighted.mrc",
    "J2/motioncorrected/{uid}_{stem}_patch_aligned.mrc",
    "J2/motioncorrected/{uid}_{stem}_rigid_aligned.mrc",
    "J1/imported/{stem}.tif",
    "J1/imported/{uid}_{stem}_DW.mrc",
)
#: ... and of micrographs, after motion correction by RELION, MotionCor2, Warp, and CryoSPARC (through csparc2star).
MICROGRAPHS = (
    "MotionCorr/job002/Movies/{stem}_fractions.mrc",
    "MotionCorr/job002/Movies/{stem}_fractions_noDW.mrc",
    "MotionCorr/job002/Movies/{stem}.mrc",
    "mc2/{stem}_DW.mrc",
    "mc2/{stem}_fractions_DWS.mrc",
    "average/{stem}_EER.mrc",
    "J5/motioncorrected/{uid}_{stem}_fractions_patch_aligned_doseweighted.mrc",
    "J5/motioncorrected/{uid}_{stem}_rigid_aligned.mrc",
)
#: Words in front of the names that somebody gave them afterwards: of exposures, of micrographs.
RENAMED = (("", ""), ("", ""), ("", ""), ("my_", ""), ("", "ses_"))


@dataclass
class Set:
    kind: str
    of: str
    exposures: list[str]
    micrographs: list[str]
    truth: list[int]  # the exposure of each micrograph, -1: none


def named(rng: random.Random, pattern: str, stem: str) -> str:
    return pattern.format(stem=stem, uid=f"{rng.getrandbits(64):021d}")


def made_sets() -> Iterator[Set]:
    """For each session and size: as many sets of each of `OF`."""
    for kind, session in SESSIONS.items():
        for size in SIZES:
            for number in range(SEEDS * len(OF)):
                yield made_set(kind, session, size, OF[number % len(OF)], number)


def made_set(kind: str, session: Session, size: int, of: str, number: int) -> Set:
    rng = random.Random(f"{kind} {size} {number}")
    stems, others = session(rng, size), session(random.Random(f"other {kind} {size} {number}"), size)
    shape, other_shape = rng.choice(EXPOSURES), rng.choice(MICROGRAPHS)
    ahead, other_ahead = rng.choice(RENAMED)
    if of == "other session" and set(others) & set(stems) and not ahead and not other_ahead:
        ahead = "b_"  # names that are wholly equal say nothing
    if of == "both sessions":
        others = [stem if stem not in stems else f"{stem}b" for stem in others]
    sources = {
        "all": stems,
        "nine tenths": rng.sample(stems, len(stems) - len(stems) // 10),
        "other session": others,
        "other program": rng.choice([made for made in SESSIONS.values() if made is not session])(rng, size),
        "both sessions": rng.sample(stems + others, len(stems + others)),
    }[of]
    exposures = [named(rng, shape, ahead + stem) for stem in sources]
    number_of = {stem: i for i, stem in enumerate(sources)} if not of.startswith("other") else {}
    picked = rng.sample(stems, len(stems))
    micrographs = [named(rng, other_shape, other_ahead + stem) for stem in picked]
    return Set(kind, of, exposures, micrographs, [number_of.get(stem, -1) for stem in picked])


def outcome(some: Set) -> str:
    found = suggest_trims(some.exposures, some.micrographs)
    is_any = max(some.truth) >= 0
    if found.rules is None:
        return "prevented" if is_any else "nothing"
    match = match_names(some.exposures, some.micrographs, found.rules)
    linked = [(e, t) for e, t in zip(match.exposure_of.tolist(), some.truth) if e >= 0]
    doubt = doubt_matches(some.exposures, some.micrographs, match.exposure_of, found.rules)
    assert bool(doubt) == bool(found.doubt), (doubt, found.doubt)
    if any(e != t for e, t in linked):
        return "wrong, doubted" if doubt else "wrong, silent"
    if len(linked) < sum(t >= 0 for t in some.truth):
        return "prevented"
    return "right, doubted" if doubt else "right"


OUTCOMES = ("right", "right, doubted", "prevented", "nothing", "wrong, doubted", "wrong, silent")


def by_pictures() -> None:
    """12 exposures, one particle of each, then three of each where one seems to be elsewhere; 15% of them are junk."""
    print(f"\nrules that pictures confirm, of {PICTURE_SETS} each" + "".join(f"{f'lead {x:g}':>10}" for x in LEADS))
    for right in (12, 11, 10, 9, 8, 6, 3, 0):
        cells = []
        for lead in LEADS:
            confirmed = 0
            for seed in range(PICTURE_SETS):
                rng = np.random.default_rng([seed, right, round(10 * lead)])
                truth = rng.permutation(np.where(np.arange(12) < right, rng.integers(4), -1))
                e, exposure = made_leads(rng, truth, Case(lead, particles=(3, 3)))
                first = PairsSight.of(np.clip(e[::3], -6, 6), exposure[::3])
                whole = PairsSight.of(np.clip(e, -6, 6), exposure)
                confirmed += (whole if first.needs_more else first).are_right
            cells.append(confirmed)
        print(f"{f'{right} of 12 pairs are right':38}" + "".join(f"{count:10}" for count in cells))


def main() -> None:
    started, total = perf_counter(), Counter[str]()
    rows: dict[str, Counter[str]] = {}
    for some in made_sets():
        result = outcome(some)
        row = f"{some.kind}, {some.of}"
        rows.setdefault(row, Counter())[result] += 1
        total[result] += 1
        if result in ("wrong, silent", "prevented"):
            print(f"{result}: {some.exposures[0]}  {some.micrographs[0]}")
    print(f"{'sets of names':34}" + "".join(f"{name:>16}" for name in OUTCOMES))
    for row, counts in [*rows.items(), ("all", total)]:
        print(f"{row:34}" + "".join(f"{counts[name]:16}" for name in OUTCOMES))
    by_pictures()
    print(f"{sum(total.values())} sets, {perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
