"""Several exposures datasets as one, and job folders that hold one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.exposures.exposures import load_exposures, load_joined_exposures
from cryoimport_gui.core.exposures.given import exposure_files
from cryoimport_gui.core.problems import Refused

from ...support.running import run
from ...support.stars import exposure_columns, particle_columns, write_exposures, write_stack, write_star

CSG = """group:
  type: exposure
results:
  micrograph_blob:
    metafile: '>{0}.cs'
    type: exposure.micrograph_blob
"""


def write_group(folder: Path, name: str, **columns: np.ndarray) -> Path:
    write_exposures(folder / f"{name}.cs", exposure_columns() | columns)
    (folder / f"{name}.csg").write_text(CSG.format(name))
    return folder / f"{name}.csg"


def test_a_job_folder_with_one_group(tmp_path: Path) -> None:
    """The result group stands for its dataset; other groups of the job are none of exposures."""
    group = write_group(tmp_path / "J3", "micrographs")
    (tmp_path / "J3/templates.csg").write_text(CSG.replace("exposure", "template").format("x"))
    write_exposures(tmp_path / "J3/J3_passthrough_exposures.cs")
    assert exposure_files([str(tmp_path / "J3")]) == [str(group)]
    assert exposure_files([str(tmp_path / "J3"), str(group)]) == [str(group)], "one group counts once"


def test_a_job_folder_with_a_dataset_alone(tmp_path: Path) -> None:
    path = write_exposures(tmp_path / "J2/exposures.cs")
    assert exposure_files([str(tmp_path / "J2")]) == [str(path)]


def test_a_job_folder_with_several_groups_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_group(tmp_path / "J3", "exposures_accepted")
    write_group(tmp_path / "J3", "exposures_rejected")
    with pytest.raises(SystemExit) as stopped:
        main(["x.star", "--headless", "--dry-run", "--exposures", str(tmp_path / "J3")])
    printed = capsys.readouterr().err
    assert stopped.value.code == 2 and "exposures_accepted.csg, exposures_rejected.csg" in printed
    with pytest.raises(Refused, match="holds several groups"):
        exposure_files([str(tmp_path / "J3")])


def test_a_folder_without_exposures(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no group of exposures") as refused:
        exposure_files([str(tmp_path)])
    assert refused.value.problem.code == "exposures-unreadable"


def test_exposures_are_joined_and_one_uid_counts_once(tmp_path: Path) -> None:
    columns = exposure_columns(3)
    first = write_exposures(tmp_path / "CS/J1/exposures.cs", {name: column[:2] for name, column in columns.items()})
    later = {name: column[1:] for name, column in columns.items()} | {"mscope_params/accel_kv": None}
    second = write_exposures(tmp_path / "CS/J4/exposures.cs", later)
    joined = load_joined_exposures([str(first), str(second)])
    assert joined.uid.tolist() == [11, 12, 13]
    assert list(joined.paths) == [path.decode() for path in columns["micrograph_blob/path"]]
    assert joined.files == [str(tmp_path / "CS" / path) for path in joined.paths]
    assert joined.shape.tolist() == [[100, 200]] * 3 and joined.pixel_size_A.tolist() == [1.5] * 3
    assert "voltage_kV" not in joined.microscope and joined.microscope["cs_mm"].tolist() == [np.float32(1.4)] * 3
    alone = load_joined_exposures([str(first)])
    np.testing.assert_array_equal(alone.uid, load_exposures(str(first)).uid)


def test_particles_of_two_exposures_datasets(tmp_path: Path) -> None:
    """Each particle gets the uid of its own exposure, whichever dataset that stands in."""
    columns = exposure_columns(4)
    halves = [{name: column[some] for name, column in columns.items()} for some in (slice(0, 2), slice(2, 4))]
    paths = [write_exposures(tmp_path / f"CS/J{k}/exposures.cs", half) for k, half in enumerate(halves)]
    for k in range(4):
        write_stack(tmp_path / f"stacks/s{k + 1}.mrcs", seed=k)
    table = particle_columns(4)
    order = np.random.default_rng(1).permutation(12)
    star = write_star(tmp_path / "run_data.star", {label: [v[i] for i in order] for label, v in table.items()})
    given = [part for path in paths for part in ("--exposures", path)]
    rules = ["--remove-leading-uid", "--coordinate-y", "keep", "--check-poses", "off"]
    outcome = run(tmp_path, star, *given, *rules)
    assert outcome.status == 0, outcome.codes
    assert outcome.report["counts"]["exposures"] == 4 and outcome.report["parameters"]["exposures"] == [
        *map(str, paths)
    ]
    assert outcome.dataset["location/micrograph_uid"].tolist() == [11 + i // 3 for i in order]
    np.testing.assert_allclose(
        outcome.dataset["location/center_x_frac"], np.array(table["rlnCoordinateX"])[order] / 200, rtol=1e-6
    )


def test_the_ctf_of_joined_exposures_is_kept_where_all_have_it(tmp_path: Path) -> None:
    ctf = {"ctf/df1_A": [1.5e4, 1.6e4], "ctf/df2_A": [1.4e4, 1.5e4], "ctf/df_angle_rad": [0.1, 0.2]}
    with_ctf = [
        {name: column[some] for name, column in exposure_columns(4).items()}
        | {name: np.array(values, "f4") for name, values in ctf.items()}
        for some in (slice(0, 2), slice(2, 4))
    ]
    paths = [str(write_exposures(tmp_path / f"CS/J{k}/exposures.cs", its)) for k, its in enumerate(with_ctf)]
    joined = load_joined_exposures(paths)
    assert joined.ctf["defocus_u_A"].tolist() == [1.5e4, 1.6e4] * 2
    bare = write_exposures(tmp_path / "CS/J9/exposures.cs", exposure_columns(5))
    assert load_joined_exposures([*paths, str(bare)]).ctf == {}
