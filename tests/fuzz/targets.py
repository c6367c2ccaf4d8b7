"""What is fuzzed: the readers of files, each with files to start from and the refusals that may come out of it."""

from __future__ import annotations

import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from unittest.mock import patch

import numpy as np
from cryosparc.dataset import CSDAT_FORMAT, Dataset

from cryoimport_gui.core.demo import DemoRecipe, make_demo
from cryoimport_gui.core.exposures.exposures import load_exposures
from cryoimport_gui.core.parameters import BadParameter, ImportParameters, load_settings, update
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading import formats, star
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.reading.star import ColumnKind, StarError, Table, Text, read_star
from cryoimport_gui.core.stacks.mrc import MrcError, parse_headers, read_header, read_image_rows, read_images

from ..conftest import CORPUS
from ..core.reading.pick_texts import autopick, cbox, cryolo_star, eman_box, named_star, relion_list, topaz
from ..support.damage import damaged
from ..support.stars import (
    MODES,
    OPTICS,
    exposure_columns,
    loop,
    made_images,
    mrc_bytes,
    particle_columns,
    write_exposures,
)


class Target(ABC):
    """A reader; `folder` is where its inputs are written."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    @abstractmethod
    def seeds(self) -> Sequence[bytes]:
        """Whole files to start from."""

    @abstractmethod
    def read(self, data: bytes) -> str:
        """Read a file with this content: `ok`, or the code of the refusal.  Any exception is a fault."""

    def make(self, rng: Random) -> bytes:
        """An input."""
        return damaged(rng, self.seeds)

    def write(self, data: bytes, suffix: str) -> Path:
        path = self.folder / f"input{suffix}"
        path.write_bytes(data)
        return path


def corpus_files(suffix: str, most: int = 20_000) -> Iterator[bytes]:
    for path in sorted(CORPUS.rglob(f"*{suffix}")) if CORPUS.is_dir() else []:
        yield path.read_bytes()[:most]


class StarTarget(Target):
    """Whatever the way that it is read, a file gives the same values, or the same refusal."""

    name = "star"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        aberrations = {"rlnBeamTiltX": [0.1], "rlnOddZernike": ["[0.1,2,-3e4]"], "rlnMagMat00": [1.01]}
        two = {name: list(values) * 2 for name, values in OPTICS.items()} | {"rlnOpticsGroup": [1, 2]}
        particles = particle_columns()
        made = [
            loop("optics", OPTICS) + loop("particles", particles),
            "# version 50001\n\n" + loop("particles", particles) + "# version 50001\n" + loop("optics", two),
            loop("optics", {**OPTICS, **aberrations}) + loop("particles", particles),
            loop("", {n: c for n, c in particles.items() if n != "rlnOpticsGroup"} | {"rlnVoltage": [300] * 6}),
            loop(
                "images", {"rlnImageName": ["'1@a b.mrcs'", '"2@c\'d.mrcs"', "3@粒子#1.mrcs"], "rlnAngleRot": [1, 2, 3]}
            ),
            "data_optics\n_rlnOpticsGroup 1\n_rlnVoltage 300\n" + loop("particles", particles).replace("\n", "\r\n"),
        ]
        with tempfile.TemporaryDirectory() as folder:
            demo = make_demo(Path(folder), DemoRecipe(micrographs=2, particles_per_micrograph=5, box=16))
            return [*corpus_files(".star"), *(text.encode() for text in made), demo.star.read_bytes()]

    def read(self, data: bytes) -> str:
        path = self.write(data, ".star")
        outcomes = []
        for chunk_bytes, rows in ((star.CHUNK_BYTES, star.plain_rows), (61, star.plain_rows), (500, lambda *_: None)):
            with patch.object(star, "CHUNK_BYTES", chunk_bytes), patch.object(star, "plain_rows", rows):
                outcomes.append(_all_values(path))
        assert outcomes[0] == outcomes[1] == outcomes[2], "the values depend on the way that they are read"
        try:
            read_particles(path)
        except Refused as refused:
            return refused.problem.code
        assert not isinstance(outcomes[0], str), "a file that is refused gives particles"
        return "ok"


def _all_values(path: Path) -> object:
    try:
        labels = {label for table in read_star(path, {}).tables for label in table.labels}
        kinds = {label: (ColumnKind.NUMBER, ColumnKind.TEXT)[len(label) % 2] for label in labels} | {
            "rlnImageName": ColumnKind.IMAGE
        }
        return [_values(table) for table in read_star(path, kinds).tables]
    except StarError as error:
        return f"refused ({error.code.split('-')[0]})"  # of two faults in one file either may be printed


def _values(table: Table) -> object:
    lines = table.line_of(range(table.rows)).tolist() if table.rows else []
    columns = {
        label: [column[i] for i in range(table.rows)] if isinstance(column, Text) else column.tobytes()
        for label, column in table.columns.items()
    }
    images = table.images("rlnImageName")
    return table.name, table.labels, table.rows, lines, columns, None if images is None else images.numbers.tolist()


class PicksTarget(Target):
    """Files of picks and cisTEM's: any file is one of a folder, or the only one that is named."""

    name = "picks"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        centres = [(512.0, 300.0), (1024.0, 77.5), (100.0, 3000.0)]
        named = [("mics/a.mrc", x, y) for x, y in centres]
        one_a_file = [autopick(centres), eman_box(centres), cbox(centres), cryolo_star(centres)]
        lists = relion_list([("mics/a.mrc", "input_a.star"), ("mics/b.mrc", "none.star")])
        cistem = {"PositionInStack": [1, 2], "AnglePhi": [1, 2], "AngleTheta": [3, 4], "AnglePsi": [5, 6]}
        cistem |= {"XShift": [0.5, 1], "YShift": [0, -1], "PixelSize": [1.5, 1.5]}
        cistem |= {"StackFilename": ["'a b.mrc'", "'a b.mrc'"], "AssignedSubset": [1, 2], "ImageActivity": [1, -1]}
        cistem = {f"cisTEM{name}": column for name, column in cistem.items()}
        texts = [*one_a_file, topaz(named), named_star(named), lists, loop("", cistem)]
        return [text.encode() for text in texts]

    def read(self, data: bytes) -> str:
        inside = self.folder / "picks"
        inside.mkdir(exist_ok=True)
        (self.folder / "input_a.star").write_text(autopick([(1.0, 2.0)]))
        (inside / "one.txt").write_bytes(data)
        outcome = "ok"
        for path in (inside, self.write(data, ".box")):
            try:
                reading = formats.read([str(path)])
            except Refused as refused:
                outcome = refused.problem.code
                continue
            particles = reading.particles
            places = particles.coordinates_px
            assert places is None or places.shape == (len(particles), 2)
            assert (
                particles.micrograph_index is None or len(particles.micrograph_names) > particles.micrograph_index.max()
            )
            bad = np.concatenate([[-1], *(fault.rows for fault in reading.faults)]).astype(int)
            assert particles.has_images or np.isfinite(np.delete(places, bad[bad >= 0], axis=0)).all()
            [particles.describe(row) for row in range(len(particles))]
        return outcome


class MrcTarget(Target):
    name = "mrc"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        made = [mrc_bytes(made_images(3, 6, mode=mode), mode, order) for mode in MODES for order in "<>"]
        made += [mrc_bytes(made_images(2, 5), extended=160), mrc_bytes(made_images(2, 5), magic=bytes(4), ispg=1)]
        return [*made, *corpus_files(".mrcs", 6000), *corpus_files(".mrc", 6000)]

    def read(self, data: bytes) -> str:
        path = self.write(data, ".mrcs")
        code = _code_of_header(data)
        try:
            header = read_header(path)
        except MrcError as error:
            assert error.code == code
            return code
        assert header.expected_bytes <= len(data)
        images = read_images(path, header, sorted({0, header.nz // 2, header.nz - 1}))
        assert images.nbytes <= 3 * 4 * len(data)
        rows = read_image_rows(path, header, 0, header.ny)
        np.testing.assert_array_equal(rows, images[0])
        return code


def _code_of_header(data: bytes) -> str:
    (found,) = parse_headers([data[:1024]], [len(data)])
    return found.code if isinstance(found, MrcError) else "ok"


class ExposuresTarget(Target):
    """Datasets in both formats, and result groups."""

    name = "exposures"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "exposures.cs"
            found = list(corpus_files(".cs"))
            for blob in ("micrograph_blob", "movie_blob"):
                found.append(write_exposures(path, exposure_columns(5, blob)).read_bytes())
                Dataset.load(path).save(path, format=CSDAT_FORMAT)
                found.append(path.read_bytes())
        metafiles = {"micrograph_blob": ">good.cs", "mscope_params": ">other.cs", "movie_blob": "J/x.cs"}
        results = "".join(
            f"  {slot}:\n    metafile: '{name}'\n    num_items: 2\n    type: exposure.{slot}\n"
            for slot, name in metafiles.items()
        )
        group = f"created: 2024-06-11 10:00:00\ngroup:\n  type: exposure\nresults:\n{results}version: v4\n"
        return [*found, group.encode()]

    def read(self, data: bytes) -> str:
        is_dataset = data[:6] in (b"\x93NUMPY", b"\x95CSDAT")
        if not (self.folder / "good.cs").exists():
            for name in ("good.cs", "other.cs"):
                write_exposures(self.folder / name)
        try:
            exposures = load_exposures(str(self.write(data, ".cs" if is_dataset else ".csg")))
        except Refused as refused:
            assert refused.problem.code == "exposures-unreadable"
            return refused.problem.code
        columns = (exposures.paths, exposures.files, exposures.shape, exposures.pixel_size_A)
        assert {len(column) for column in (*columns, *exposures.microscope.values())} == {len(exposures)}
        assert np.isfinite(exposures.pixel_size_A).all() and (exposures.pixel_size_A >= 0).all()
        "".join(exposures.paths).encode()
        return "ok"


class SettingsTarget(Target):
    name = "settings"

    @cached_property
    def seeds(self) -> Sequence[bytes]:
        chosen = {"meta": "a.star", "data_sign": "-1", "coordinate_scale": "0.5", "exposure_cut_prefix": 3}
        chosen |= {"pixel_size": [1.1, "2=1.2"], "voltage": {"1": 300}, "cs": "2=2.7", "ignore_raw_data": True}
        report = {"status": "complete", "parameters": update(ImportParameters(), chosen).to_json()}
        deep = '{"parameters": {"pixel_size": ' + "[" * 900 + "]" * 900 + "}}"
        return [json.dumps(chosen).encode(), json.dumps(report, indent=2).encode(), deep.encode()]

    def read(self, data: bytes) -> str:
        try:
            settings = load_settings(self.write(data, ".json"))
        except BadParameter as error:
            assert len(str(error)) < 2000
            return "bad-parameter"
        assert "output" not in settings
        parameters = update(ImportParameters(), settings)
        through = update(ImportParameters(), json.loads(json.dumps(parameters.to_json()).encode()))
        assert through.to_json() == parameters.to_json()
        return "ok"


TARGETS: dict[str, type[Target]] = {
    target.name: target for target in (StarTarget, PicksTarget, MrcTarget, ExposuresTarget, SettingsTarget)
}
