"""The exposures dataset of the demo data set, and its STAR file in the dialects of RELION."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .truth import Demo

_DETECTOR_PIXEL_UM = 5.0


def write_exposures(demo: Demo) -> None:
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


def write_star(demo: Demo) -> None:
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
