"""One exposure with its particles circled, and one particle beside its two possible places."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QRadioButton, QStackedLayout, QVBoxLayout, QWidget

from ....core.looks.exposure import ExposureView, ParticleOnExposure, look_at_exposure, look_at_particle
from ....core.pictures.data_sign import sign_text
from ....core.plan.plan import ImportPlan
from ....core.progress import Progress
from ...session import Session
from ...tasks import Tasks
from ...theme import screen_pen
from ...tips import explain
from ...widgets.labels import breakable, plain_label
from ...widgets.picture_view import PictureView, ScaleBar
from .pair_view import PairView

_HELP = (
    "Page Up and Page Down: previous and next exposure. Arrows: previous and next particle. "
    "A click on a circle chooses its particle. Wheel or + and -: zoom; 0 or a double click fits."
)
_CIRCLE, _CURRENT = "#ffb300", "#00e5ff"
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class CircledPicture(PictureView):
    """The picture with circles; the current one is thicker.

    Signals:
        clicked(number): a circle.
        particle_step(by), exposure_step(by): by keys, -1 or 1.
    """

    clicked = Signal(int)
    particle_step = Signal(int)
    exposure_step = Signal(int)

    def __init__(self) -> None:
        super().__init__("Exposure with its particles circled")
        self.setAccessibleDescription(_HELP)
        explain(self, _HELP)
        self.circles = pg.ScatterPlotItem(pxMode=False, brush=None)
        self.box.addItem(self.circles, ignoreBounds=True)
        self.circles.sigClicked.connect(self._on_circle)

    def show_circles(self, view: ExposureView, flip_y: bool, is_written: bool, current: int) -> None:
        """Circle the particles at one reading of y; dashed if it is not the one that will be written."""
        if view.picture is None:
            self.circles.clear()
            return
        factor = view.picture.factor
        places = (view.places_px(flip_y) + 0.5) / factor  # a pixel's centre is half a pixel from its corner
        style = Qt.PenStyle.SolidLine if is_written else Qt.PenStyle.DashLine
        pens = np.full(len(places), screen_pen(_CIRCLE, 1.5, style), object)
        if 0 <= current < len(pens):
            pens[current] = screen_pen(_CURRENT, 3, style)
        self.circles.setData(pos=places, size=view.diameter_px / factor, pen=pens, data=np.arange(len(places)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.particle_step.emit(_STEPS[key])
        elif key in _PAGES:
            self.exposure_step.emit(_PAGES[key])
        else:
            super().keyPressEvent(event)

    @Slot(object, object, object)
    def _on_circle(self, scatter: object, points: list, event: object) -> None:
        click: QPointF = event.pos()  # type: ignore[attr-defined]
        nearest = min(points, key=lambda point: (point.pos() - click).manhattanLength())
        self.clicked.emit(int(nearest.data()))


class MicrographView(QWidget):
    """Reads what it shows in its own thread; a click on what lies at one reading of y chooses that.

    Signals:
        exposure_step(by): the previous (-1) or the next (1) exposure is wanted.
        failed(message, details): something unexpected.
    """

    exposure_step = Signal(int)
    failed = Signal(str, str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._plan: ImportPlan | None = None
        self._exposure = -1
        self.shown: ExposureView | None = None
        self.current = 0
        self._wanted_row = -1
        self._is_flipped: bool | None = None
        self.picture = CircledPicture()
        self.picture.clicked.connect(self.select)
        self.picture.particle_step.connect(self._on_step)
        self.picture.exposure_step.connect(self.exposure_step)
        self.message = plain_label()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.kept, self.flipped = QRadioButton("y &kept"), QRadioButton("y f&lipped")
        for button in (self.kept, self.flipped):
            explain(button, "Where the circles are drawn. This changes the view only, not the import.")
        self._readings = QButtonGroup(self)
        self._readings.addButton(self.kept)
        self._readings.addButton(self.flipped)
        self._readings.buttonToggled.connect(self._draw)
        self.scale_bar = ScaleBar(self.picture)
        self._bar, self.pair = QWidget(), PairView()
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(QLabel("Circles with"))
        bar.addWidget(self.kept)
        bar.addWidget(self.flipped)
        bar.addStretch(1)
        # The text lies over the picture, which keeps the focus: paging continues where one exposure is missing.
        place = QWidget()  # the layout shows its first widget at once, which without a parent would be a window
        middle = QStackedLayout(place)
        middle.setStackingMode(QStackedLayout.StackingMode.StackAll)
        middle.addWidget(self.message)
        middle.addWidget(self.picture)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.addWidget(self._bar)
        beside = QHBoxLayout()
        column = QVBoxLayout()
        column.addWidget(place, 1)
        column.addWidget(self.scale_bar)
        beside.addLayout(column, 3)
        beside.addWidget(self.pair, 2)
        layout.addLayout(beside, 1)
        self.pair.chosen.connect(self._take_reading)
        session.changed.connect(self._on_changed)
        self.message.raise_()
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.failed.connect(self._on_failed)
        self.clear("There is nothing to show yet.")

    def clear(self, reason: str) -> None:
        """Show nothing, and say why."""
        self.tasks.cancel()
        self._plan, self._exposure, self.shown = None, -1, None
        self._is_flipped = None
        self._say(reason)

    def show_exposure(self, plan: ImportPlan, exposure: int) -> None:
        """Read an exposure and show it, with the particles as the plan places them."""
        if plan is self._plan and exposure == self._exposure:
            return
        before, shown = self._plan, self.shown
        is_shown = shown is not None and before is not None and before.exposures is plan.exposures
        known = shown.picture if shown is not None and is_shown and shown.exposure == exposure else None
        self._plan, self._exposure = plan, exposure

        def look(progress: Progress) -> ExposureView:
            return look_at_exposure(plan, exposure, known, progress)

        self.tasks.cancel("particle")
        self.tasks.start("exposure", look)

    def want(self, row: int) -> None:
        """Choose this particle, a row of `ImportPlan.all_particles`, as soon as its exposure is shown."""
        self._wanted_row = row
        self._select_wanted()

    def _select_wanted(self) -> bool:
        if self.shown is None or self._wanted_row not in self.shown.rows:
            return False
        number = int(np.flatnonzero(self.shown.rows == self._wanted_row)[0])
        self._wanted_row = -1
        self.select(number)
        return True

    @Slot(int)
    def select(self, number: int) -> None:
        """Show a particle of the exposure beside its patches."""
        plan, view = self._plan, self.shown
        if plan is None or view is None or not len(view.rows):
            self.pair.clear("No particles lie on this exposure.")
            return
        self.current = min(max(number, 0), len(view.rows) - 1)
        self._draw()
        row, exposure = int(view.rows[self.current]), view.exposure

        def look(progress: Progress) -> ParticleOnExposure:
            return look_at_particle(plan, row, exposure)

        self.tasks.start("particle", look)

    def shut_down(self) -> None:
        self.tasks.close()

    def _show_written(self, is_flipped: bool) -> None:
        """Mark the reading that is written; look at that, where it is another than before."""
        if self._is_flipped is not is_flipped:
            (self.flipped if is_flipped else self.kept).setChecked(True)
        self._is_flipped = is_flipped
        self.kept.setText("y &kept" + ("" if is_flipped else " (written)"))
        self.flipped.setText("y f&lipped" + (" (written)" if is_flipped else ""))

    def _show_choice(self) -> None:
        choice = self._session.parameters.coordinate_y
        chosen = None if choice == "auto" else choice == "flip"
        self.pair.show_choice(self.shown.is_flipped if self.shown else None, chosen)

    @Slot(bool)
    def _take_reading(self, flip: bool) -> None:
        way = "flip" if flip else "keep"
        self._session.undo.take(f"{way.capitalize()} y", coordinate_y=way)
        self._show_choice()  # also where it was chosen already

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name == "coordinate_y":
            self._show_choice()

    def _say(self, text: str) -> None:
        """Show a text in place of the pictures; none: show the pictures."""
        self.message.setText(breakable(text))
        self._bar.setVisible(not text)
        self.pair.setVisible(not text)
        self.scale_bar.setVisible(not text)
        if text:
            self.picture.clear()
            self.picture.circles.clear()

    @Slot()
    def _draw(self, *_: object) -> None:
        if (view := self.shown) is not None:
            flip_y = self.flipped.isChecked()
            self.picture.show_circles(view, flip_y, flip_y == view.is_flipped, self.current)

    @Slot(int)
    def _on_step(self, by: int) -> None:
        self.select(self.current + by)

    @Slot(str, object)
    def _on_finished(self, kind: str, view: ExposureView | ParticleOnExposure) -> None:
        plan, shown = self._plan, self.shown
        if plan is None:
            return
        if isinstance(view, ParticleOnExposure):
            if shown is not None and len(shown.rows) and shown.rows[self.current] == view.row:
                number = f"{self.current + 1:,} of {len(shown.rows):,}"
                sign = plan.data_sign.value if plan.data_sign else 1
                is_pick = view.particle is None
                name = f"pick {number}" if is_pick else f"particle {number}\ndata sign {sign_text(sign)}"
                self.pair.show_view(view, name)
                self._show_choice()
        elif view.exposure == self._exposure:
            self._take(plan, view)

    def _take(self, plan: ImportPlan, view: ExposureView) -> None:
        is_other = self.shown is None or self.shown.exposure != view.exposure
        self.shown = view
        self._show_written(view.is_flipped)
        if view.picture is None:
            self._say(view.reason)
            return
        assert plan.exposures is not None
        self._say("")
        self.picture.show_picture(view.picture.grey)
        if is_other:
            self.picture.fit()
        pixel_size_A = float(plan.exposures.pixel_size_A[view.exposure])
        self.scale_bar.set_pixel_size(pixel_size_A * view.picture.factor, "Å")
        self._draw()
        self._show_choice()
        if not self._select_wanted():
            self.select(0 if is_other else self.current)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.failed.emit(message, details)
