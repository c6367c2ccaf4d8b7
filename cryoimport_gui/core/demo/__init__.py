"""A small made-up data set whose truth is known: RELION particles and the CryoSPARC exposures they came from.

In: a `DemoRecipe`.  Out: files in a folder, and their truth as `Demo`.  Used by `--demo` and by the tests.
The next thing that a data set can have: a field of `DemoRecipe` in `truth.py`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .images import make_phantom, write_micrographs, write_mrc
from .tables import write_exposures, write_star
from .truth import Demo, DemoRecipe

__all__ = ["Demo", "DemoRecipe", "make_demo"]

_VOLTAGES_KV = (300.0, 200.0, 300.0)
_CS_MM = 2.7
_AMPLITUDE_CONTRAST = 0.1
_EXPOSURE_SUFFIX = "_patch_aligned_doseweighted.mrc"
_MICROGRAPH_SUFFIX = "_rigid_aligned.mrc"
#: what `--demo` makes
_AS_SHOWN = DemoRecipe()


def make_demo(folder: Path, recipe: DemoRecipe = _AS_SHOWN) -> Demo:
    """Write the data set below `folder` and return its truth; the same recipe gives the same images.

    Raises:
        OSError: The folder cannot be written.
    """
    rng = np.random.default_rng(recipe.seed)
    demo = _plant(folder.absolute(), recipe, rng)
    for path in (*demo.micrographs, *demo.stacks, demo.star):
        path.parent.mkdir(parents=True, exist_ok=True)
    images = write_micrographs(demo, rng)
    for stack, path in enumerate(demo.stacks):
        rows = np.flatnonzero(demo.stack_index == stack)
        ordered = images[rows[np.argsort(demo.image_index[rows])]]
        write_mrc(path, ordered, demo.pixel_size_A[demo.optics_group[rows[0]] - 1])
    write_exposures(demo)
    write_star(demo)
    return demo


def _plant(folder: Path, recipe: DemoRecipe, rng: np.random.Generator) -> Demo:
    count, each = recipe.micrographs, recipe.particles_per_micrograph
    n = count * each
    order = rng.permutation(n) if recipe.shuffled else np.arange(n)
    micrograph, place = order // each, order % each
    group_sizes = np.array(recipe.optics_pixel_sizes or (recipe.pixel_size_A,) * recipe.optics_groups)
    uids = rng.integers(1, 1 << 63, (2, count), dtype=np.uint64)
    shape, centres = _layout(recipe, rng)

    tilt = np.degrees(np.arccos(rng.uniform(-1, 1, n)))
    if recipe.special_tilts:
        tilt[::5], tilt[2::5] = 0.0, 180.0
    mean, astigmatism = rng.uniform(9_000, 19_000, count), rng.uniform(50, 500, count)
    axis, phase = rng.uniform(-90, 90, count), rng.uniform(0, 10, count)
    local = rng.uniform(-300, 300, n)

    relion, project = folder / "relion", folder / "CS-demo"
    stems = [f"{uid:021d}_demo_{i + 1:04d}" for i, uid in enumerate(uids[1])]
    exposures = [f"{uid:021d}_demo_{i + 1:04d}{_EXPOSURE_SUFFIX}" for i, uid in enumerate(uids[0])]
    extracted = relion / "Extract/job005/Movies"
    stacks = ["particles.mrcs"] if recipe.one_stack else [f"{s}{_MICROGRAPH_SUFFIX}s" for s in stems]
    return Demo(
        recipe=recipe,
        phantom=make_phantom(recipe.box * recipe.binned * recipe.pixel_size_A, rng),
        star=relion / "Refine3D/job010/run_data.star",
        data=relion,
        project=project,
        exposures=project / "J2/exposures.cs",
        micrographs=[project / "J2/motioncorrected" / name for name in exposures],
        micrograph_names=[f"MotionCorr/job002/Movies/{stem}{_MICROGRAPH_SUFFIX}" for stem in stems],
        stacks=[extracted / name for name in stacks],
        rot_deg=rng.uniform(-180, 180, n).round(6),
        tilt_deg=tilt.round(6),
        psi_deg=rng.uniform(-180, 180, n).round(6),
        shift_px=rng.uniform(-recipe.max_shift_px, recipe.max_shift_px, (n, 2)).round(6),
        defocus_u_A=(mean[micrograph] + local + astigmatism[micrograph]).round(6),
        defocus_v_A=(mean[micrograph] + local - astigmatism[micrograph]).round(6),
        defocus_angle_deg=axis[micrograph].round(6),
        phase_shift_deg=phase[micrograph].round(6),
        coordinates=np.asarray(centres[order] * recipe.coordinate_scale, np.float64),
        micrograph_index=micrograph,
        stack_index=np.zeros(n, np.int64) if recipe.one_stack else micrograph,
        image_index=order if recipe.one_stack else place,
        optics_group=micrograph % len(group_sizes) + 1,
        random_subset=rng.integers(1, 3, n),
        class_number=np.ones(n, np.int64),
        data_sign=-1 if recipe.inverted else 1,
        trims={
            "remove_leading_uid": True,
            "exposure_cut_prefix": 0,
            "exposure_cut_suffix": len(_EXPOSURE_SUFFIX),
            "particle_cut_prefix": 22,
            "particle_cut_suffix": len(_MICROGRAPH_SUFFIX),
        },
        pixel_size_A=group_sizes * recipe.binned,
        voltage_kV=np.array(_VOLTAGES_KV[: len(group_sizes)]),
        cs_mm=np.full(len(group_sizes), _CS_MM),
        amplitude_contrast=np.full(len(group_sizes), _AMPLITUDE_CONTRAST),
        exposure_uids=uids[0],
        exposure_shapes=np.tile(shape, (count, 1)),
    )


def _layout(recipe: DemoRecipe, rng: np.random.Generator) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """Micrograph shape, and where the boxes are: a jittered grid that keeps every box inside."""
    side, each = recipe.box * recipe.binned, recipe.particles_per_micrograph
    columns = math.ceil(math.sqrt(each * 1.2))
    rows = math.ceil(each / columns)
    size = np.array([max(9 * side, columns * side), max(15 * side // 2, rows * side)])
    cell = size / (columns, rows)
    place = np.tile(np.arange(each), recipe.micrographs)
    jitter = rng.uniform(-0.5, 0.5, (len(place), 2)) * (cell - side)
    middle = (np.stack([place % columns, place // columns], axis=1) + 0.5) * cell
    centres = np.clip(np.rint(middle + jitter), side // 2, size - side // 2 - side % 2)
    return (int(size[1]), int(size[0])), centres.astype(np.int64)
