"""Stacks that were scaled after the STAR file was written: what is written is compared with planted values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ...support.running import Outcome, run
from ...support.stars import OPTICS, particle_columns, write_input, write_stack, write_star

FILE_A, STACK_A = 2.1, 4.2
SHIFT_A = np.array([[4.2, -8.4], [0, 2.1], [1.05, 0], [-6.3, 6.3], [2.1, 2.1], [12.6, -2.1]])
ODD = ("stack-rescaled", "override-odd", "image-size-disagrees", "pixel-size-disagrees", "pixel-sizes-differ")


def imported(
    folder: Path, *flags: str, box: int = 48, header_A: float = STACK_A, px: bool = False, size: int | None = 96
) -> Outcome:
    """Six particles of 2.1 Å whose shifts are `SHIFT_A`, written in Å or in pixels of 2.1 Å."""
    shifts = SHIFT_A / FILE_A if px else SHIFT_A
    change: dict = {"rlnOriginXAngst": None, "rlnOriginYAngst": None}
    names = ("rlnOriginX", "rlnOriginY") if px else tuple(change)
    change |= {name: column.round(6).tolist() for name, column in zip(names, shifts.T, strict=True)}
    optics = OPTICS | {"rlnImagePixelSize": [FILE_A]} | ({"rlnImageSize": [size]} if size else {})
    star = write_input(folder, change, optics)
    for k in (1, 2):
        write_stack(folder / f"stacks/s{k}.mrcs", box=box, seed=k, pixel_size_A=header_A)
    outcome = run(folder, star, *flags)
    assert outcome.status == 0
    return outcome


def odd(outcome: Outcome) -> set[str]:
    return set(outcome.codes) & set(ODD)


@pytest.mark.parametrize("px", [False, True], ids=["Å", "px"])
@pytest.mark.parametrize(("box", "header_A"), [(48, 4.2), (48, 4.23), (32, 6.3), (192, 1.05)])
def test_scaled_stacks_are_right_without_any_override(tmp_path: Path, px: bool, box: int, header_A: float) -> None:
    outcome = imported(tmp_path, box=box, header_A=header_A, px=px)
    data = outcome.dataset
    divisor_A = FILE_A * 96 / box if px else header_A
    np.testing.assert_allclose(data["alignments3D/shift"], SHIFT_A / divisor_A, rtol=1e-5)
    for name in ("blob/psize_A", "alignments3D/psize_A"):
        np.testing.assert_allclose(data[name], header_A, rtol=1e-6)
    assert set(data["blob/shape"].ravel()) == {box}
    assert odd(outcome) == {"stack-rescaled"}
    said = outcome.problem("stack-rescaled")
    assert said["count"] == 2 and "96 pixels of 2.1 Å" in said["examples"][0]
    assert f"{box} pixels of {header_A:g} Å" in said["examples"][0]


@pytest.mark.parametrize("px", [False, True], ids=["Å", "px"])
@pytest.mark.parametrize(("given_A", "is_odd"), [(4.3, False), (2.1, True)])
def test_an_override_of_scaled_stacks_changes_the_pixel_size_alone(
    tmp_path: Path, px: bool, given_A: float, is_odd: bool
) -> None:
    outcome = imported(tmp_path, "--pixel-size", str(given_A), px=px)
    np.testing.assert_allclose(outcome.dataset["alignments3D/shift"], SHIFT_A / STACK_A, rtol=1e-5)
    for name in ("blob/psize_A", "alignments3D/psize_A"):
        np.testing.assert_allclose(outcome.dataset[name], given_A, rtol=1e-6)
    assert ("override-odd" in outcome.codes) == is_odd and "stack-rescaled" in outcome.codes


@pytest.mark.parametrize(
    ("box", "header_A", "size", "codes"),
    [
        (48, 4.2, None, {"pixel-size-disagrees"}),  # RELION ≤ 3.0: nothing proves it
        (48, 4.3, 96, {"pixel-size-disagrees", "image-size-disagrees"}),
        (48, 2.1, 96, {"image-size-disagrees"}),
        (48, 0.0, 96, {"image-size-disagrees"}),
        (96, 4.2, 96, {"pixel-size-disagrees"}),
        (96, 2.1, 96, set()),
    ],
)
@pytest.mark.parametrize("px", [False, True], ids=["Å", "px"])
def test_what_is_not_proven_changes_nothing(
    tmp_path: Path, box: int, header_A: float, size: int | None, codes: set[str], px: bool
) -> None:
    outcome = imported(tmp_path, box=box, header_A=header_A, size=size, px=px)
    np.testing.assert_allclose(outcome.dataset["alignments3D/shift"], SHIFT_A / FILE_A, rtol=1e-5)
    np.testing.assert_allclose(outcome.dataset["blob/psize_A"], FILE_A, rtol=1e-6)
    assert odd(outcome) == codes


@pytest.mark.parametrize(
    ("given_A", "is_odd"), [(2.1, False), (2.0, False), (2.2, False), (1.99, True), (2.21, True), (4.2, True)]
)
def test_an_override_far_from_the_file_is_odd(tmp_path: Path, given_A: float, is_odd: bool) -> None:
    outcome = imported(tmp_path, "--pixel-size", str(given_A), box=96, header_A=FILE_A)
    np.testing.assert_allclose(outcome.dataset["alignments3D/shift"], SHIFT_A / FILE_A, rtol=1e-5)
    np.testing.assert_allclose(outcome.dataset["blob/psize_A"], given_A, rtol=1e-6)
    assert ("override-odd" in outcome.codes) == is_odd
    if is_odd:
        said = outcome.problem("override-odd")
        assert f"{given_A:g} Å given, 2.1 Å by the file" in said["examples"][0]
        assert "in pixels" in said["message"] and "in Å" in said["message"]


def test_only_the_group_whose_stacks_were_scaled_changes(tmp_path: Path) -> None:
    """Group 1 was extracted with 96 pixels of 2.1 Å and scaled to 48; group 2 was extracted with 48 of 4.2 Å."""
    columns = particle_columns() | {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2], "rlnOriginXAngst": [4.2] * 6}
    optics = {name: list(values) * 2 for name, values in OPTICS.items()} | {
        "rlnOpticsGroup": [1, 2],
        "rlnImagePixelSize": [2.1, 4.2],
        "rlnImageSize": [96, 48],
    }
    star = write_star(tmp_path / "run_data.star", columns, optics)
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", box=48, seed=k, pixel_size_A=4.2)
    outcome = run(tmp_path, star)
    np.testing.assert_allclose(outcome.dataset["alignments3D/shift"][:, 0], 1.0, rtol=1e-5)
    np.testing.assert_allclose(outcome.dataset["blob/psize_A"], 4.2, rtol=1e-6)
    assert odd(outcome) == {"stack-rescaled"} and outcome.problem("stack-rescaled")["count"] == 1
