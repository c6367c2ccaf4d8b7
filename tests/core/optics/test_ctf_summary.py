"""The look at the CTF parameters, against planted ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cryoimport_gui.core.optics.ctf_summary import MAX_GROUPS, MAX_OUTLIERS, CtfSummary, summarize_ctf
from cryoimport_gui.core.particles import OpticsGroup, Particles

N = 4000


def made_particles(groups: int = 1, seed: int = 0) -> Particles:
    """Defocus of 10,000 to 20,000 Å and an astigmatism of 300 ± 60 Å; 40 particles on each micrograph."""
    rng = np.random.default_rng(seed)
    mean, half = rng.uniform(10_000, 20_000, N), rng.normal(150, 30, N)
    return Particles(
        source="",
        dialect="",
        stack_names=["s"],
        stack_index=np.zeros(N, np.int32),
        image_number=np.arange(1, N + 1),
        optics_groups=[OpticsGroup(i + 1, f"g{i + 1}") for i in range(groups)],
        optics_index=(np.arange(N) % groups).astype(np.int32),
        has_optics=True,
        micrograph_names=[f"m{i}.mrc" for i in range(N // 40)],
        micrograph_index=(np.arange(N) // 40).astype(np.int32),
        defocus_u_A=mean + half,
        defocus_v_A=mean - half,
    )


def summary(particles: Particles) -> CtfSummary:
    found = summarize_ctf(particles)
    assert found is not None
    return found


def test_spread_of_defocus_and_astigmatism() -> None:
    found = summary(made_particles())
    spread = found.defocus_A
    assert (spread.low, spread.median, spread.high) == pytest.approx((10_500, 15_000, 19_500), abs=250)
    assert spread.least >= 10_000 and spread.most <= 20_000
    assert found.astigmatism_A.median == pytest.approx(300, abs=5)
    assert found.astigmatism_A.high == pytest.approx(300 + 1.645 * 60, abs=8)
    assert found.phase_shift_deg is None
    assert (found.outlying, found.outliers) == (0, [])


def test_histograms_count_every_particle_in_its_group() -> None:
    particles = made_particles(3)
    found = summary(particles)
    assert list(found.counts) == ["g1", "g2", "g3"]
    mean = (particles.defocus_u_A + particles.defocus_v_A) / 2
    for i, counts in enumerate(found.counts.values()):
        expected, _ = np.histogram(mean[particles.optics_index == i], found.edges_A)
        np.testing.assert_array_equal(counts, expected)


def test_many_groups_are_drawn_together() -> None:
    particles = made_particles(20)
    particles.optics_index[:1000] = 4
    found = summary(particles)
    assert len(found.counts) == MAX_GROUPS
    assert list(found.counts)[-1] == "13 others" and "g5" in found.counts
    assert sum(counts.sum() for counts in found.counts.values()) == N


def test_outliers_are_named_by_micrograph_with_the_farthest_first() -> None:
    particles = made_particles()
    u, v = particles.defocus_u_A, particles.defocus_v_A
    assert u is not None and v is not None
    for rows, defocus in ((slice(40, 43), 60_000.0), (slice(80, 81), 90_000.0)):
        u[rows], v[rows] = defocus + 150, defocus - 150
    u[400], v[400] = -4_000, -4_300
    u[800] += 3_000
    found = summary(particles)
    assert found.outlying == 3 + 1 + 1 + 1
    assert [(o.name, o.particles, o.value) for o in found.outliers] == [
        ("m2.mrc", 1, "defocus 90,000 Å"),
        ("m1.mrc", 3, "defocus 60,000 Å"),
        ("m10.mrc", 1, "defocus -4,150 Å (overfocus)"),
        ("m20.mrc", 1, f"astigmatism {u[800] - v[800]:,.0f} Å"),
    ]


def test_without_micrographs_outliers_are_named_by_stack() -> None:
    particles = replace(made_particles(), micrograph_index=None, micrograph_names=[])
    particles.defocus_u_A[7] = 200_000  # type: ignore[index]
    assert {outlier.name for outlier in summary(particles).outliers} == {"s"}


def test_the_list_of_outliers_ends_somewhere() -> None:
    particles = made_particles()
    particles.defocus_u_A[::40] += 80_000  # type: ignore[index]
    found = summary(particles)
    assert found.outlying == N // 40
    assert len(found.outliers) == 2 * MAX_OUTLIERS


def test_equal_values_do_not_make_their_noise_outliers() -> None:
    """Where most values are equal, the median deviation is 0; fits are not that precise."""
    particles = made_particles()
    u, v = np.full(N, 15_000.0), np.full(N, 15_000.0)
    u[0] += 200
    found = summary(replace(particles, defocus_u_A=u, defocus_v_A=v))
    assert found.outlying == 0


def test_phase_shifts() -> None:
    found = summary(replace(made_particles(), phase_shift_deg=np.linspace(20, 120, N)))
    assert found.phase_shift_deg is not None
    assert (found.phase_shift_deg.least, found.phase_shift_deg.most) == (20, 120)
    assert summary(replace(made_particles(), phase_shift_deg=np.zeros(N))).phase_shift_deg is None


def test_rows_that_are_not_finite_are_left_aside() -> None:
    particles = made_particles()
    particles.defocus_u_A[:10] = np.nan  # type: ignore[index]
    assert sum(counts.sum() for counts in summary(particles).counts.values()) == N - 10


@pytest.mark.parametrize("defocus", [None, np.full(N, np.nan)])
def test_no_defocus_no_summary(defocus: np.ndarray | None) -> None:
    assert summarize_ctf(replace(made_particles(), defocus_u_A=defocus, defocus_v_A=defocus)) is None
