"""The way back: particles that once came from CryoSPARC are restored as those that they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.demo import Demo

from ..support.exported import export, refined_set, rows_of, save, star_columns, table_of
from ..support.running import Outcome, run
from ..support.stars import write_stack, write_star

_PRINTED = {"alignments3D/pose": 2e-6, "alignments3D/shift": 2e-6}


def written(outcome: Outcome) -> NDArray:
    assert outcome.status == 0, outcome.report["problems"]
    return table_of(outcome.output / "imported_particles.cs")


def check_restored(table: NDArray, original: NDArray, but: tuple[str, ...] = ()) -> None:
    """Every field, its type and the order of fields are the original's, the printed precision aside."""
    assert table.dtype.names == original.dtype.names
    for name in original.dtype.names:
        if name in but:
            continue
        assert table.dtype[name] == original.dtype[name] or table[name].dtype.kind == "S", name
        if name in _PRINTED:
            np.testing.assert_allclose(table[name], original[name], atol=_PRINTED[name], err_msg=name)
        else:
            np.testing.assert_array_equal(table[name], original[name], err_msg=name)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("kind", ["npy", "csdat", "csg"])
def test_a_set_comes_back_field_by_field(tmp_path: Path, kind: str, flipped: bool) -> None:
    demo, path, table = refined_set(tmp_path, shuffled=True)
    if kind == "csg":
        cut = [n for n in table.dtype.names if not n.startswith(("location/", "pick_stats/"))]
        rest = ["uid", *(n for n in table.dtype.names if n not in cut)]
        first, second = path.with_name("particles.cs"), path.with_name("passthrough.cs")
        save(first, _fields(table, cut), "csdat")
        save(second, _fields(table, rest)[::-1], "npy")
        of = {slot: second if f"{slot}/" in " ".join(rest) else first for slot in
              dict.fromkeys(n.split("/")[0] for n in table.dtype.names[1:])}  # fmt: skip
        original = path.with_name("particles.csg")
        results = {slot: {"metafile": f">{file.name}", "type": f"particle.{slot}"} for slot, file in of.items()}
        original.write_text(yaml.safe_dump({"results": results}))
        table = _fields(table, [*cut, *rest[1:]])
    else:
        original = save(path, table, kind)
    columns = star_columns(table, flipped)
    rows = np.random.default_rng(1).permutation(len(table))[: len(table) // 2]
    star = export(tmp_path / "relion", demo, rows_of(columns, rows))
    outcome = run(tmp_path, star, "--original", original, output=demo.project / "back")
    check_restored(written(outcome), table[rows])
    counts = outcome.report["counts"]
    assert (counts["uids_restored"], counts["links"]) == (len(rows), 0)
    assert not (outcome.output / "imported").exists()
    assert outcome.report["original"]["matched"] == {"stack and index": len(rows)}
    assert set(outcome.report["original"]["carried_slots"]) == {"blob", "ctf", "location", "pick_stats", "filament"}
    (positions,) = (claim for claim in outcome.report["claims"] if claim["claim"] == "positions")
    assert (positions["state"], positions["words"]) == ("as given", "Positions: those of the original particles.")
    assert "ctf-aberrations-dropped" not in outcome.codes


def _fields(table: NDArray, names: list[str]) -> NDArray:
    out = np.zeros(len(table), [(n, table.dtype[n]) for n in names])
    for name in names:
        out[name] = table[name]
    return out


@pytest.fixture(scope="module")
def refined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, Path, NDArray]:
    """A set in CryoSPARC that no test changes."""
    return refined_set(tmp_path_factory.mktemp("refined"), shuffled=True)


def test_poses_come_from_the_file_and_their_errors_go(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    columns = star_columns(table)
    columns["rlnAnglePsi"][2] = "17.000000"
    columns["rlnClassNumber"] = [4] * len(table)
    columns["rlnRandomSubset"] = [2] * len(table)
    data = written(run(tmp_path, export(tmp_path, demo, columns), "--original", path, output=demo.project / "posed"))
    same = np.arange(len(table)) != 2
    check_restored(data[same], table[same], but=("alignments3D/class", "alignments3D/split"))
    assert set(data["alignments3D/class"]) == {3} and set(data["alignments3D/split"]) == {1}
    angles = [float(columns[f"rlnAngle{name}"][2]) for name in ("Rot", "Tilt", "Psi")]
    expected = Rotation.from_euler("ZYZ", angles, degrees=True)
    found = Rotation.from_rotvec(data["alignments3D/pose"][2].astype(float))
    assert np.degrees((found * expected.inv()).magnitude()) < 1e-4
    assert (data["alignments3D/error"][2], data["alignments3D/alpha"][2]) == (0, 1)
    assert data["uid"][2] == table["uid"][2]


def test_a_file_without_poses_keeps_those_of_the_originals(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    unspoken = ("rlnAngle", "rlnOrigin", "rlnRandom", "rlnClass", "rlnDefocus", "rlnPhase")
    columns = {name: column for name, column in star_columns(table).items() if not name.startswith(unspoken)}
    outcome = run(tmp_path, export(tmp_path, demo, columns), "--original", path, output=demo.project / "bare")
    data = written(outcome)
    for name in table.dtype.names:
        np.testing.assert_array_equal(data[name], table[name], err_msg=name)
    assert not {"ctf-missing", "pose-missing", "half-sets-missing"} & set(outcome.codes)


def test_ctf_that_was_refitted_loses_its_aberrations(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    columns = star_columns(table)
    columns["rlnDefocusU"][1] = f"{float(columns['rlnDefocusU'][1]) + 0.5:.6f}"
    columns["rlnDefocusAngle"][4] = f"{float(columns['rlnDefocusAngle'][4]) + 180:.6f}"  # the same axis
    columns["rlnPhaseShift"][6] = f"{float(columns['rlnPhaseShift'][6]) + 0.01:.6f}"
    outcome = run(tmp_path, export(tmp_path, demo, columns), "--original", path, output=demo.project / "refitted")
    data = written(outcome)
    changed = np.isin(np.arange(len(table)), [1, 6])
    check_restored(data[~changed], table[~changed])
    for name in ("tilt_A", "trefoil_A", "tetra_A", "anisomag"):
        assert not data[f"ctf/{name}"][changed].any()
    np.testing.assert_array_equal(data["ctf/df1_A"], np.array(columns["rlnDefocusU"], float).astype("f4"))
    np.testing.assert_array_equal(data["ctf/exp_group_id"], table["ctf/exp_group_id"])
    assert outcome.problem("ctf-aberrations-dropped")["count"] == 2
    assert "ctf" not in outcome.report["original"]["carried_slots"]


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_ctf_is_compared_as_it_was_printed(tmp_path: Path, refined, decimals: int) -> None:
    demo, path, table = refined
    columns = star_columns(table)
    for name in ("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift"):
        columns[name] = [f"{float(value):.{decimals}f}" for value in columns[name]]
    outcome = run(tmp_path, export(tmp_path, demo, columns), "--original", path, output=demo.project / f"d{decimals}")
    check_restored(written(outcome), table)


@pytest.mark.parametrize("flipped", [False, True])
def test_new_stacks_are_matched_by_place(tmp_path: Path, refined, flipped: bool) -> None:
    """Extracted again elsewhere: images are the originals' unless a data path is given."""
    demo, path, table = refined
    columns = star_columns(table, flipped)
    columns["rlnImageName"] = [f"{i + 1}@Extract/job9/all.mrcs" for i in range(len(table))]
    star = export(tmp_path / "relion", demo, columns)
    outcome = run(tmp_path, star, "--original", path, output=demo.project / f"placed{flipped}")
    check_restored(written(outcome), table)
    assert outcome.report["original"]["matched"] == {"place": len(table)}
    stack = tmp_path / "relion/Extract/job9/all.mrcs"
    write_stack(stack, len(table), demo.recipe.box, pixel_size_A=demo.pixel_size_A[0])
    given = run(
        tmp_path, star, "--original", path, "--data", tmp_path / "relion", output=demo.project / f"new{flipped}"
    )
    data = written(given)
    check_restored(data, table, but=("blob/path", "blob/idx", "blob/sign", "blob/import_sig"))
    assert given.report["counts"]["links"] == 1
    link = given.output / data["blob/path"][3].decode().removeprefix(">")
    assert link.resolve() == stack and data["blob/idx"].tolist() == list(range(len(table)))


def test_stacks_extracted_again_under_the_same_names_in_another_order(tmp_path: Path, refined) -> None:
    """The index says nothing then; the places do."""
    demo, path, table = refined
    columns = star_columns(table)
    names = np.array(columns["rlnImageName"])
    for stack in np.unique(table["blob/path"]):
        rows = np.flatnonzero(table["blob/path"] == stack)
        names[rows] = names[np.roll(rows, 1)]
    columns["rlnImageName"] = [f"{n.split('@')[0]}@Extract/job9/{Path(n.split('@')[1]).name[22:]}" for n in names]
    outcome = run(tmp_path, export(tmp_path, demo, columns), "--original", path, output=demo.project / "again")
    check_restored(written(outcome), table)
    assert outcome.report["original"]["matched"] == {"place": len(table)}


def test_the_file_that_was_imported_comes_back_by_its_links(tmp_path: Path, refined) -> None:
    """RELION's own file, whose stacks the links of the import lead to."""
    demo, path, table = refined
    flags = ["--data", demo.data, "--original", path]
    outcome = run(tmp_path, demo.star, *flags, output=demo.project / "same")
    data = written(outcome)
    assert outcome.report["original"]["matched"] == {"stack and index": len(table)}
    check_restored(data, table)
    assert outcome.report["counts"]["links"] == 0  # these are the same files


def test_in_another_project_images_are_linked(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    other = tmp_path / "CS-other"
    other.mkdir()
    star = export(tmp_path, demo, star_columns(table))
    outcome = run(tmp_path, star, "--original", path, "--project", other, output=other / "imports")
    data = written(outcome)
    check_restored(data, table, but=("blob/path", "blob/import_sig"))
    assert outcome.report["counts"]["links"] == len(demo.stacks)
    for row, (name, image) in enumerate(zip(data["blob/path"], data["blob/idx"])):
        assert (other / name.decode()).resolve() == demo.stacks[demo.stack_index[row]]
        assert image == demo.image_index[row]


def test_paths_beside_a_result_group_mean_nothing_elsewhere(tmp_path: Path, refined) -> None:
    """Of a set that was imported without a project: the stacks themselves are linked, not links to them."""
    demo, _, _ = refined
    first = run(tmp_path, demo.star, "--data", demo.data, output=tmp_path / "P/J1")
    before = written(first)
    assert before["blob/path"][0].startswith(b">imported/")
    second = run(tmp_path, demo.star, "--original", tmp_path / "P/J1/imported_particles.csg", output=tmp_path / "P/J2")
    data = written(second)
    check_restored(data, before, but=("blob/path", "blob/import_sig"))
    for row, name in enumerate(data["blob/path"]):
        assert (second.output / name.decode()[1:]).readlink() == demo.stacks[demo.stack_index[row]]


def test_originals_without_their_stacks_are_restored_all_the_same(tmp_path: Path) -> None:
    """In the same project CryoSPARC has the images; here they may be missing."""
    demo, path, table = refined_set(tmp_path)
    demo.stacks[0].unlink()
    outcome = run(tmp_path, export(tmp_path, demo, star_columns(table)), "--original", path, output=demo.project / "b")
    check_restored(written(outcome), table)
    assert outcome.problem("stack-missing")["severity"] == "warning"


def test_what_the_user_gives_wins(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    flags = ["--original", path, "--voltage", "200", "--pixel-size", "2.11", "--data-sign", "+1"]
    outcome = run(tmp_path, export(tmp_path, demo, star_columns(table)), *flags, output=demo.project / "given")
    data = written(outcome)
    given = {"ctf/accel_kv": 200, "blob/psize_A": 2.11, "alignments3D/psize_A": 2.11, "blob/sign": 1}
    check_restored(data, table, but=tuple(given))
    for name, value in given.items():
        np.testing.assert_array_equal(data[name], np.full(len(table), value, "f4"), err_msg=name)


def test_symmetry_copies_share_an_original(tmp_path: Path, refined) -> None:
    """The first keeps the uid, the others are new particles; all keep the rest."""
    demo, path, table = refined
    count = len(table)
    columns = star_columns(table)
    expanded = {name: column * 3 for name, column in columns.items()}
    expanded["rlnAngleRot"] = [f"{float(columns['rlnAngleRot'][i % count]) + 120 * (i // count):.6f}"
                               for i in range(3 * count)]  # fmt: skip
    outcome = run(tmp_path, export(tmp_path, demo, expanded), "--original", path, output=demo.project / "expanded")
    data = written(outcome)
    check_restored(data[:count], table)
    assert len(set(data["uid"].tolist())) == 3 * count and outcome.report["counts"]["uids_restored"] == count
    for name in ("blob/path", "blob/idx", "location/micrograph_uid", "ctf/tilt_A", "pick_stats/ncc_score"):
        np.testing.assert_array_equal(data[name], np.concatenate([table[name]] * 3), err_msg=name)


def test_originals_that_were_expanded_are_told_apart_by_their_poses(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    rng = np.random.default_rng(3)
    expanded = np.concatenate([table] * 3)
    expanded["uid"] = rng.permutation(1 + np.arange(len(expanded)))
    turned = Rotation.from_rotvec(table["alignments3D/pose"].astype(float))
    for k in (1, 2):
        copies = slice(k * len(table), (k + 1) * len(table))
        expanded["alignments3D/pose"][copies] = (Rotation.from_euler("Z", 120 * k, degrees=True) * turned).as_rotvec()
    original = save(path.with_name("expanded.cs"), expanded)
    rows = rng.permutation(len(expanded))[: len(table)]
    star = export(tmp_path, demo, rows_of(star_columns(expanded), rows))
    check_restored(written(run(tmp_path, star, "--original", original, output=demo.project / "told")), expanded[rows])
    moved = star_columns(expanded)
    moved["rlnAngleTilt"] = [f"{float(angle) + 20:.6f}" for angle in moved["rlnAngleTilt"]]
    outcome = run(tmp_path, export(tmp_path, demo, moved), "--original", original, output=demo.project / "no")
    assert outcome.status == 1 and not outcome.output.exists()
    assert outcome.problem("original-ambiguous")["count"] == len(expanded)


def test_rows_that_are_no_originals(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    original = save(path.with_name("some.cs"), table[:-2])
    star = export(tmp_path, demo, star_columns(table))
    outcome = run(tmp_path, star, "--original", original, output=demo.project / "partly")
    assert outcome.status == 1 and not outcome.output.exists()
    assert outcome.problem("original-unmatched")["count"] == 2
    outcome = run(tmp_path, star, "--original", original, "--on-bad", "leave-out", output=demo.project / "partly")
    check_restored(written(outcome), table[:-2])
    assert outcome.report["counts"]["left_out"] == 2


def test_originals_of_another_project_are_no_originals(tmp_path: Path, refined) -> None:
    demo, _, table = refined
    other, path, _ = refined_set(tmp_path / "other", seed=5)
    outcome = run(tmp_path, export(tmp_path, demo, star_columns(table)), "--original", path)
    assert outcome.status == 1 and not outcome.output.exists()
    assert outcome.problem("original-unmatched")["count"] == len(table)


@pytest.mark.parametrize("damage", ["cut", "twice", "empty"])
def test_damaged_originals(tmp_path: Path, refined, damage: str) -> None:
    demo, _, table = refined
    path = tmp_path / "J9/particles.cs"
    path.parent.mkdir()
    save(path, {"cut": table, "twice": np.append(table, table[:1]), "empty": table[:0]}[damage])
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    outcome = run(tmp_path, export(tmp_path, demo, star_columns(table)), "--original", path)
    assert outcome.status == 1 and not outcome.output.exists()
    assert [p["code"] for p in outcome.report["problems"] if p["severity"] == "error"][:1] == ["original-unreadable"]


def test_a_report_never_replaces_the_originals(tmp_path: Path, refined) -> None:
    demo, path, table = refined
    before = path.read_bytes()
    star = export(tmp_path, demo, star_columns(table))
    with pytest.raises(SystemExit) as refused:
        main([str(star), "--original", str(path), "--headless", "--dry-run", "--report", str(path)])
    assert refused.value.code == 2
    assert path.read_bytes() == before


def test_a_real_set_of_cryosparc(corpus: Path, tmp_path: Path) -> None:
    """22 particles that CryoSPARC itself has exported: by name, without their images and without locations."""
    path = corpus / "cryosparc/cryosparc_J2_particles_exported.cs"
    table = np.load(path)
    rows = np.random.default_rng(2).permutation(len(table))[:11]
    columns = {
        "rlnImageName": [f"{table['blob/idx'][i] + 1}@{table['blob/path'][i].decode()[1:]}" for i in rows],
        "rlnDefocusU": [f"{value:.6f}" for value in table["ctf/df1_A"][rows]],
        "rlnDefocusV": [f"{value:.6f}" for value in table["ctf/df2_A"][rows]],
        "rlnDefocusAngle": [f"{value:.6f}" for value in np.degrees(table["ctf/df_angle_rad"][rows].astype(float))],
        "rlnOpticsGroup": [1] * len(rows),
    }
    star = write_star(tmp_path / "run_data.star", columns)
    data = written(run(tmp_path, star, "--original", path, "--ignore-raw-data"))
    names = [name for name in table.dtype.names if not name.startswith("blob/")]
    assert list(data.dtype.names) == names
    for name in names:
        np.testing.assert_array_equal(data[name], table[name][rows], err_msg=name)
