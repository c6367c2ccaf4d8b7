"""Files that are taken for files of particles are named, and what to give instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading import formats

from ...support.stars import OPTICS, loop, particle_columns

CISTEM = {"cisTEMPositionInStack": [1, 2], "cisTEMAnglePsi": [0.0, 1.0]}
PIPELINE = (
    "data_pipeline_general\n\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_processes\n\nloop_\n"
    "_rlnPipeLineProcessName #1\n_rlnPipeLineProcessAlias #2\nImport/job001/ None extra\n"
)
PAR = "C           PSI   THETA     PHI       SHX       SHY     MAG  FILM      DF1\n      1  10.0  20.0  30.0\n"
GROUP = "created: 2024\ngroup:\n  name: g\nresults:\n  blob:\n    metafile: '>p.cs'\n"
TOMO = {"rlnTomoName": ["t1", "t1"], "rlnTomoParticleName": ["t1/1", "t1/2"]}
TOMO |= {"rlnImageName": ["Extract/job1/1_stack2d.mrcs", "Extract/job1/2_stack2d.mrcs"]}
MICROGRAPHS = {"rlnMicrographName": ["a.mrc", "b.mrc"], "rlnCtfMaxResolution": [3.0, 4.0]}


@pytest.mark.parametrize(
    ("content", "code", "words", "hint"),
    [
        (loop("", CISTEM), "image-name-missing", "cisTEM does not name its stack", "export the refinement package"),
        (PIPELINE, "meta-no-particles", "pipeline", "_data.star"),
        ("data_job\n\n_rlnJobType 3\n\ndata_joboptions_values\n", "meta-no-particles", "settings", "_data.star"),
        (
            loop("", {"rlnResolutionInversePixel": [0.0, 0.1], "rlnMtfValue": [1, 0.9]}),
            "meta-no-particles",
            "MTF",
            "_data.star",
        ),
        ("data_model_general\n\n_rlnNrClasses 1\n", "meta-no-particles", "_model.star", "_data.star"),
        ("data_optimiser_general\n\n_rlnModelStarFile a\n", "meta-no-particles", "_optimiser.star", "_data.star"),
        ("data_sampling_general\n\n_rlnIs3DSampling 1\n", "meta-no-particles", "_sampling.star", "_data.star"),
        (loop("fsc", {"rlnSpectralIndex": [0, 1]}), "meta-no-particles", "Fourier shell", "_data.star"),
        (PAR, "meta-not-star", ".par", "cisTEM"),
        (GROUP, "meta-not-star", ".csg", "Import Result Group"),
        ("\x89HDF\r\n\x1a\n", "meta-not-star", "HDF5", "EMAN2"),
        ("#LST\n0\tp.hdf\n", "meta-not-star", "EMAN2 list", "EMAN2"),
        ("SQLite format 3\0", "meta-not-star", "SQLite", "_data.star"),
        (loop("micrographs", MICROGRAPHS), "image-name-missing", "micrographs, not particles", "own import jobs"),
        (loop("movies", {"rlnMicrographMovieName": ["a.tif", "b.tif"]}), "image-name-missing", "movies", "import jobs"),
        (loop("optics", OPTICS) + loop("particles", TOMO), "meta-not-2d-stack", "tomography", "one 2D image"),
    ],
)
def test_what_a_file_is_instead(tmp_path: Path, content: str, code: str, words: str, hint: str) -> None:
    path = tmp_path / "p.star"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(Refused) as refused:
        formats.read([str(path)])
    found = refused.value.problem
    assert found.code == code
    assert words in found.message
    assert hint in found.hint and "Extract the particles first;" not in found.hint


@pytest.mark.parametrize(
    "beside",
    [
        loop("fsc", {"rlnSpectralIndex": [0, 1]}),
        "data_model_general\n\n_rlnNrClasses 1\n\n",
        "# data_pipeline_general\n",
    ],
)
def test_particles_beside_something_else_are_read(tmp_path: Path, beside: str) -> None:
    path = tmp_path / "p.star"
    path.write_text(beside + loop("optics", OPTICS) + loop("particles", particle_columns()))
    assert len(formats.read([str(path)]).particles) == 6
