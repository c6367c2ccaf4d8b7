"""Files that users take for files of particles, and what to say of each.

A reader for one of them takes its place in `formats.FORMATS`; its entry here then goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from ..problems import refuse
from ..progress import Progress

_PARTICLE_STAR = "Give the particle STAR file that RELION wrote (…_data.star, particles.star)."
_FROM_EMAN = "Convert it to a RELION STAR file and MRC stacks in EMAN2, and import those."


@dataclass(frozen=True)
class OtherFile:
    """A kind of file that is known by a text near its start, and refused in words."""

    name: str
    pattern: re.Pattern[bytes]
    code: str
    hint: str

    def recognises(self, head: bytes) -> bool:
        return b"_rlnImageName" not in head and self.pattern.search(head) is not None

    def refuse(self, path: str, progress: Progress, columns: Mapping[str, bool]) -> NoReturn:
        raise refuse(self.code, f"this is {self.name}", hint=self.hint)


def _star(name: str, pattern: bytes, hint: str = _PARTICLE_STAR) -> OtherFile:
    """A STAR file that has a line which begins so."""
    return OtherFile(name, re.compile(rb"^\s*(?:" + pattern + rb")", re.MULTILINE), "meta-no-particles", hint)


def _no_star(name: str, pattern: bytes, hint: str) -> OtherFile:
    return OtherFile(name, re.compile(pattern), "meta-not-star", hint)


OTHER_FILES = (
    _star("RELION's record of a pipeline of jobs, not of particles", rb"data_pipeline_"),
    _star("the settings of a RELION job, not its particles", rb"_rlnJobType"),
    _star("the MTF curve of a detector, not particles", rb"_rlnMtfValue"),
    _star("RELION's record of a model (…_model.star), not of particles", rb"data_model_general"),
    _star("RELION's record of a refinement (…_optimiser.star), not of particles", rb"data_optimiser_general"),
    _star("RELION's record of the angles searched (…_sampling.star), not of particles", rb"data_sampling_general"),
    _star("a Fourier shell correlation curve, not particles", rb"data_fsc\b"),
    _no_star(
        "a CryoSPARC result group (.csg), not a STAR file",
        rb"(?ms)^group:.*^results:|^results:.*metafile:",
        "What it lists is in CryoSPARC's format already: import it there with Import Result Group. Exposures are given "
        "as exposures.",
    ),
    _no_star("an HDF5 file, not a STAR file", rb"\A\x89HDF\r\n", _FROM_EMAN),
    _no_star("an EMAN2 list (.lst), not a STAR file", rb"\A#LSX?T?\b", _FROM_EMAN),
    _no_star("an SQLite database, not a STAR file", rb"\ASQLite format 3", _PARTICLE_STAR),
)
