"""A small made-up data set whose truth is known: RELION particles and the CryoSPARC exposures they came from.

The particle is a cloud of Gaussian blobs, so that its projections are exact.  Micrographs are
background + noise - CTF * projection (protein is dark); particles are cut out of them as RELION does.
Used by `--demo` and by the tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from numpy.typing import NDArray

_VOLTAGES_KV = (300.0, 200.0, 300.0)
_CS_MM = 2.7
_AMPLITUDE_CONTRAST = 0.1
_DETECTOR_PIXEL_UM = 5.0
_EXPOSURE_SUFFIX = "_patch_aligned_doseweighted.mrc"
_MICROGRAPH_SUFFIX = "_rigid_aligned.mrc"
#: stored value of one standard deviation of the background
_STORED_SD = {"float32": 1.0, "float16": 1.0, "int16": 200.0, "int8": 20.0}


@dataclass(frozen=True)
class DemoRecipe:
    """What the data set is to be like.

    `pixel_size_A` is that of the exposures (`optics_pixel_sizes`: one for each optics group); particle images
    have `binned` times as much.  Coordinates are in pixels that are `coordinate_scale` times smaller.
    `snr` is the variance of the signal over that of the noise, in the box, per micrograph pixel.
    """

    seed: int = 0
    micrographs: int = 20
    particles_per_micrograph: int = 20
    box: int = 64
    pixel_size_A: float = 2.1
    snr: float = 0.3
    relion: str = "3.1"
    one_stack: bool = False
    dtype: str = "float32"
    absolute_paths: bool = False
    shuffled: bool = False
    special_tilts: bool = False
    inverted: bool = True
    mirrored_micrographs: bool = False
    coordinate_scale: float = 1.0
    binned: int = 1
    optics_groups: int = 2
    optics_pixel_sizes: tuple[float, ...] | None = None
    max_shift_px: float = 3.0


@dataclass(frozen=True)
class Phantom:
    """Gaussian blobs: where they are (n, 3), how wide (standard deviation, n) and how heavy (n)."""

    positions_A: NDArray[np.float64]
    widths_A: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Demo:
    """Where the data set is, and its truth.

    One value for each row of the STAR file, in its order, except where said otherwise.  The particle's centre
    in the exposure (before any mirroring) is `coordinates / coordinate_scale - shift_px * binned`.
    """

    recipe: DemoRecipe
    phantom: Phantom
    star: Path
    data: Path  # the RELION project, which the names in the STAR file are relative to
    project: Path  # the CryoSPARC project, which the paths in the exposures dataset are relative to
    exposures: Path
    micrographs: list[Path]  # the exposures' files
    micrograph_names: list[str]  # the same, as the STAR file calls them
    stacks: list[Path]
    rot_deg: NDArray[np.float64]
    tilt_deg: NDArray[np.float64]
    psi_deg: NDArray[np.float64]
    shift_px: NDArray[np.float64]  # (n, 2), x and y: rlnOrigin in pixels of the particle image
    defocus_u_A: NDArray[np.float64]
    defocus_v_A: NDArray[np.float64]
    defocus_angle_deg: NDArray[np.float64]
    phase_shift_deg: NDArray[np.float64]
    coordinates: NDArray[np.float64]  # (n, 2), x and y in pixels of the micrograph that was picked
    micrograph_index: NDArray[np.int64]  # into micrographs
    stack_index: NDArray[np.int64]  # into stacks
    image_index: NDArray[np.int64]  # in the stack, 0-based
    optics_group: NDArray[np.int64]  # 1, 2 …; RELION 3.0 files do not say it
    random_subset: NDArray[np.int64]
    class_number: NDArray[np.int64]
    data_sign: int
    trims: dict[str, bool | int]  # make all names match
    pixel_size_A: NDArray[np.float64]  # of the particle images, one for each optics group, as the following
    voltage_kV: NDArray[np.float64]
    cs_mm: NDArray[np.float64]
    amplitude_contrast: NDArray[np.float64]
    exposure_uids: NDArray[np.uint64]  # one for each micrograph
    exposure_shapes: NDArray[np.int64]  # (micrographs, 2), ny and nx


def make_demo(folder: Path, recipe: DemoRecipe = DemoRecipe()) -> Demo:
    """Write the data set below `folder` and return its truth; the same recipe gives the same images.

    Raises:
        OSError: The folder cannot be written.
    """
    rng = np.random.default_rng(recipe.seed)
    demo = _plant(folder.absolute(), recipe, rng)
    for path in (*demo.micrographs, *demo.stacks, demo.star):
        path.parent.mkdir(parents=True, exist_ok=True)
    images = _write_micrographs(demo, rng)
    for stack, path in enumerate(demo.stacks):
        rows = np.flatnonzero(demo.stack_index == stack)
        ordered = images[rows[np.argsort(demo.image_index[rows])]]
        _write_mrc(path, ordered, demo.pixel_size_A[demo.optics_group[rows[0]] - 1])
    _write_exposures(demo)
    _write_star(demo)
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
        phantom=_phantom(recipe.box * recipe.binned * recipe.pixel_size_A, rng),
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


def _phantom(box_A: float, rng: np.random.Generator) -> Phantom:
    """A flattened body with an arm, without any symmetry; its radius is about 0.3 of the box."""
    body = rng.normal(size=(36, 3))
    body *= rng.uniform(0, 1, (36, 1)) ** (1 / 3) / np.linalg.norm(body, axis=1, keepdims=True)
    arm = np.linspace(0.4, 1.1, 8)[:, None] * (0.75, 0.35, 0.55)
    positions = np.concatenate([body * (0.85, 0.65, 0.5), arm])
    positions -= positions.mean(axis=0)
    widths = rng.uniform(0.02, 0.04, len(positions)) * box_A
    return Phantom(positions * 0.3 * box_A, widths, rng.uniform(0.5, 1.5, len(positions)))


def euler_matrix(rot_deg: float, tilt_deg: float, psi_deg: float) -> NDArray[np.float64]:
    """RELION's matrix A (3, 3): a point r of the particle is seen at the first two coordinates of A r.

    A = Rz(psi)ᵀ Ry(tilt)ᵀ Rz(rot)ᵀ (Heymann, Chagoyen and Belnap, J. Struct. Biol. 151, 2005).
    """
    (ca, cb, cg), (sa, sb, sg) = (f(np.radians([rot_deg, tilt_deg, psi_deg])) for f in (np.cos, np.sin))
    z_psi = np.array([[cg, sg, 0], [-sg, cg, 0], [0, 0, 1]])
    y_tilt = np.array([[cb, 0, -sb], [0, 1, 0], [sb, 0, cb]])
    z_rot = np.array([[ca, sa, 0], [-sa, ca, 0], [0, 0, 1]])
    return np.asarray(z_psi @ y_tilt @ z_rot)


def _signal(demo: Demo, row: int, size: int, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """CTF * projection of a particle at `centre` (x, y in pixels): (size, size), protein positive."""
    group = demo.optics_group[row] - 1
    pixel_A = demo.pixel_size_A[group] / demo.recipe.binned
    matrix = euler_matrix(demo.rot_deg[row], demo.tilt_deg[row], demo.psi_deg[row])
    seen = demo.phantom.positions_A @ matrix[:2].T / pixel_A + centre
    widths = demo.phantom.widths_A / pixel_A
    x, y = np.exp(-0.5 * ((np.arange(size) - seen.T[:, :, None]) / widths[:, None]) ** 2)
    spectrum = np.fft.rfft2(y.T @ (x * (demo.phantom.weights / widths**2)[:, None]))

    # Weak phase object, underfocus positive (Rohou and Grigorieff, J. Struct. Biol. 192, 2015).
    volts = demo.voltage_kV[group] * 1e3
    wavelength_A = 12.2643 / math.sqrt(volts * (1 + 0.978466e-6 * volts))
    ky, kx = np.fft.fftfreq(size, pixel_A)[:, None], np.fft.rfftfreq(size, pixel_A)
    k2, angle = kx**2 + ky**2, np.arctan2(ky, kx) - math.radians(demo.defocus_angle_deg[row])
    u_A, v_A = demo.defocus_u_A[row], demo.defocus_v_A[row]
    defocus_A = 0.5 * (u_A + v_A + (u_A - v_A) * np.cos(2 * angle))
    aberration = math.pi * wavelength_A * k2 * (defocus_A - 0.5e7 * demo.cs_mm[group] * wavelength_A**2 * k2)
    offset = math.radians(demo.phase_shift_deg[row]) + math.asin(demo.amplitude_contrast[group])
    return np.fft.irfft2(spectrum * np.sin(aberration + offset), s=(size, size))


def _write_micrographs(demo: Demo, rng: np.random.Generator) -> NDArray[Any]:
    """Write the exposures and return the images cut out of them, (rows, box, box), as stored."""
    recipe = demo.recipe
    side = recipe.box * recipe.binned
    # The CTF spreads the signal, so each particle is drawn on a canvas of twice the box.
    canvas = 2 * side
    images = np.empty((len(demo.rot_deg), recipe.box, recipe.box), recipe.dtype)
    scale = 0.0
    for index, path in enumerate(demo.micrographs):
        rows = np.flatnonzero(demo.micrograph_index == index)
        corners = np.rint(demo.coordinates[rows] / recipe.coordinate_scale).astype(int) - side // 2
        middle = side // 2 + side // 2 - demo.shift_px[rows] * recipe.binned
        signals = [_signal(demo, row, canvas, centre) for row, centre in zip(rows.tolist(), middle, strict=True)]
        if not scale:
            inner = slice(side // 2, side // 2 + side)
            scale = math.sqrt(recipe.snr / np.mean([s[inner, inner].var() for s in signals]))
        ny, nx = demo.exposure_shapes[index]
        margin = side // 2
        drawn = np.zeros((ny + canvas, nx + canvas))
        for (x, y), signal in zip(corners, signals, strict=True):
            drawn[y : y + canvas, x : x + canvas] += signal
        micrograph = _background(ny, nx, rng) + rng.standard_normal((ny, nx), np.float32)
        micrograph -= (scale * drawn[margin : margin + ny, margin : margin + nx]).astype(np.float32)
        for row, (x, y) in zip(rows, corners, strict=True):
            images[row] = _extract(micrograph[y : y + side, x : x + side], recipe)
        pixel_A = demo.pixel_size_A[demo.optics_group[rows[0]] - 1] / recipe.binned
        _write_mrc(path, micrograph[::-1] if recipe.mirrored_micrographs else micrograph, pixel_A)
    return images


def _background(ny: int, nx: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Ice of smoothly varying thickness around a mean of 20."""
    y, x = np.linspace(-1, 1, ny)[:, None], np.linspace(-1, 1, nx)
    a, b, c, d, phase = rng.uniform(-1, 1, 5)
    return np.asarray(20 + a * x + b * y + c * x * y + d * np.cos(2 * x + 1.5 * y + 3 * phase), np.float32)


def _extract(window: NDArray[Any], recipe: DemoRecipe) -> NDArray[Any]:
    """Bin in Fourier space, bring the background outside a circle to mean 0, deviation 1, invert, round."""
    box, side = recipe.box, len(window)
    if box != side:
        keep = np.r_[: (box + 1) // 2, side - box // 2 : side]
        window = np.fft.irfft2(np.fft.rfft2(window)[keep, : box // 2 + 1], s=(box, box)) * (box / side) ** 2
    offset = np.arange(box) - box // 2
    outside = offset**2 + offset[:, None] ** 2 > (0.375 * box) ** 2
    image: NDArray[Any] = (window - window[outside].mean()) / window[outside].std()
    if recipe.inverted:
        image = -image
    if np.issubdtype(recipe.dtype, np.integer):
        limits = np.iinfo(recipe.dtype)
        image = np.clip(np.rint(image * _STORED_SD[recipe.dtype]), limits.min, limits.max)
    return image


def _write_mrc(path: Path, data: NDArray[Any], pixel_size_A: float) -> None:
    with mrcfile.new(path, data, overwrite=True) as mrc:
        if data.ndim == 3:
            mrc.set_image_stack()
        mrc.voxel_size = pixel_size_A


def _write_exposures(demo: Demo) -> None:
    group = np.arange(len(demo.micrographs)) % len(demo.pixel_size_A)
    paths = [str(path.relative_to(demo.project)).encode() for path in demo.micrographs]
    columns: dict[str, NDArray[Any]] = {
        "uid": demo.exposure_uids,
        "micrograph_blob/path": np.array(paths),
        "micrograph_blob/idx": np.zeros(len(group), "u4"),
        "micrograph_blob/shape": demo.exposure_shapes.astype("u4"),
        "micrograph_blob/psize_A": (demo.pixel_size_A[group] / demo.recipe.binned).astype("f4"),
        "micrograph_blob/format": np.full(len(group), b"MRC"),
        "micrograph_blob/is_background_subtracted": np.zeros(len(group), "u4"),
        "mscope_params/exp_group_id": (group + 1).astype("u4"),
        "mscope_params/accel_kv": demo.voltage_kV[group].astype("f4"),
        "mscope_params/cs_mm": demo.cs_mm[group].astype("f4"),
        "mscope_params/total_dose_e_per_A2": np.full(len(group), 50, "f4"),
        "mscope_params/phase_plate": np.zeros(len(group), "u4"),
        "mscope_params/neg_stain": np.zeros(len(group), "u4"),
    }
    table = np.empty(len(group), [(name, c.dtype, c.shape[1:]) for name, c in columns.items()])
    for name, column in columns.items():
        table[name] = column
    with demo.exposures.open("wb") as file:
        np.save(file, table)


def _write_star(demo: Demo) -> None:
    recipe, group = demo.recipe, demo.optics_group - 1
    prefix = f"{demo.data}/" if recipe.absolute_paths else ""
    stacks = [demo.stacks[i].relative_to(demo.data).as_posix() for i in demo.stack_index]
    image_names = [f"{i + 1:06d}@{prefix}{s}" for i, s in zip(demo.image_index, stacks, strict=True)]
    micrograph_names = [prefix + demo.micrograph_names[i] for i in demo.micrograph_index]
    shift_x, shift_y = demo.shift_px.T
    before: dict[str, Any] = {"CoordinateX": demo.coordinates[:, 0], "CoordinateY": demo.coordinates[:, 1]}
    after: dict[str, Any] = {
        "ImageName": image_names,
        "MicrographName": micrograph_names,
        "CtfMaxResolution": np.full(len(group), 4.2),
        "CtfFigureOfMerit": np.full(len(group), 0.12),
        "DefocusU": demo.defocus_u_A,
        "DefocusV": demo.defocus_v_A,
        "DefocusAngle": demo.defocus_angle_deg,
        "CtfBfactor": np.zeros(len(group)),
        "CtfScalefactor": np.ones(len(group)),
        "PhaseShift": demo.phase_shift_deg,
        "AngleRot": demo.rot_deg,
        "AngleTilt": demo.tilt_deg,
        "AnglePsi": demo.psi_deg,
        "ClassNumber": demo.class_number,
        "RandomSubset": demo.random_subset,
        "GroupNumber": demo.micrograph_index + 1,
        "NormCorrection": np.ones(len(group)),
    }
    if recipe.relion == "3.0":
        scope = {
            "Voltage": demo.voltage_kV[group],
            "SphericalAberration": demo.cs_mm[group],
            "AmplitudeContrast": demo.amplitude_contrast[group],
            "Magnification": _DETECTOR_PIXEL_UM * 1e4 / demo.pixel_size_A[group],
            "DetectorPixelSize": np.full(len(group), _DETECTOR_PIXEL_UM),
        }
        origin = {"OriginX": shift_x, "OriginY": shift_y}
        demo.star.write_text("# RELION; version 3.0.8\n\n" + _table("", before | scope | after | origin))
        return
    groups = len(demo.pixel_size_A)
    optics: dict[str, Any] = {
        "OpticsGroupName": [f"opticsGroup{i + 1}" for i in range(groups)],
        "OpticsGroup": np.arange(1, groups + 1),
        "MicrographOriginalPixelSize": demo.pixel_size_A / recipe.binned / recipe.coordinate_scale,
        "Voltage": demo.voltage_kV,
        "SphericalAberration": demo.cs_mm,
        "AmplitudeContrast": demo.amplitude_contrast,
        "ImagePixelSize": demo.pixel_size_A,
        "ImageSize": np.full(groups, recipe.box),
        "ImageDimensionality": np.full(groups, 2),
    }
    pixel_A = demo.pixel_size_A[group]
    origin = {"OriginXAngst": shift_x * pixel_A, "OriginYAngst": shift_y * pixel_A}
    particles: dict[str, Any] = before | after | {"OpticsGroup": demo.optics_group} | origin
    head, gap = "\n# version 30001\n\n", " \n\n"
    if recipe.relion == "5":
        head, gap = "# version 50001\n\n", "\n"
    tables = _table("optics", optics), _table("particles", particles)
    demo.star.write_text("".join(head + table + gap for table in tables))


def _table(name: str, columns: Mapping[str, list[str] | NDArray[Any]]) -> str:
    """A table as RELION writes it: numbered labels, right-aligned numbers with six decimals."""
    labels = "".join(f"_rln{label} #{i} \n" for i, label in enumerate(columns, 1))
    cells = []
    for column in columns.values():
        if isinstance(column, list):
            cells.append(column)
        else:
            style = "{:12d}" if np.issubdtype(column.dtype, np.integer) else "{:12.6f}"
            cells.append([style.format(value) for value in column])
    rows = "".join(" ".join(row) + " \n" for row in zip(*cells, strict=True))
    return f"data_{name}\n\nloop_ \n{labels}{rows}"
