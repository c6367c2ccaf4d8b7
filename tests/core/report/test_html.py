"""The report to read: whole, by itself, and unharmed by what stands in files."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.looks.tiles import first_tiles, rows_of_tiles
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.pictures.png import write_png
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import Planner, plan_import
from cryoimport_gui.core.problems import CODES, problem
from cryoimport_gui.core.report.claims import claims_of
from cryoimport_gui.core.report.html import report_page

from ...support.stars import OPTICS, write_exposures, write_input

EVIL = """<script>alert('x')</script>&"<img src=http://x/y.png>"""


class Page(HTMLParser):
    """Tags that are opened and never closed, links, and the text that a reader sees."""

    VOID = {"meta", "img", "br", "path", "polyline", "rect"}
    IMPLIED = {"html", "p", "li", "td", "th", "tr"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.text = ""
        self.tally = Counter[str]()
        self.every: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.every.append((tag, dict(attributes)))
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href", "action")]
        self.tally[tag] += 1
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag:
            assert self.open.pop() in self.IMPLIED
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def plan(meta: Path, **values: Any) -> ImportPlan:
    return plan_import(update(ImportParameters(), {"meta": str(meta), **values}))


def test_everything_is_reported(demo_values: dict[str, Any]) -> None:
    found = Planner().plan(update(ImportParameters(), demo_values))
    page = Page(report_page(found, "dry-run"))
    assert page.open == []
    for words in (
        "Checked, not imported: 400 particles of run_data.star",
        "Claims: ✓ 5 confirmed. Problems: ● 1 note.",
        "400 particles matched to 20 of 20 exposures",
        "y from",
        "opticsGroup2",
        "Pixel size (Å)optics rlnImagePixelSize",
        "First tile: average of the sample.",
        "Particles, low-passed and centred; below each its re-projection.",
        "as imported",  # a bar
        "6 particles of different exposures",
        "particley kept (in use)y flipped",
        "Defocus (µm)0.91 to 1.87",
        "Remove leading UID",
        CODES["columns-not-imported"].title,
        "rlnDefocusU",
        f"cryoimport-gui {demo_values['meta']}",
        "--remove-leading-uid",
    ):
        assert words in page.text, words


def test_it_needs_nothing_but_itself_and_holds_the_montage(tmp_path: Path) -> None:
    found = plan(write_input(tmp_path))
    html = report_page(found, "complete")
    page = Page(html)
    assert not page.tags & {"script", "link", "iframe", "object", "form", "base"}
    assert "url(" not in html and "@import" not in html
    png = BytesIO()
    picture, columns = rows_of_tiles(found, first_tiles(found), 32, 16)
    assert columns == 6
    write_png(png, picture)
    assert page.addresses[0] == "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def test_it_can_be_read_aloud(demo_values: dict[str, Any]) -> None:
    page = Page(report_page(Planner().plan(update(ImportParameters(), demo_values)), "complete"))
    of_tag = {tag: [values for name, values in page.every if name == tag] for tag in page.tags}
    assert of_tag["html"] == [{"lang": "en"}] and len(of_tag["h1"]) == len(of_tag["title"]) == len(of_tag["main"]) == 1
    assert all(values["alt"] for values in of_tag["img"]) and all(values["aria-label"] for values in of_tag["svg"])
    assert {values["scope"] for values in of_tag["th"]} == {"col", "row"}
    states = [values["aria-label"] for values in of_tag["b"] if values.get("role") == "img"]
    assert states == ["confirmed"] * 5, "a sign is no word"
    headings = [tag for tag, _ in page.every if tag in ("h1", "h2", "h3")]
    assert headings == ["h1", *["h2"] * 6, "h3", *["h2"] * 2]


def test_many_problems_are_folded_and_cut_on_paper(tmp_path: Path) -> None:
    found = plan(write_input(tmp_path))
    found.problems = [problem(code, "the file is odd", examples="abcde", count=9) for code in CODES]
    page = Page(report_page(found, "refused"))
    of_class = Counter(values.get("class") for _, values in page.every)
    kinds = [values.get("class") for tag, values in page.every if tag == "details"]
    folded = [kind for kind in kinds if kind]
    assert (len(folded), folded.count("problem")) == (len(CODES) - 4, 10)
    assert f"and {len(CODES) - 14} more" in page.text and "and 3 more" in page.text and "The file is odd." in page.text
    assert of_class["printed"] == 1 + len(CODES) and "(9)" in page.text


def test_parameters_at_their_default_take_no_room(tmp_path: Path) -> None:
    found = plan(write_input(tmp_path / "a"))
    text = Page(report_page(found, "complete")).text
    assert "Data signauto" not in text and "Data sign auto, " in text.partition("At their default: ")[2]
    chosen = Page(report_page(plan(write_input(tmp_path / "b"), data_sign="-1"), "complete")).text
    assert "Data sign-1" in chosen and "Data sign" not in chosen.partition("At their default: ")[2].partition("\n")[0]


def test_long_lists_and_commands_are_folded(tmp_path: Path) -> None:
    found = plan(write_input(tmp_path))
    names = [f"/data/{'long' * 20}{number}.star" for number in range(40)]
    found.parameters = update(ImportParameters(), {"meta": names})
    page = Page(report_page(found, "complete"))
    assert names[2] in page.text and "and 37 more" in page.text and "letters" in page.text
    assert page.text.count(names[39]) == 1, "in the command"


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("pdfinfo")), reason="needs chromium and pdfinfo")
def test_it_prints_on_two_pages(demo_values: dict[str, Any], tmp_path: Path) -> None:
    html = report_page(Planner().plan(update(ImportParameters(), demo_values)), "complete")
    (tmp_path / "a.html").write_text(html.replace("@page{", "@page{size:letter;"))  # shorter than A4
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'user'}"]
    printed = tmp_path / "a.pdf"
    flags += ["--no-pdf-header-footer", f"--print-to-pdf={printed}"]
    command = ["chromium", *flags, (tmp_path / "a.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    said = subprocess.run(["pdfinfo", printed], check=True, capture_output=True, text=True).stdout
    assert re.search(r"^Pages: +2$", said, re.MULTILINE)


def test_without_images(tmp_path: Path) -> None:
    page = Page(report_page(plan(write_input(tmp_path), ignore_raw_data=True), "dry-run"))
    assert page.addresses == [] and "Images: not imported, because raw data is ignored." in page.text
    assert "Positions: not imported, because no exposures are given." in page.text


@pytest.mark.parametrize("meta", ["missing.star", ""])
def test_a_plan_that_came_to_nothing(tmp_path: Path, meta: str) -> None:
    page = Page(report_page(plan(tmp_path / meta), "refused"))
    assert "Not imported: " in page.text and "✖ 1 contradicted" in page.text and page.addresses == []


def test_text_from_files_stays_text(tmp_path: Path) -> None:
    optics = OPTICS | {"rlnOpticsGroupName": [f"'{EVIL.replace(chr(39), '').replace(' ', '_')}'"]}
    optics |= {"rlnBeamTiltX": [0.2]}
    found = plan(write_input(tmp_path, None, optics), data_sign="+1")
    found.problems += [problem(code, f"{EVIL} {code}", examples=[EVIL, "a\x1b[31m\nb"], hint=EVIL) for code in CODES]
    html = report_page(found, "dry-run")
    page = Page(html)
    assert "script" not in page.tags
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    repeated = sum(EVIL in str(claim) for claim in claims_of(found))
    assert page.text.count(EVIL) == 3 * len(CODES) + repeated and repeated == 4
    assert all(code in page.text for code in CODES)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", html)


def test_aberrations_that_are_lost(tmp_path: Path) -> None:
    optics = OPTICS | {"rlnBeamTiltX": [3.0], "rlnOddZernike": ["[0,0,1.5]"]}
    text = Page(report_page(plan(write_input(tmp_path, None, optics)), "complete")).text
    assert "beam tilt x (mrad) 3; odd zernike 0 0 1.5" in text
    assert re.search(r"beam tilt: above 45° from \d\.\d\d Å on", text)
    assert "tilt_A, trefoil_A, tetra_A, anisomag  =  0 (not settled)" in text and "Not settled" in text


def test_the_match_is_summed_up(tmp_path: Path) -> None:
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    found = plan(write_input(tmp_path), exposures=str(exposures), suggest_trims=True)
    text = Page(report_page(found, "dry-run")).text
    assert "6 of 6" in text and "suggested" in text


def test_a_picture_is_grey_values_as_they_are() -> None:
    """What is in the page can be read back: checked with a decoder of its own."""
    import struct
    import zlib

    picture = np.random.default_rng(1).integers(0, 256, (5, 7), np.uint8)
    file = BytesIO()
    write_png(file, picture)
    data = file.getvalue()
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    lines = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + length]), np.uint8).reshape(5, 8)
    np.testing.assert_array_equal(lines, np.pad(picture, ((0, 0), (1, 0))))
