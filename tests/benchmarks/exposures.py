"""The Exposures page with 2 million particles and 20,000 × 20,000 names: how long the GUI thread ever stands still."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

from cryoimport_gui.core.looks.match_table import Column
from cryoimport_gui.core.plan import planner as core_plan
from cryoimport_gui.core.reading.reading import Reading

from .names import NAMES, PARTICLES, made_dataset, made_names, made_particles


def run() -> Iterator[tuple[str, str, str]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt

    from cryoimport_gui.core.parameters import ImportParameters
    from cryoimport_gui.gui.wizard import ImportWizard

    from .heartbeat import Heartbeat, running_application

    exposures, micrographs = made_names(NAMES)
    index = np.sort(np.random.default_rng(1).integers(0, NAMES, PARTICLES)).astype(np.int32)
    particles, dataset = made_particles(micrographs, index), made_dataset(exposures)
    with (
        running_application() as app,
        tempfile.TemporaryDirectory() as folder,
        patch("cryoimport_gui.core.reading.formats.read", lambda *_: Reading(particles)),
        patch.object(core_plan, "load_joined_exposures", lambda *_: dataset),
    ):
        os.environ["XDG_CONFIG_HOME"] = folder
        star = Path(folder) / "made.star"
        star.write_text("data_\n")
        chosen = ImportParameters(meta=str(star), exposures=str(star), ignore_raw_data=True, on_unmatched="keep")
        wizard = ImportWizard(chosen)
        wizard.resize(1280, 800)
        wizard.show()
        beat = Heartbeat(app)
        page = next(page for page in wizard.pages if page.TITLE == "Exposures")
        beat.until(lambda: wizard.session.is_current)
        wizard.go_to(wizard.pages.index(page))

        def settled() -> bool:
            return wizard.session.is_current and not page.names.busy and not page.search.busy

        beat.until(settled)
        rules = {"exposure_cut_suffix": len("_patch_aligned_doseweighted.mrc"), "particle_cut_prefix": 22}
        rules |= {"remove_leading_uid": True, "particle_cut_suffix": len("_rigid_aligned.mrc")}
        stalls = []
        for name, value in [*rules.items(), ("exposure_cut_suffix", 7), ("exposure_cut_suffix", 31)]:
            beat.mark()
            wizard.session.change(**{name: value})
            beat.until(lambda: page.names.busy)
            beat.until(settled)
            stalls.append(beat.longest_ms())
        yield "a rule changes: longest stall", f"{max(stalls):.0f} ms", "at most 50 ms"
        assert wizard.session.plan.matching is not None and (wizard.session.plan.matching.of_name >= 0).all()
        beat.mark()
        header = page.table.view.horizontalHeader()
        for column in Column:
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder)
            beat.until(lambda: not page.names.busy)
        page.table.filter.setText("4711")
        beat.until(lambda: not page.names.busy)
        yield "sorting by each column, filtering: longest stall", f"{beat.longest_ms():.0f} ms", "at most 50 ms"
        beat.stop()
        wizard.leave()
