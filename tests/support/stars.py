"""Small inputs for the tests: STAR text, MRC stacks, exposures datasets, and all three as one consistent input."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}

Columns = Mapping[str, Sequence[object]]

OPTICS: Columns = {
    "rlnOpticsGroup": [1],
    "rlnOpticsGroupName": ["opticsGroup1"],
    "rlnImagePixelSize": [1.5],
    "rlnVoltage": [300],
    "rlnSphericalAberration": [2.7],
    "rlnAmplitudeContrast": [0.1],
}


def loop(name: str, columns: Columns) -> str:
    """One table as RELION writes it."""
    labels = "".join(f"_{label} #{number}\n" for number, label in enumerate(columns, 1))
    rows = "".join(" ".join(map(str, row)) + "\n" for row in zip(*columns.values(), strict=True))
    return f"data_{name}\n\nloop_\n{labels}{rows}\n"


def write_star(path: Path, particles: Columns, optics: Columns | None = OPTICS) -> Path:
    """RELION 3.1 with an optics table, RELION 3.0 without one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if optics is None:
        text = loop("", particles)
    else:
        text = f"# version 30001\n\n{loop('optics', optics)}# version 30001\n\n{loop('particles', particles)}"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def line_with(path: Path, text: str) -> int:
    """The 1-based number of the only line of a file that holds `text`."""
    lines = [i for i, line in enumerate(path.read_bytes().split(b"\n"), 1) if text.encode() in line]
    (line,) = lines
    return line


def mrc_bytes(
    images: NDArray[Any],
    mode: int = 2,
    order: str = "<",
    pixel_size_A: float = 1.5,
    magic: bytes = b"MAP ",
    stamp: bytes | None = None,
    extended: int = 0,
    ispg: int = 0,
    **size: int,
) -> bytes:
    """An MRC file by hand; `nx`, `ny` and `nz` in `size` replace what the header says of the images."""
    nz, ny, nx = images.shape
    nx, ny, nz = size.get("nx", nx), size.get("ny", ny), size.get("nz", nz)
    header = bytearray(1024)
    struct.pack_into(order + "4i", header, 0, nx, ny, nz, mode)
    struct.pack_into(order + "3i", header, 28, nx, ny, 1 if ispg == 0 else nz)
    struct.pack_into(order + "3f", header, 40, nx * pixel_size_A, ny * pixel_size_A, pixel_size_A)
    struct.pack_into(order + "2i", header, 88, ispg, extended)
    header[208:212] = magic
    header[212:216] = stamp if stamp is not None else {"<": b"\x44\x44\0\0", ">": b"\x11\x11\0\0"}[order]
    return bytes(header) + b"\xaa" * extended + images.astype(order + MODES.get(mode, "f4")).tobytes()


def made_images(count: int, box: int, seed: int = 0, mode: int = 2) -> NDArray[Any]:
    """Random images with values that the mode can hold."""
    rng = np.random.default_rng(seed)
    if mode == 2:
        return rng.standard_normal((count, box, box)).astype("f4")
    return rng.integers(0 if mode == 6 else -100, 100, (count, box, box)).astype(MODES[mode])


def write_stack(path: Path, count: int = 3, box: int = 8, seed: int = 0, **header: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mrc_bytes(made_images(count, box, seed, header.get("mode", 2)), **header))
    return path


def particle_columns(stacks: int = 2, each: int = 3, names: Sequence[str] | None = None) -> dict[str, list]:
    """The columns of `stacks * each` particles; `names` are the stacks' names in the image names."""
    names = names or [f"stacks/s{k + 1}.mrcs" for k in range(stacks)]
    n = stacks * each
    rng = np.random.default_rng(n)
    angle = rng.uniform(-180, 180, (3, n)).round(6)
    return {
        "rlnImageName": [f"{i + 1:06d}@{name}" for name in names for i in range(each)],
        "rlnMicrographName": [f"mics/m{k + 1}.mrc" for k in range(stacks) for _ in range(each)],
        "rlnCoordinateX": (10.0 + 7 * np.arange(n)).tolist(),
        "rlnCoordinateY": (90.0 - 5 * np.arange(n)).tolist(),
        "rlnDefocusU": (15000.0 + 100 * np.arange(n)).tolist(),
        "rlnDefocusV": (14800.0 + 100 * np.arange(n)).tolist(),
        "rlnDefocusAngle": (5.0 * np.arange(n)).tolist(),
        "rlnAngleRot": angle[0].tolist(),
        "rlnAngleTilt": (np.abs(angle[1])).tolist(),
        "rlnAnglePsi": angle[2].tolist(),
        "rlnOriginXAngst": (0.3 * np.arange(n)).round(3).tolist(),
        "rlnOriginYAngst": (-0.6 * np.arange(n)).round(3).tolist(),
        "rlnRandomSubset": [1 + i % 2 for i in range(n)],
        "rlnClassNumber": [1 + i % 3 for i in range(n)],
        "rlnOpticsGroup": [1] * n,
    }


def write_input(
    folder: Path, change: Mapping[str, Sequence[object] | None] | None = None, optics: Columns | None = OPTICS
) -> Path:
    """Six particles in two stacks; `change` replaces columns, adds them, or with None takes them out.

    Returns:
        The STAR file; the stacks lie in `stacks` beside it.
    """
    for k in (1, 2):
        write_stack(folder / f"stacks/s{k}.mrcs", seed=k)
    columns = particle_columns() | dict(change or {})
    return write_star(folder / "run_data.star", {n: c for n, c in columns.items() if c is not None}, optics)


def exposure_columns(count: int = 2, blob: str = "micrograph_blob") -> dict[str, NDArray]:
    """Exposures `J1/<uid>_m<k>.mrc` of 200 × 100 pixels (x, y) of 1.5 Å; movies have 40 frames."""
    shape = [100, 200] if blob != "movie_blob" else [40, 100, 200]
    return {
        "uid": np.arange(11, 11 + count, dtype="u8"),
        f"{blob}/path": np.array([f"J1/imported/{k + 1:021d}_m{k + 1}.mrc".encode() for k in range(count)]),
        f"{blob}/shape": np.array([shape] * count, "u4"),
        f"{blob}/psize_A": np.full(count, 1.5, "f4"),
        "mscope_params/exp_group_id": np.full(count, 7, "u4"),
        "mscope_params/accel_kv": np.full(count, 200, "f4"),
        "mscope_params/cs_mm": np.full(count, 1.4, "f4"),
        "mscope_params/total_dose_e_per_A2": np.full(count, 42, "f4"),
        "mscope_params/phase_plate": np.full(count, 1, "u4"),
        "mscope_params/neg_stain": np.full(count, 0, "u4"),
    }


def write_exposures(path: Path, columns: Mapping[str, NDArray | None] | None = None) -> Path:
    """A dataset of exposures in the NumPy format."""
    columns = {n: c for n, c in (columns or exposure_columns()).items() if c is not None}
    table = np.empty(len(columns["uid"]), [(name, column.dtype, column.shape[1:]) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.save(file, table)
    return path
