"""Writing the dataset in chunks, against building the array whole and `np.save`."""

from __future__ import annotations

from collections.abc import Iterator

from .measure import interleaved

_SETUP = """
import io, os, tempfile
import numpy as np
from cryoimport_gui.core.dataset.schema import DatasetRows, Places, Written, dataset_dtype, fields_of
from cryoimport_gui.core.dataset.writer import write_dataset
from cryoimport_gui.core.particles import OpticsGroup, Particles
count = {count}
rng = np.random.default_rng(0)
numbers = lambda: rng.uniform(-180, 180, count)
particles = Particles("x", "x", ["s"], np.zeros(count, np.int32), np.arange(count), [OpticsGroup(1, "g", count)],
    np.zeros(count, np.int32), True, defocus_u_A=numbers(), defocus_v_A=numbers(), defocus_angle_deg=numbers(),
    rot_deg=numbers(), tilt_deg=numbers(), psi_deg=numbers(), shift_px=rng.normal(size=(count, 2)))
one = lambda value: np.array([value])
groups = dict(id=one(1), pixel_size_A=one(1.0), voltage_kV=one(300.0), cs_mm=one(2.7), amplitude_contrast=one(0.1),
    file_pixel_size_A=one(1.0), shift_scale=one(1.0))
stacks = dict(path=one(b"x" * 100), import_sig=one(7))
written = Written(groups, stacks, dict(), -1.0, 256)
uid, zero, none = np.arange(count, dtype="u8"), np.zeros(count, np.int64), np.full(count, -1)
fields = fields_of(("blob", "ctf", "alignments3D"))
lengths = {{"blob/path": 100, "ctf/type": 8}}
def rows(a, b):
    places = Places.as_they_are(b - a)
    group = particles.optics_index[a:b]
    return DatasetRows(particles.stretch(a, b), uid[a:b], group, zero[a:b], none[a:b], places, written)
"""
_CHUNKED = "with tempfile.TemporaryFile() as f: write_dataset(f, count, fields, lengths, rows); f.flush()"
_WHOLE = """
everything = rows(0, count)
out = np.zeros(count, dataset_dtype(fields, lengths))
out["uid"] = uid
for field in fields:
    out[field.name] = field.value(everything) if callable(field.value) else field.value
with tempfile.TemporaryFile() as f: np.save(f, out); f.flush()
"""


def run() -> Iterator[tuple[str, str, str]]:
    ways = {
        "chunked": (_SETUP.format(count=1_000_000), _CHUNKED),
        "whole": (_SETUP.format(count=1_000_000), _WHOLE),
        "nothing": (_SETUP.format(count=1_000_000), "pass"),
    }
    results = interleaved(ways)
    own, whole, base = results["chunked"], results["whole"], results["nothing"]
    yield "dataset of 1M rows: time / built whole + np.save", f"{own[0] / whole[0]:.3f}", "at most 0.40"
    yield "dataset of 1M rows: memory beyond its input", f"{own[1] - base[1]:.0f} MB", "independent of the rows"
    yield "the same, built whole", f"{whole[1] - base[1]:.0f} MB", ""
