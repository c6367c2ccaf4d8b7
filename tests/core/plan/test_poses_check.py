"""Which particles are judged, with which fields, and what is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan import poses_check
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import Planner, plan_import
from cryoimport_gui.core.plan.poses_check import look_at_poses
from cryoimport_gui.core.plan.poses_rows import as_written, choose_runs
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.claims import claims_of
from tests.support.made_particles import MadeParticles, Recipe, ball, make_particles
from tests.support.planted_poses import ANGLES, SHIFTS, write_made
from tests.support.running import StopAfter
from tests.support.stars import OPTICS, particle_columns, write_stack, write_star

RECIPE = Recipe(particles=160, box=48, snr=0.05, shift=0.08, stacks=8)


@cache
def made(**changes: Any) -> MadeParticles:
    return make_particles(replace(RECIPE, **changes), 3)


def planned(meta: Path, **values: Any) -> ImportPlan:
    return plan_import(update(ImportParameters(), {"meta": str(meta), **values}))


def empty_stacks(folder: Path, sizes: list[int], copies: int = 1) -> ImportPlan:
    """Rows of blank images; each image in `copies` rows."""
    names = [f"{i + 1}@stacks/s{k}.mrcs" for k, n in enumerate(sizes) for i in range(n) for _ in range(copies)]
    for k, n in enumerate(sizes):
        write_stack(folder / f"stacks/s{k}.mrcs", count=n, seed=k)
    angles = np.random.default_rng(0).uniform(-90, 90, (3, len(names))).round(3)
    columns = {"rlnImageName": names, **dict(zip(ANGLES, angles.tolist())), "rlnOpticsGroup": [1] * len(names)}
    return planned(write_star(folder / "run_data.star", columns), check_poses="off")


def chosen(plan: ImportPlan, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Stack and number of each image of a sample."""
    assert plan.all_particles and plan.stacks and plan.importable is not None
    rows = choose_runs(plan.all_particles, plan.stacks, np.flatnonzero(plan.importable), count)
    particles = plan.all_particles
    return plan.stacks.of_name[particles.stack_index[rows]], particles.image_number[rows]


def test_a_sample_is_made_of_runs_from_many_stacks(tmp_path: Path) -> None:
    stack, number = chosen(empty_stacks(tmp_path, [50] * 30), 500)
    assert len(stack) == 500 and len(set(zip(stack, number))) == 500
    sizes = np.bincount(stack)
    assert (sizes > 0).sum() >= 25 and sizes.max() <= 20
    neighbours = (np.diff(stack) == 0) & (np.diff(number) == 1)
    assert neighbours.sum() >= 500 - 30
    assert len(set(number[np.flatnonzero(np.diff(stack, prepend=-1))].tolist())) > 1  # not always the first ones


def test_small_stacks_are_taken_whole_and_one_large_stack_in_places(tmp_path: Path) -> None:
    stack, number = chosen(empty_stacks(tmp_path / "small", [7] * 100), 500)
    assert len(stack) == 500 and np.bincount(stack).max() == 7
    stack, number = chosen(empty_stacks(tmp_path / "large", [2000]), 500)
    assert len(stack) == 500
    assert (np.diff(number) == 1).sum() >= 450 and np.ptp(number) > 1500
    assert len(chosen(empty_stacks(tmp_path / "few", [10, 9]), 500)[0]) == 19


def test_each_image_is_taken_once(tmp_path: Path) -> None:
    stack, number = chosen(empty_stacks(tmp_path, [30] * 20, copies=6), 400)
    assert len(stack) == 400 == len(set(zip(stack, number)))


def test_rows_with_faults_are_never_judged(tmp_path: Path) -> None:
    particles = made()
    order = np.random.default_rng(1).permutation(160)
    bad = np.arange(160) % 4 == 0
    angles = particles.angles_deg.copy()
    angles[bad] = angles[order][bad]
    defocus = np.where(bad, "nan", particles.ctf["defocus_u_A"].astype(str))
    meta = write_made(tmp_path, particles, {**dict(zip(ANGLES, angles.T)), "rlnDefocusU": defocus})
    for policy in ("stop", "leave-out"):
        found = planned(meta, on_bad=policy).poses_check
        assert found.verdict == "fit" and not bad[found.rows].any() and len(found.rows) == 120


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"box": 24}, {}),
        ({"box": 47}, {}),
        ({"flat": True}, {}),
        ({"phase_shift_deg": 90.0, "defocus_um": (0.4, 0.8)}, {}),
        ({}, {"relion": "3.0"}),
        ({}, {"mode": 0}),
        ({}, {"mode": 12}),
        ({"sign": 1}, {}),
    ],
    ids=["box 24", "odd box", "2D", "phase plate", "RELION 3.0, pixels", "int8", "float16", "dark on light"],
)
def test_right_poses_stay_without_a_problem(tmp_path: Path, changes: dict, how: dict) -> None:
    particles = made(**changes)
    images = (particles.images * 25).clip(-127, 127) if how.get("mode") == 0 else None
    plan = planned(write_made(tmp_path, particles, images=images, **how))
    assert plan.poses_check.verdict == "fit", plan.poses_check.words
    assert not [p for p in plan.problems if p.code.startswith(("poses-", "shifts-"))]
    assert plan.poses == ("2D" if changes.get("flat") else "3D")
    if not changes.get("flat"):
        assert plan.poses_check.data_sign == particles.recipe.sign


def test_2d_poses_that_are_dealt_anew_do_not_fit(tmp_path: Path) -> None:
    particles = made(flat=True)
    psi = particles.angles_deg[np.random.default_rng(0).permutation(160), 2]
    plan = planned(write_made(tmp_path, particles, {"rlnAnglePsi": psi}))
    assert plan.poses_check.verdict == "unclear"
    (found,) = (p for p in plan.problems if p.code.startswith("poses-"))
    assert found.code == "poses-unclear"


def test_large_images_in_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """800 pixels; no more than a few images are held at once."""
    small = made(particles=60, stacks=4, snr=0.3)
    spectrum = np.zeros((60, 800, 401), np.complex64)
    keep = np.r_[:24, 776:800]
    spectrum[:, keep, :24] = np.fft.rfft2(small.images)[:, np.r_[:24, 24:48], :24]
    images = np.fft.irfft2(spectrum, s=(800, 800)) * (800 / 48) ** 2
    meta = write_made(tmp_path, small, images=images.astype(np.float16), mode=12)
    held = []
    add = poses_check.Transforms.add

    def measured(self: Any, positions: Any, some: Any) -> None:
        held.append(some.nbytes)
        add(self, positions, some)

    monkeypatch.setattr(poses_check.Transforms, "add", measured)
    plan = planned(meta)
    assert plan.poses_check.verdict == "fit", plan.poses_check.words
    assert max(held) <= 32 << 20 and sum(held) == 60 * 800 * 800 * 4


def test_copies_of_images_are_no_evidence(tmp_path: Path) -> None:
    """A symmetry-expanded set with wrong poses: its copies would fit each other."""
    particles = made()
    order = np.random.default_rng(0).permutation(160)
    names = [f"{n + 1:06d}@stacks/s{s}.mrcs" for n, s in zip(particles.number, particles.stack)]
    right = write_made(tmp_path, particles)
    twice = {
        "rlnImageName": names * 2,
        "rlnMicrographName": [f"mics/m{s}.mrc" for s in particles.stack] * 2,
        **dict(zip(SHIFTS, np.tile(particles.origin_px * 4.0, (2, 1)).T)),
        "rlnDefocusU": np.tile(particles.ctf["defocus_u_A"], 2),
        "rlnDefocusV": np.tile(particles.ctf["defocus_v_A"], 2),
        "rlnDefocusAngle": np.tile(np.degrees(particles.ctf["defocus_angle_rad"]), 2),
        "rlnOpticsGroup": [1] * 320,
    }
    optics = {
        "rlnOpticsGroup": [1],
        "rlnImagePixelSize": [4.0],
        "rlnVoltage": [300],
        "rlnSphericalAberration": [2.7],
        "rlnAmplitudeContrast": [0.1],
    }
    for angles, verdict in ((particles.angles_deg, "fit"), (particles.angles_deg[order], "not fit")):
        turned = angles + [60, 0, 0]
        columns = twice | dict(zip(ANGLES, np.concatenate([angles, turned]).T))
        plan = planned(write_star(right, columns, optics))
        assert len(plan.poses_check.rows) == 160 and plan.poses_check.rows.max() < 160
        assert (plan.poses_check.verdict == "fit") == (verdict == "fit")
        assert plan.poses_check.data_sign in ((-1,) if verdict == "fit" else (0,))


def test_premultiplied_images_are_compared_without_a_ctf(tmp_path: Path) -> None:
    """The reader's mark of such images, whatever it says."""
    plan = planned(write_made(tmp_path, made(premultiplied=True)))
    assert plan.all_particles and plan.stacks
    rows = np.arange(160)
    for group in plan.groups:
        group.ctf_corrected = "premultiplied"  # type: ignore[attr-defined]
    found = look_at_poses(plan)
    assert found.check and found.verdict == "fit" and found.check.t_ctf == 0
    known = as_written(plan.all_particles, plan.stacks, plan.groups, rows, True, True).ctf
    assert known is not None
    np.testing.assert_allclose(known.wavelength_A, 0.019687, rtol=1e-4)


def test_without_a_defocus(tmp_path: Path) -> None:
    plan = planned(write_made(tmp_path, made(premultiplied=True), {"rlnDefocusU": None}))
    assert plan.poses_check.verdict == "fit" and "ctf" not in plan.slots


def test_a_ball_is_not_testable_and_no_problem(tmp_path: Path) -> None:
    plan = planned(write_made(tmp_path, make_particles(replace(RECIPE, snr=0.5), 1, ball())))
    assert plan.poses_check.verdict == "unclear" and plan.poses_check.words.startswith("Poses cannot be tested")
    assert not [p for p in plan.problems if p.code.startswith("poses-")]


def test_an_override_moves_no_particle(tmp_path: Path) -> None:
    plan = planned(write_made(tmp_path, made()), pixel_size=["4.1"])
    assert plan.all_particles and plan.stacks
    posed = as_written(plan.all_particles, plan.stacks, plan.groups, np.arange(160), True, True)
    assert posed.pixel_size_A == 4.1 and set(posed.shift_pixel_size_A) == {4.1}
    assert posed.file_pixel_size_A is not None and set(posed.file_pixel_size_A) == {4.0}
    np.testing.assert_allclose(posed.shift_px, made().origin_px, atol=1e-6)
    assert plan.poses_check.verdict == "fit"


def test_a_wrong_unit_is_that_of_the_files_pixels(tmp_path: Path) -> None:
    """Pixels in the columns of Å, whatever pixel size the user gives."""
    plan = planned(write_made(tmp_path, made(), dict(zip(SHIFTS, made().origin_px.T))), pixel_size=["3.5"])
    check = plan.poses_check.check
    assert check is not None and plan.poses_check.suspect == "shifts-unit"
    assert plan.all_particles and plan.stacks
    (other,) = (o for o in check.alternatives if o.name == "shifts-times-pixel-size")
    right = planned(write_made(tmp_path / "right", made()), pixel_size=["3.5"]).poses_check.check
    assert right is not None and other.other == pytest.approx(float(right.own.mean()), rel=1e-4)


def test_only_what_matters_runs_the_check_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    meta = write_made(tmp_path, made())
    planner = Planner()
    monkeypatch.setattr("cryoimport_gui.core.plan.planner.look_at_poses", lambda p, progress: runs.append(p) or seen)
    seen = planned(meta, check_poses="off").poses_check

    def again(**values: Any) -> int:
        before = len(runs)
        planner.plan(update(ImportParameters(), {"meta": str(meta), **values}))
        return len(runs) - before

    assert again() == 1
    assert [again(data_sign="+1"), again(ignore_half_sets=True), again(output=str(tmp_path / "out"))] == [0, 0, 0]
    assert [again(check_poses="off"), again()] == [0, 0]
    assert [again(pixel_size=["4.1"]), again(voltage=["200"]), again(select=["rlnDefocusU>12000"])] == [1, 1, 1]


def test_the_verdict_of_another_sample_stands_until_something_else_is_written(tmp_path: Path) -> None:
    meta = write_made(tmp_path, made())
    planner = Planner()

    def plan(**values: Any) -> ImportPlan:
        return planner.plan(update(ImportParameters(), {"meta": str(meta), **values}))

    first = plan()
    found = look_at_poses(first, 60, seed=1)
    planner.use_poses_check(first, found, 0.5)
    for values in ({}, {"data_sign": "+1"}, {"output": str(tmp_path / "out")}):
        again = plan(**values)
        assert again.poses_check is found and again.timings_s["poses"] == 0.5
    assert "(60 particles)" in found.words and len(first.poses_check.rows) == 160
    assert len(plan(pixel_size=["4.1"]).poses_check.rows) == 160


def test_another_seed_chooses_other_particles(tmp_path: Path) -> None:
    plan = planned(write_made(tmp_path, made()))
    rows = [look_at_poses(plan, 60, seed=seed).rows for seed in (0, 1, 1)]
    assert set(rows[0].tolist()) != set(rows[1].tolist()) and rows[1].tolist() == rows[2].tolist()


def test_it_can_be_stopped_at_every_step(tmp_path: Path) -> None:
    class Counted(Progress):
        asked = 0

        def __init__(self) -> None:
            super().__init__(self._count)

        def _count(self) -> bool:
            self.asked += 1
            return False

    plan = planned(write_made(tmp_path, made()), check_poses="off")
    plan.parameters.check_poses = "auto"
    look_at_poses(plan, progress=(progress := Counted()))
    assert progress.asked > 50
    for steps in np.linspace(0, progress.asked - 1, 12).astype(int).tolist():
        with pytest.raises(Cancelled):
            look_at_poses(plan, progress=StopAfter(steps))


def test_more_particles_on_demand(tmp_path: Path) -> None:
    plan = planned(write_made(tmp_path, made()))
    assert len(look_at_poses(plan, 60).rows) == 60
    assert len(look_at_poses(plan, poses_check.MOST_PARTICLES).rows) == 160


TWO_SIZES = {"rlnImagePixelSize": [4.0, 5.0]} | {
    label: values * 2 for label, values in OPTICS.items() if label not in ("rlnImagePixelSize", "rlnOpticsGroup")
}
TWO_SIZES |= {"rlnOpticsGroup": [1, 2], "rlnOpticsGroupName": ["a", "b"]}


def two_sizes(folder: Path, few: int = 60, change: dict[str, Any] | None = None, size_A: float = 5.0) -> ImportPlan:
    """The last `few` of the particles lie in another optics group; its images are made for its pixel size."""
    first, second = made(), make_particles(replace(RECIPE, pixel_size_A=size_A), 3)
    is_second = np.arange(160) >= 160 - few
    both = replace(first, images=np.where(is_second[:, None, None], second.images, first.images))
    sizes = np.where(is_second, size_A, 4.0)
    columns = dict(zip(SHIFTS, (first.origin_px * sizes[:, None]).T)) | {"rlnOpticsGroup": 1 + is_second}
    columns |= {label: np.where(is_second, values, columns[label]) for label, values in (change or {}).items()}
    optics = TWO_SIZES | {"rlnImagePixelSize": [4.0, size_A]}
    return planned(write_made(folder, both, columns, optics=optics))


def test_particles_of_another_pixel_size_are_judged_by_themselves(tmp_path: Path) -> None:
    found = two_sizes(tmp_path).poses_check
    assert found.verdict == "fit" and len(found.rows) == 100
    assert found.words.endswith("(100 particles); this is about particles of 4 Å; those of 5 Å (60) fit too.")


def test_poses_that_fit_only_for_one_pixel_size_are_not_called_fitting(tmp_path: Path) -> None:
    plan = two_sizes(tmp_path, change=dict(zip(SHIFTS, -5.0 * made().origin_px.T)))
    found = plan.poses_check
    assert (found.verdict, found.suspect, len(found.rows)) == ("do-not-fit", "shifts-sign", 60)
    (problem,) = (p for p in plan.problems if p.code == "shifts-do-not-fit")
    assert problem.message.endswith("this is about particles of 5 Å; those of 4 Å (100) fit")


@pytest.mark.parametrize(("few", "verdict", "state"), [(20, "unclear", "as given"), (6, "fit", "confirmed")])
def test_too_few_particles_of_another_pixel_size(tmp_path: Path, few: int, verdict: str, state: str) -> None:
    """Of an eighth of the particles it is not known whether their poses fit, so that is no confirmation."""
    plan = two_sizes(tmp_path, few)
    assert plan.poses_check.verdict == verdict
    assert plan.poses_check.words.endswith(f"; those of 5 Å ({few}) cannot be judged.")
    assert [p.code for p in plan.problems if p.code.startswith("poses-")] == ["poses-unclear"] * (verdict == "unclear")
    assert [claim.state for claim in claims_of(plan) if claim.topic is Topic.POSES] == [state]


def test_pixel_sizes_that_are_nearly_one_stand_in_one_map(tmp_path: Path) -> None:
    found = two_sizes(tmp_path, size_A=4.02).poses_check
    assert found.verdict == "fit" and len(found.rows) == 160 and not found.others


def test_noise_is_unclear(tmp_path: Path) -> None:
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", count=30, box=24, seed=k)
    plan = planned(write_star(tmp_path / "run_data.star", particle_columns(2, 30)))
    assert (plan.poses_check.verdict, plan.poses_check.suspect, plan.poses_check.data_sign) == ("unclear", "", 0)
