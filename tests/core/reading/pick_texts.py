"""Files of coordinates as the picking programs write them, from planted centres (x, y) on one micrograph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Centres = Sequence[tuple[float, float]]


def autopick(centres: Centres) -> str:
    """RELION, `MetaDataTable::write` of what `AutoPicker` finds on one micrograph."""
    labels = ["CoordinateX", "CoordinateY", "AutopickFigureOfMerit", "ClassNumber", "AnglePsi"]
    head = "\n# version 30001\n\ndata_\n\nloop_ \n" + "".join(f"_rln{n} #{i} \n" for i, n in enumerate(labels, 1))
    return head + "".join(f"{x:12.6f} {y:12.6f} {0.5:12.6f} {1:12d} {30:12.6f} \n" for x, y in centres) + " \n"


def relion_list(rows: Sequence[tuple[str, str]]) -> str:
    """RELION's autopick.star: the micrograph, and the file of its picks, from the project's folder on."""
    head = (
        "\n# version 30001\n\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n_rlnMicrographCoordinates #2 \n"
    )
    return head + "".join(f"{micrograph} {file} \n" for micrograph, file in rows) + " \n"


def named_star(picks: Sequence[tuple[str, float, float]]) -> str:
    head = "\ndata_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
    return head + "".join(f"{name}\t{x:g}\t{y:g}\n" for name, x, y in picks)


def topaz(picks: Sequence[tuple[str, float, float]]) -> str:
    """Topaz, `extract_particles`."""
    head = "image_name\tx_coord\ty_coord\tscore\n"
    return head + "".join(f"{name}\t{x:.0f}\t{y:.0f}\t{2.5}\n" for name, x, y in picks)


def eman_box(centres: Centres, size: int = 200) -> str:
    """EMAN2, `e2boxer.write_boxfiles`: the corner and the size, as integers between tabs."""
    return "".join(f"{int(x - size // 2)}\t{int(y - size // 2)}\t{size}\t{size}\n" for x, y in centres)


def cbox(centres: Centres, size: float = 200.0, z: str = "<NA>") -> str:
    """crYOLO 1.8 and later, `CoordsIO.write_cbox_file` with pyStarDB."""
    labels = (
        "CoordinateX CoordinateY CoordinateZ Width Height Depth EstWidth EstHeight Confidence NumBoxes Angle".split()
    )
    head = "data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n"
    head += "".join(f"_{label} #{i}\n" for i, label in enumerate(labels, 1))
    rows = "".join(
        f"{x - size / 2} {y - size / 2} {z} {size} {size} {'<NA>' if z == '<NA>' else 1} 180.5 190.5 0.41 <NA> <NA>\n"
        for x, y in centres
    )
    return f"{head}{rows}\ndata_cryolo_include\n\nloop_\n_slice_index #1\n\n"


def cryolo_star(centres: Centres) -> str:
    """crYOLO 1.8 and later, `CoordsIO.write_star_file`: centres and nothing else."""
    return "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n" + "".join(f"{x} {y}\n" for x, y in centres) + "\n"


def write(folder: Path, **texts: str | bytes) -> Path:
    """Files by their names, with `__` for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
