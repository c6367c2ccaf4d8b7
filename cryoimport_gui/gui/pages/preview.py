"""The particles themselves, as they will look in CryoSPARC, and the data sign."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout

from ...core.montage import TileOptions, make_tiles
from ...core.progress import Progress
from ..session import Session
from ..tasks import Tasks
from ..widgets.editors import ChoiceEdit, label_for
from ..widgets.montage_view import MontageView
from ..widgets.problem_list import plain_label
from .page import Page

_TILES = 100


class PreviewPage(Page):
    """A montage of a random sample; the data sign redraws it at once."""

    TITLE = "Preview"
    SUBTITLE = "Particles must be dark on a light background, as they will be in CryoSPARC. If they are light, change the data sign."
    CODES = ("data-sign-",)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._sample: object = None
        self.sign = ChoiceEdit(session, "data_sign")
        self.verdict = plain_label()
        self.verdict.setAccessibleName("Verdict on the data sign")
        row = QHBoxLayout()
        row.addWidget(label_for(self.sign, "s"))
        row.addWidget(self.sign)
        row.addWidget(self.verdict, 1)
        self.body.addLayout(row)
        self.view = MontageView()
        self.body.addWidget(self.view, 1)
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_tiles)
        self.tasks.failed.connect(self._on_failed)
        session.changed.connect(self._on_changed)

    def shut_down(self) -> None:
        self.tasks.close()

    def obstacle(self) -> str:
        if self.session.parameters.ignore_raw_data:
            return ""
        return "" if self.session.plan.sample or not self.session.is_current else "There are no images to show."

    def show_plan(self) -> None:
        plan = self.session.plan
        self._show_sign()
        if plan.sample is self._sample:
            return
        self._sample = plan.sample
        if plan.sample is None or plan.all_particles is None or not plan.sample.good.any():
            self.view.clear()
            return
        chosen = np.flatnonzero(plan.sample.good)[:_TILES]
        images = plan.sample.images[chosen]
        groups = plan.all_particles.optics_index[plan.sample.rows[chosen]]
        sizes = np.array([g.pixel_size_A.value if g.pixel_size_A else 1.0 for g in plan.groups])[groups]

        def tiles(progress: Progress) -> np.ndarray:
            return make_tiles(images, sizes, TileOptions(low_pass_A=20.0))

        self.tasks.start("tiles", tiles)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name == "data_sign":
            self._show_sign()

    def _show_sign(self) -> None:
        """Redraw with the sign as it is chosen now; the plan with its warnings follows later."""
        sign = self.session.plan.data_sign
        if sign is None or sign.verdict is None:
            self.verdict.setText("")
            return
        choice = self.session.parameters.data_sign
        verdict = sign.verdict
        value = (verdict.value or -1) if choice == "auto" else int(choice)
        self.view.set_sign(value)
        stored = {1: "stored dark on light, so +1", -1: "stored light on dark, so -1", 0: "unclear"}[verdict.value]
        self.verdict.setText(
            f"{verdict.particles_brighter:.0%} of {verdict.sampled} particles are brighter than their surroundings: {stored} "
            f"(confidence {verdict.confidence:.0%}). Shown with data sign {value:+d}."
        )

    @Slot(str, object)
    def _on_tiles(self, kind: str, tiles: np.ndarray) -> None:
        self.view.set_tiles(tiles)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.session.failed.emit(message, details)
