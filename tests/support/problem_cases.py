"""How to provoke each problem of an import, and what is then to be said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd

from cryoimport_gui.core.demo import DemoRecipe, make_demo

from .mirrored_sets import with_random_phases
from .planted_poses import dealt_anew, negated_shifts, rewrite
from .stars import (
    OPTICS,
    exposure_columns,
    loop,
    made_images,
    mrc_bytes,
    particle_columns,
    write_exposures,
    write_input,
    write_stack,
    write_star,
)


@dataclass(frozen=True)
class Case:
    """How a problem is made in a folder, which gives the arguments of the command; and what is to be said of it.

    `line` is a text that stands only in the line which the problem names; `left` the number of rows that remain
    where the others can be left out; `words` must be in the message, an example or the hint.
    """

    code: str
    make: Callable[[Path], list[str]]
    count: int = 1
    words: tuple[str, ...] = ()
    line: str = ""
    left: int = 0


def star(folder: Path, change: dict | None = None, optics: dict | None = None, *flags: str) -> list[str]:
    return [str(write_input(folder, change, OPTICS if optics is None else OPTICS | optics)), *flags]


def clashing_groups(folder: Path) -> list[str]:
    """Two files whose optics group 1 is another one."""
    first, second = folder / "first", folder / "second"
    optics = OPTICS | {"rlnOpticsGroupName": ["other"], "rlnVoltage": [200.0]}
    return [str(write_input(first)), str(write_input(second, optics=optics))]


def text(folder: Path, content: str | bytes) -> list[str]:
    path = folder / "run_data.star"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [str(path)]


def names(*replaced: tuple[int, str]) -> dict:
    images = [f"{i:06d}@stacks/s{k}.mrcs" for k in (1, 2) for i in (1, 2, 3)]
    for row, name in replaced:
        images[row] = name
    return {"rlnImageName": images}


def another_job(folder: Path) -> list[str]:
    arguments = star(folder, {"rlnImageName": [f"{i}@Extract/job010/s{k}.mrcs" for k in (1, 2) for i in (1, 2, 3)]})
    (folder / "moved/Extract").mkdir(parents=True)
    (folder / "stacks").rename(folder / "moved/Extract/job020")
    return [*arguments, "--data", str(folder / "moved")]


def micrograph_of_that_name(folder: Path) -> list[str]:
    """In the place of the first stack lies a micrograph."""
    arguments = moved(folder)
    (folder / "mics").mkdir()
    (folder / "mics/s1.mrc").write_bytes(mrc_bytes(np.zeros((1, 12, 16), "f4")))
    return arguments


def two_groups(sizes_A: list[float]) -> dict:
    two = {name: list(column) * 2 for name, column in OPTICS.items()}
    return two | {"rlnOpticsGroup": [1, 2], "rlnOpticsGroupName": ["a", "b"], "rlnImagePixelSize": sizes_A}


def copied(**change: list) -> dict:
    """Six rows with one image, of one particle in one half-set, but for what changes."""
    return {name: [column[0]] * 6 for name, column in particle_columns().items()} | change


def contradicting(folder: Path) -> list[str]:
    return star(folder, None, {name: column * 2 for name, column in OPTICS.items()} | {"rlnVoltage": [300, 200]})


def empty(folder: Path) -> Path:
    (folder / "none").mkdir()
    return folder / "none"


def twice(folder: Path) -> list[str]:
    path = write_input(folder)
    particles = path.read_text().partition("data_particles")
    path.write_text("".join([*particles, *particles[1:]]))
    return [str(path)]


def values(label: str, *replaced: tuple[int, object], default: object = 1) -> dict:
    column: list[object] = [default] * 6
    for row, value in replaced:
        column[row] = value
    return {label: column}


def stack(folder: Path, content: bytes) -> list[str]:
    """The first stack has this content."""
    arguments = star(folder)
    (folder / "stacks/s1.mrcs").write_bytes(content)
    return arguments


def moved(folder: Path, *places: str) -> list[str]:
    """The first stack lies in other places under the data path."""
    arguments = star(folder)
    raw = (folder / "stacks/s1.mrcs").read_bytes()
    (folder / "stacks/s1.mrcs").unlink()
    for place in places:
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(raw)
    return [*arguments, "--data", str(folder)]


def exposed(folder: Path, change: dict | None = None, exposures: dict | None = None, *flags: str) -> list[str]:
    """With exposures; every micrograph has one unless changed."""
    dataset = write_exposures(folder / "CS-p/J2/exposures.cs", exposure_columns() | (exposures or {}))
    return [*star(folder, change), "--exposures", str(dataset), "--remove-leading-uid", *flags]


def exchanged(folder: Path) -> list[str]:
    """One of six exposures shows something else, as busy as the others."""
    made = make_demo(folder / "demo", DemoRecipe(micrographs=6, particles_per_micrograph=30, snr=1.0))
    with mrcfile.open(made.micrographs[2], "r+") as file:
        file.set_data(with_random_phases(file.data))
    return [str(made.star), "--exposures", str(made.exposures), "--suggest-trims"]


def came_from(
    folder: Path, rows: Sequence[int], stack: str = "J7/extract/s{}.mrc", change: dict | None = None
) -> list[str]:
    """These rows of the input once were particles in CryoSPARC, where their stacks have other names."""
    table = np.zeros(len(rows), [("uid", "u8"), ("blob/path", "S40"), ("blob/idx", "u4")])
    table["uid"] = np.arange(101, 101 + len(rows))
    table["blob/path"] = [stack.format(1 + row // 3).encode() for row in rows]
    table["blob/idx"] = [row % 3 for row in rows]
    path = folder / "CS-p/J7/particles.cs"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        np.save(file, table)
    return [*star(folder, change), "--data", str(folder), "--original", str(path)]


def pictured(folder: Path, *flags: str) -> list[str]:
    """Micrographs of noise that the particles do not come from."""
    places = {"rlnCoordinateX": range(40, 160, 20), "rlnCoordinateY": [40] * 6}
    arguments = exposed(folder, places, None, *flags)
    for k in (1, 2):
        write_stack(folder / f"stacks/s{k}.mrcs", box=32, seed=k)
    rng = np.random.default_rng(0)
    (folder / "CS-p/J1/imported").mkdir(parents=True)
    for k in (1, 2):
        micrograph = rng.normal(20, 1, (1, 100, 200)).astype("f4")
        (folder / f"CS-p/J1/imported/{k:021d}_m{k}.mrc").write_bytes(mrc_bytes(micrograph))
    return arguments


def demo(folder: Path, *flags: str) -> list[str]:
    return [str(make_demo(folder, DemoRecipe(micrographs=3, particles_per_micrograph=4, box=32)).star), *flags]


def posed(folder: Path, change: Callable[[pd.DataFrame], None]) -> list[str]:
    """A demo whose poses are changed."""
    made = make_demo(folder, DemoRecipe(micrographs=8))
    return [str(rewrite(made.star, folder / "changed.star", change)), "--data", str(made.data)]


def doubled_defocus(rows: pd.DataFrame) -> None:
    rows[["rlnDefocusU", "rlnDefocusV"]] *= 2


def noise(folder: Path) -> list[str]:
    """40 images without any particle, with poses."""
    columns = particle_columns(2, 20)
    path = write_star(folder / "run_data.star", columns)
    for k in (1, 2):
        write_stack(folder / f"stacks/s{k}.mrcs", count=20, box=24, seed=k)
    return [str(path)]


def at(folder: Path, output: str, *flags: str) -> list[str]:
    """Another place for the output."""
    return [*star(folder), *flags, "--output", str(folder / output)]


def make_full(folder: Path) -> list[str]:
    (folder / "full").mkdir()
    (folder / "full/file").touch()
    return at(folder, "full")


CASES = [
    Case("meta-not-found", lambda f: [str(f / "nowhere.star")], words=("nowhere.star",)),
    Case("meta-not-found", lambda f: [*star(f)[:0], str(f / "a/b.star")], words=("b.star",)),
    Case("meta-no-particles", lambda f: [str(f)], words=("no files of picks",)),
    Case(
        "meta-unreadable",
        lambda f: text(f, "data_\nloop_\n_rlnImageName\n_rlnImageName\n1@a 1@b\n"),
        words=("line 4", "twice"),
    ),
    Case("meta-not-star", lambda f: text(f, mrc_bytes(made_images(2, 8))), words=("MRC image",)),
    Case("meta-not-star", lambda f: text(f, ""), words=("empty",)),
    Case("meta-not-star", lambda f: text(f, "x,y\n1,2\n"), words=("line 1",)),
    Case("meta-no-particles", lambda f: text(f, loop("optics", OPTICS))),
    Case("meta-no-particles", lambda f: text(f, loop("particles", {"rlnImageName": [], "rlnDefocusU": []}))),
    Case("meta-row-width", lambda f: star(f, names((3, "000001@stacks/s2.mrcs too"))), words=("16",), line=" too "),
    Case(
        "meta-row-width", lambda f: star(f, values("rlnClassNumber", (5, ""))), words=("14",), line="000003@stacks/s2"
    ),
    Case("meta-not-2d-stack", lambda f: star(f, {"rlnImageName": ["Extract/sub.mrc"] * 6}), words=("Extract/sub.mrc",)),
    Case("meta-not-2d-stack", lambda f: star(f, None, {"rlnImageDimensionality": [3]})),
    Case("image-name-missing", lambda f: star(f, {"rlnImageName": None}), 6, ("rlnImageName", "ignore raw data")),
    Case(
        "image-name-missing",
        lambda f: star(f, {"rlnImageName": None, "rlnCoordinateX": None}),
        words=("micrographs, not particles",),
    ),
    Case(
        "exposures-missing",
        lambda f: star(f, {"rlnImageName": None, "rlnAnglePsi": None}, None, "--ignore-raw-data"),
        6,
        ("neither images nor poses", "motion correction"),
    ),
    Case("images-ctf-corrected", lambda f: star(f, None, {"rlnCtfDataAreCtfPremultiplied": [1]}), count=6),
    Case("pose-placeholder", lambda f: star(f, values("rlnAnglePsi", (2, -999))), line=" -999 ", left=5),
    Case("meta-no-particles", lambda f: text(f, loop("", {"rlnMtfValue": [1, 0.9]})), words=("MTF",)),
    Case("value-not-finite", lambda f: star(f, values("rlnClassNumber", (2, 2.5))), line=" 2.5 ", left=5),
    Case("image-name-bad", lambda f: star(f, names((4, "x@stacks/s2.mrcs"))), line="x@stacks/s2.mrcs", left=5),
    Case("image-name-bad", lambda f: star(f, names((0, "stacks/s1.mrcs"), (1, "@a"))), count=2, line="@a", left=4),
    Case(
        "value-not-finite",
        lambda f: star(f, values("rlnDefocusU", (2, "nan"))),
        words=("rlnDefocusU",),
        line=" nan ",
        left=5,
    ),
    Case(
        "value-not-finite",
        lambda f: star(f, values("rlnAnglePsi", (2, "inf"), (5, "x"))),
        count=2,
        line=" inf ",
        left=4,
    ),
    Case(
        "optics-group-unknown",
        lambda f: star(f, values("rlnOpticsGroup", (3, 7))),
        line="000001@stacks/s2.mrcs",
        left=5,
    ),
    Case(
        "microscope-value-missing", lambda f: star(f, None, {"rlnVoltage": ["nan"]}), words=("rlnVoltage", "--voltage")
    ),
    Case("stack-missing", lambda f: moved(f), words=("stacks/s1.mrcs",), left=3),
    Case("stack-missing", lambda f: [*star(f), "--data", str(f / "nowhere")], words=("is not a folder",)),
    Case("stack-ambiguous", lambda f: moved(f, "a/s1.mrcs", "b/s1.mrcs"), words=("a/s1.mrcs", "b/s1.mrcs"), left=3),
    Case("stack-empty", lambda f: stack(f, b""), words=("s1.mrcs", "empty"), left=3),
    Case("stack-empty", lambda f: stack(f, mrc_bytes(made_images(0, 8))), words=("s1.mrcs", "no images"), left=3),
    Case("stack-not-mrc", lambda f: stack(f, b"nonsense" * 300), words=("s1.mrcs",), left=3),
    Case("stack-not-mrc", lambda f: stack(f, mrc_bytes(made_images(3, 8), mode=4)), words=("complex",), left=3),
    Case(
        "stack-truncated",
        lambda f: stack(f, mrc_bytes(made_images(3, 8))[:-9]),
        words=("s1.mrcs", "1783", "1792"),
        left=3,
    ),
    Case("stack-not-square", lambda f: stack(f, mrc_bytes(np.zeros((3, 6, 8), "f4"))), words=("8 × 6",), left=3),
    Case("box-mismatch", lambda f: stack(f, mrc_bytes(made_images(2, 10))), words=("10", "8")),
    Case("image-index-zero", lambda f: star(f, names((1, "0@stacks/s1.mrcs"))), line="0@stacks/s1.mrcs"),
    Case("optics-groups-renumbered", clashing_groups, words=("second", "group 1 (other) became 2")),
    Case("selection-unknown", lambda f: [*star(f), "--select", "rlnNowhere=1"], words=("rlnNowhere",)),
    Case("selection-empty", lambda f: [*star(f), "--select", "rlnClassNumber=77"], words=("rlnClassNumber=77", "6")),
    Case(
        "image-index-out-of-range",
        lambda f: star(f, names((1, "4@stacks/s1.mrcs"))),
        words=("3 images",),
        line="4@stacks/s1.mrcs",
        left=5,
    ),
    Case(
        "pixel-size-disagrees", lambda f: star(f, None, {"rlnImagePixelSize": [2.0]}), count=2, words=("1.5 Å", "2 Å")
    ),
    Case("image-size-disagrees", lambda f: star(f, None, {"rlnImageSize": [96]}), words=("96", "stacks 8")),
    Case("shift-odd", lambda f: star(f, values("rlnOriginXAngst", (2, -90), default=0)), words=("60 pixels", "line")),
    Case(
        "stack-missing",
        micrograph_of_that_name,
        words=("s1.mrc is not this stack", "1 image of 16 × 12 pixels", "3 images of 8 × 8"),
        left=3,
    ),
    Case("stack-not-mrc", lambda f: stack(f, b"\x1f\x8b\x08\x08" * 300), words=("gzip", "gunzip"), left=3),
    Case(
        "stack-format-doubtful",
        lambda f: stack(f, mrc_bytes(made_images(3, 8, mode=0), mode=0)),
        words=("mode 0", "mode 2", "s1.mrcs"),
    ),
    Case(
        "stack-rescaled",
        lambda f: star(f, None, {"rlnImageSize": [16], "rlnImagePixelSize": [0.75]}),
        count=2,
        words=("16 pixels of 0.75 Å", "8 pixels of 1.5 Å"),
    ),
    Case(
        "override-odd",
        lambda f: star(f, None, None, "--pixel-size", "1.6"),
        words=("1.6 Å given", "1.5 Å by the file", "in pixels", "in Å"),
    ),
    Case(
        "pixel-sizes-differ",
        lambda f: star(f, {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}, two_groups([1.5, 1.7])),
        count=2,
        words=("--select optics-group=2 (1.7 Å)", "3 particles"),
    ),
    Case("symmetry-expanded", lambda f: star(f, copied(rlnAngleRot=[0, 60, 120, 180, 240, 300])), count=6),
    Case("half-sets-mixed", lambda f: star(f, copied(rlnRandomSubset=[1, 1, 2, 1, 1, 1])), words=("1 image", "both")),
    Case(
        "half-sets-mixed",
        lambda f: star(f, copied(), None, "--ignore-half-sets"),
        count=1,
        words=("no half-sets are imported",),
    ),
    Case("stack-elsewhere", another_job, count=2, words=("job010 → job020", "2 stacks")),
    Case("stack-elsewhere", lambda f: [*star(f), "--data", str(empty(f))], count=2, words=("none", "folder of the")),
    Case("microscope-value-odd", lambda f: star(f, values("rlnDefocusU", (3, -1.2), default=15000)), words=("-1.2",)),
    Case("half-sets-missing", lambda f: star(f, values("rlnRandomSubset", (1, -1), default=2)), words=("below 1",)),
    Case("half-sets-missing", lambda f: star(f, values("rlnRandomSubset")), count=6, words=("in half-set 1",)),
    Case(
        "columns-not-imported",
        lambda f: star(f, {"rlnOriginYAngst": None}, None, "--ignore-pose-data"),
        words=("1 column not imported: rlnOriginXAngst",),
    ),
    Case("columns-not-imported", lambda f: star(f, values("rlnOriginX") | values("rlnOriginY")), count=2),
    Case("pose-missing", lambda f: star(f, {"rlnAnglePsi": None}), count=6, words=("rlnAnglePsi",)),
    Case("meta-no-particles", twice, words=("2 tables", "6 and 6 rows", "joined by hand")),
    Case("meta-unreadable", contradicting, words=("group 1 more than once",)),
    Case("meta-unreadable", lambda f: star(f, None, {"rlnOpticsGroup": [1.5]}), words=("group 1.5",)),
    Case("particle-duplicate", lambda f: star(f, names((1, "1@./stacks/s1.mrcs"))), line="1@./stacks/s1.mrcs"),
    Case("stack-longer", lambda f: stack(f, mrc_bytes(made_images(3, 8)) + b"xxx"), words=("s1.mrcs", "3 bytes")),
    Case("microscope-value-odd", lambda f: star(f, None, None, "--voltage", "3"), words=("3",)),
    Case("exposures-unreadable", lambda f: [*star(f), "--exposures", str(f / "no.cs")], words=("no.cs",)),
    Case("exposures-unreadable", lambda f: [*star(f), "--exposures", *star(f)], words=("run_data.star",)),
    Case("micrograph-name-missing", lambda f: exposed(f, {"rlnMicrographName": None}), words=("rlnMicrographName",)),
    Case(
        "exposure-unmatched",
        lambda f: exposed(f, values("rlnMicrographName", (5, "new.mrc"), default="m1.mrc")),
        words=("new.mrc", "1 of 2", "1 particle"),
    ),
    Case(
        "exposure-ambiguous",
        lambda f: exposed(f, None, None, "--exposure-cut-prefix", "2", "--particle-cut-prefix", "2"),
        words=("m1.mrc", "m2.mrc"),
        count=2,
    ),
    Case(
        "exposure-doubtful",
        lambda f: exposed(
            f,
            values("rlnMicrographName", default="x2.mrc"),
            None,
            "--exposure-cut-prefix",
            "1",
            "--particle-cut-prefix",
            "1",
        ),
        words=("very little", "x2.mrc"),
    ),
    Case("coordinates-missing", lambda f: exposed(f, {"rlnCoordinateX": None}), count=6),
    Case(
        "coordinates-outside",
        lambda f: exposed(f, values("rlnCoordinateX", (2, 200), (3, -1))),
        count=2,
        words=("200 × 100",),
    ),
    Case(
        "coordinates-scaled",
        lambda f: [*exposed(f), *star(f, None, {"rlnMicrographPixelSize": [0.75]})[1:]],
        count=6,
        words=("0.5",),
    ),
    Case("coordinate-scale-unclear", exposed, count=6, words=("scale", "1 is used")),
    Case("coordinate-y-unclear", pictured, count=6, words=("keep", "flip")),
    Case(
        "exposures-mirrored",
        lambda f: exposed(f, None, None, "--coordinate-y", "flip", "--ignore-raw-data"),
        count=6,
        words=("not known", "--mirror-poses yes"),
    ),
    Case("locations-elsewhere", exchanged, count=1, words=("5 others", "30 coordinates")),
    Case("micrographs-unreadable", lambda f: exposed(f), count=2, words=("m1.mrc", "not found", "--project")),
    Case(
        "micrographs-unreadable",
        lambda f: exposed(f, None, dict.fromkeys(exposure_columns()) | exposure_columns(blob="movie_blob")),
        count=2,
        words=("movies",),
    ),
    Case("original-unreadable", lambda f: [*star(f), "--original", str(f / "no.cs")], words=("no.cs",)),
    Case("original-unreadable", lambda f: [*star(f), "--original", *star(f)], words=("a STAR file",)),
    Case(
        "original-unreadable",
        lambda f: [*star(f), "--original", str(write_exposures(f / "CS-p/J2/e.cs"))],
        words=("no particles", "micrograph_blob"),
    ),
    Case("original-unmatched", lambda f: came_from(f, range(5)), line="000003@stacks/s2.mrcs", left=5),
    Case("original-unmatched", lambda f: came_from(f, range(6), "J7/extract/t{}.mrc"), count=6, words=("neither",)),
    Case(
        "original-ambiguous",
        lambda f: came_from(f, [0, 1, 2, 3, 4, 5, 4]),
        words=("several particles",),
        line="000002@stacks/s2.mrcs",
        left=5,
    ),
    Case(
        "original-ambiguous",
        lambda f: came_from(f, range(6), change={n: c[:5] + c[:1] for n, c in particle_columns().items()}),
        words=("earlier row", "same pose"),
    ),
    Case("ctf-missing", lambda f: star(f, {"rlnDefocusU": None}), count=6),
    Case("ctf-aberrations-dropped", lambda f: star(f, None, {"rlnOddZernike": ["[0,1]"]}), words=("odd_zernike",)),
    Case("pose-missing", lambda f: star(f, {"rlnAnglePsi": None}), count=6),
    Case("half-sets-missing", lambda f: star(f, {"rlnRandomSubset": None}), count=6),
    Case(
        "columns-not-imported",
        lambda f: star(f, values("rlnNormCorrection") | values("other")),
        count=2,
        words=("rlnNormCorrection", "other"),
    ),
    Case("data-sign-unclear", star, words=("-1",)),
    Case(
        "image-values-odd", lambda f: stack(f, mrc_bytes(np.full((3, 8, 8), np.nan, "f4"))), count=3, words=("3 of 6",)
    ),
    Case("image-values-odd", lambda f: stack(f, mrc_bytes(np.zeros((3, 8, 8), "f4"))), count=3, words=("blank",)),
    Case("data-sign-contradicts", lambda f: demo(f, "--data-sign", "+1"), words=("-1", "+1")),
    Case("poses-do-not-fit", lambda f: posed(f, dealt_anew), count=160, words=("probably", "these the stacks")),
    Case("shifts-do-not-fit", lambda f: posed(f, negated_shifts), count=160, words=("sign of rlnOriginXAngst",)),
    Case("ctf-does-not-fit", lambda f: posed(f, doubled_defocus), count=160, words=("pixel size", "defocus")),
    Case("poses-unclear", noise, count=40, words=("cannot tell",)),
    Case("output-exists", make_full, words=("full",)),
    Case("output-exists", lambda f: at(f, "stacks/s1.mrcs"), words=("s1.mrcs",)),
    Case("output-not-writable", lambda f: at(f, "stacks/s1.mrcs/out"), words=("s1.mrcs",)),
    Case("output-not-writable", lambda f: at(f, "x" * 300)),
    Case("output-outside-project", lambda f: at(f, "out", "--project", str(f / "stacks")), words=("stacks",)),
    Case("output-outside-project", lambda f: at(f, "out", "--project", str(f / "nowhere")), words=("nowhere",)),
    Case("output-job-number", lambda f: at(f, "J12"), words=("J12",)),
    Case("output-inside-data", lambda f: at(f, "stacks/out"), words=("stacks",)),
]
