"""Error rates of the pose check over simulated sets: `python -m tests.rates.poses [sets] [first seed]`.

Each set is judged with its right poses, and with poses that are wrong in one known way each.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cryoimport_gui.core.pictures.reconstruction import PoseCheck, PosedParticles, check_poses
from tests.support.made_particles import (
    Blobs,
    MadeParticles,
    Recipe,
    ball,
    ctf_corrected,
    filament,
    lump,
    make_particles,
    with_c4,
)

ANSWERS = ("fits", "fits in part", "cannot tell", "does not fit", "not testable")
RIGHT = ("right", "right, ball", "2D right")
#: not one image has its own pose
GROSS = ("permuted", "random views", "no particles", "2D permuted", "2D next image", "2D -psi")
NAMED = {
    "negated shifts": "negated-shifts",
    "shifts x pixel size": "shifts-over-pixel-size",
    "shifts / pixel size": "shifts-times-pixel-size",
    "applied already": "no-shifts",
    "inverse": "inverse-rotations",
    "mirrored": "mirrored",
    "row early": "next-image",
    "row late": "previous-image",
    "2D next image": "next-image",
    "2D -psi": "inverse-rotations",
}


@dataclass
class Tally:
    answers: Counter[str] = field(default_factory=Counter)
    suspects: Counter[str] = field(default_factory=Counter)
    signs: Counter[int] = field(default_factory=Counter)
    ctf: Counter[str] = field(default_factory=Counter)
    bad_found: int = 0
    bad: int = 0
    good_called_bad: int = 0


def draw(seed: int) -> tuple[Recipe, tuple[Blobs, ...], str]:
    """A recipe, what is in the images, and in which symmetry or kind."""
    rng = np.random.default_rng([seed, 7])
    kind = str(
        rng.choice(["lump", "two classes", "C4", "filament", "ball", "flat"], p=[0.5, 0.15, 0.1, 0.1, 0.05, 0.1])
    )
    recipe = Recipe(
        particles=int(rng.choice([25, 50, 100, 200, 300, 500, 1000], p=[0.1, 0.15, 0.25, 0.2, 0.15, 0.1, 0.05])),
        pixel_size_A=float(rng.choice([1.5, 2.5, 4.0])),
        snr=float(10 ** rng.uniform(-2.5, -1)),
        shift=float(rng.uniform(0, 0.15)),
        sign=int(rng.choice([-1, 1])),
        views="side" if kind == "filament" else str(rng.choice(["uniform", "preferred"])),
        error_deg=float(rng.choice([0, 5, 10, 15])),
        colour=float(rng.choice([0, 1])),
        neighbours=float(rng.choice([0, 0.3])),
        ramp=float(rng.choice([0, 0.5])),
        flat=kind == "flat",
    )
    recipe = replace(recipe, stacks=max(2, recipe.particles // 20))
    body = lump(rng)
    phantoms = {
        "two classes": (body, Blobs(body.centres, body.widths, body.weights * (body.centres[:, 0] > 0))),
        "C4": (with_c4(body),),
        "filament": (filament(rng),),
        "ball": (ball(),),
        "flat": (body, lump(rng), lump(rng)),
    }
    return recipe, phantoms.get(kind, (body,)), kind


def cases(made: MadeParticles, kind: str, rng: np.random.Generator) -> Iterator[tuple[str, PosedParticles, Any]]:
    """Name, fields and images; the images are the set's own where they are None."""
    right = made.posed()
    n, order = len(made.images), rng.permutation(len(made.images))
    if kind == "ball":
        yield "right, ball", right, None
        return
    if kind == "flat":
        assert right.psi_rad is not None and right.class_number is not None
        yield "2D right", right, None
        yield "2D permuted", replace(right, psi_rad=right.psi_rad[order], class_number=right.class_number[order]), None
        yield "2D next image", right, np.roll(made.images, 1, axis=0)
        yield "2D -psi", replace(right, psi_rad=-right.psi_rad), None
        return
    pose, shift, pixel_A = right.rotation_vector, right.shift_px, made.recipe.pixel_size_A
    assert pose is not None
    yield "right", right, None
    yield "permuted", replace(right, rotation_vector=pose[order], shift_px=shift[order]), None
    yield "random views", replace(right, rotation_vector=rng.permutation(pose)), None
    yield "no particles", right, rng.standard_normal(made.images.shape, np.float32)
    yield "inverse", replace(right, rotation_vector=-pose), None
    yield "mirrored", right, made.images[:, ::-1]
    yield "row early", right, np.roll(made.images, 1, axis=0)
    yield "row late", right, np.roll(made.images, -1, axis=0)
    yield "negated shifts", replace(right, shift_px=-shift), None
    yield "shifts x pixel size", replace(right, shift_px=shift * pixel_A), None
    yield "shifts / pixel size", replace(right, shift_px=shift / pixel_A), None
    assert right.ctf is not None
    for how in ("phase-flipped", "premultiplied"):
        yield how, right, ctf_corrected(made.images, made.ctf, pixel_A, how)
    twice = {name: 2 * getattr(right.ctf, name) for name in ("defocus_u_A", "defocus_v_A")}
    yield "defocus x 2", replace(right, ctf=replace(right.ctf, **twice)), None
    halved_A = {"pixel_size_A": pixel_A / 2, "shift_pixel_size_A": right.shift_pixel_size_A / 2}
    yield "pixel size / 2", replace(right, **halved_A), None
    some = rng.choice(made.recipe.stacks, max(1, made.recipe.stacks // 5), replace=False)
    moved = np.arange(n)
    for stack in some:
        rows = np.flatnonzero(made.stack == stack)
        moved[rows] = rng.permutation(rows)
    yield "some stacks permuted", right, (made.images[moved], set(some.tolist()))


def count(tally: Tally, check: PoseCheck, bad: set[int]) -> None:
    tally.answers[check.answer] += 1
    tally.suspects[check.suspect.name if check.suspect else ""] += 1
    tally.signs[check.map_sign] += 1
    if doubt := check.ctf_doubt:
        tally.ctf["corrected" if doubt.are_corrected else "wrong"] += 1
    called = set(check.stacks.number[check.stacks.is_bad].tolist())
    tally.bad += len(bad)
    tally.bad_found += len(called & bad)
    tally.good_called_bad += len(called - bad)


def main(sets: int = 200, first: int = 0) -> None:
    tallies: dict[str, Tally] = defaultdict(Tally)
    ts: dict[tuple[str, str], list[float]] = defaultdict(list)
    for seed in range(first, first + sets):
        recipe, phantoms, kind = draw(seed)
        rng = np.random.default_rng([seed, 8])
        made = make_particles(recipe, seed, *phantoms)
        every = list(cases(made, kind, rng))
        if kind not in ("ball", "flat"):  # a set that was centred before
            centred = make_particles(replace(recipe, shift=0), seed, *phantoms)
            every.append(("applied already", centred.posed(shift_px=made.origin_px), centred.images))
        for name, fields, images in every:
            images, bad = images if isinstance(images, tuple) else (images, set())
            check = check_poses(fields, made.transforms(images))
            assert check is not None
            count(tallies[name], check, bad)
            if name == "right":
                level = "<0.01" if recipe.snr < 0.01 else "<0.03" if recipe.snr < 0.03 else "<0.1"
                ts[level, f"{recipe.particles:4}"].append(check.t or 0)
            if "-v" in sys.argv:
                suspect = check.suspect.name if check.suspect else ""
                share, shifts = check.share and round(check.share, 2), round(recipe.shift, 3)
                print(
                    f"{seed}\t{name}\t{kind}\t{recipe.particles}\t{recipe.snr:.4f}\t{shifts}\t{recipe.views}\t"
                    f"{recipe.error_deg:.0f}\t{recipe.pixel_size_A}\t{recipe.colour:.0f}\t{recipe.neighbours}\t"
                    f"{recipe.ramp}\t{check.t or 0:.1f}\t{share}\t{check.structure:.3f}\t"
                    f"{max(a.better_z for a in check.alternatives):.1f}\t{check.answer}\t{suspect}\t{check.map_sign}"
                )
    show(tallies, ts)


def show(tallies: dict[str, Tally], ts: dict[tuple[str, str], list[float]]) -> None:
    print(
        f"{'case':22}{'sets':>6}"
        + "".join(f"{answer:>14}" for answer in ANSWERS)
        + f"{'named right':>14}{'wrongly':>9}{'CTF corrected':>15}{'wrong':>7}"
    )
    totals: Counter[str] = Counter()
    for name, tally in tallies.items():
        sets = sum(tally.answers.values())
        named = sets - tally.suspects[""]
        right = tally.suspects[NAMED[name]] if name in NAMED else 0
        print(
            f"{name:22}{sets:6}"
            + "".join(f"{tally.answers[a]:14}" for a in ANSWERS)
            + f"{right:14}{named - right:9}{tally.ctf['corrected']:15}{tally.ctf['wrong']:7}"
        )
        if name in RIGHT:
            totals["right"] += sets
            totals["right called wrong"] += tally.answers["does not fit"]
        if name in GROSS:
            totals["gross"] += sets
            totals["gross called right"] += tally.answers["fits"]
        if name in NAMED:
            totals["named"] += named
            totals["named right"] += right
        totals["signs"] += tally.signs[1] + tally.signs[-1]
        totals["signs wrong"] += tally.signs[-1]
    for part, whole in (
        ("right called wrong", "right"),
        ("gross called right", "gross"),
        ("named right", "named"),
        ("signs wrong", "signs"),
    ):
        print(f"{part:22}{totals[part]:6} of {totals[whole]} = {totals[part] / max(1, totals[whole]):.2%}")
    stacks = tallies["some stacks permuted"]
    good = sum(tally.good_called_bad for name, tally in tallies.items() if name == "right")
    print(f"permuted stacks found {stacks.bad_found} of {stacks.bad}; good ones called bad in right sets: {good}")
    print("T of right sets, 2 % / median / 98 %")
    for (level, particles), values in sorted(ts.items()):
        low, middle, high = np.percentile(values, [2, 50, 98])
        print(f"  SNR {level:6} n {particles}: {low:5.1f} {middle:5.1f} {high:5.1f}  ({len(values)})")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(*numbers)
