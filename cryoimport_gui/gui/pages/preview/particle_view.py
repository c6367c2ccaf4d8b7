"""One particle: image, power spectrum, and metadata."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ....core.looks.particle import Inspection, Look
from ....core.pictures.montage import auto_limits, to_grey
from ....core.problems import Severity
from ...theme import emphasize, severity_colour
from ...tips import explain
from ...widgets.facts import Facts
from ...widgets.labels import plain_label
from ...widgets.picture_view import PictureView, ScaleBar
from ...window_size import open_at

#: images of one micrograph whose spectra are averaged, so that rings rise above the noise
AVERAGED = 50


class ParticleView(QDialog):
    """Shows one `Inspection`; stays open while others follow.

    Signals:
        step_wanted(step): to the next (+1) or previous (-1) tile.
        average_wanted(on): the spectrum of one image, or an average.
        micrograph_wanted(): its place in the micrograph is to be shown.
    """

    step_wanted = Signal(int)
    average_wanted = Signal(bool)
    micrograph_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("One particle")
        self._look: Look | None = None
        self._projected: NDArray[np.float32] | None = None
        self.sign = -1
        self.image = PictureView("Particle")
        self.spectrum = PictureView("Power spectrum")
        keys = "Wheel or + and - zoom, dragging moves, 0 or a double click fits."
        explain(self.image, f"The image times the data sign. {keys}")
        explain(self.spectrum, f"Its power spectrum; dark rings should lie on the drawn ones. {keys}")
        self.image_bar = ScaleBar(self.image)
        self.projection = PictureView("Re-projection")
        explain(
            self.projection,
            "What the map on the page Poses looks like from this particle's pose, CTF included, times the data sign; "
            f"low-passed and centred. Where the pose fits, the particle looks like it. {keys}",
        )
        self.filtered = QCheckBox("&Filtered as in the montage")
        explain(self.filtered, "Filtered, centred and rotated as in the montage, or as stored. Default: filtered.")
        self.rings = QCheckBox("CTF &rings")
        explain(
            self.rings,
            "Draw where the contrast transfer function is zero, computed from the metadata: dark rings of the\n"
            "spectrum should lie there. If they do not, defocus or pixel size are wrong. Default: on.",
        )
        self.average = QCheckBox(f"&Average up to {AVERAGED} of its micrograph")
        explain(
            self.average,
            "One image is too noisy to show rings; an average over its micrograph shows them. Default: on.",
        )
        for check in (self.filtered, self.rings, self.average):
            check.setChecked(True)
        self.spectrum_note = QLabel()
        self.spectrum_plot, self.spectrum_curve, self.ctf_curve = _plot("Spectrum, log10, and CTF² (coloured)", "1/Å")
        self.profile_plot, self.profile_curve, _ = _plot("Radial average × data sign", "Å")
        self.message = plain_label()
        self.facts = Facts("As it is imported")
        self._ring_curve = pg.PlotCurveItem(connect="finite")
        self.spectrum.box.addItem(self._ring_curve, ignoreBounds=True)
        self.previous = _button("◀ &Previous", "The previous tile (Left).")
        self.next = _button("&Next ▶", "The next tile (Right).")
        self.micrograph = _button("In its &micrograph", "")
        self.close_button = _button("&Close", "Back to the montage (Esc).")
        self.set_place(False)
        self._lay_out()
        self.filtered.toggled.connect(self._draw_image)
        self.rings.toggled.connect(self._ring_curve.setVisible)
        self.average.toggled.connect(self.average_wanted)
        self.previous.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        self.micrograph.clicked.connect(self.micrograph_wanted)
        self.set_place(False)
        self.close_button.clicked.connect(self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Left), self, self._go_back)
        QShortcut(QKeySequence(Qt.Key.Key_Right), self, self._go_on)
        open_at(self, 1180, 700)

    def show_inspection(self, inspection: Inspection, projected: NDArray[np.float32] | None, title: str) -> None:
        """`projected` (t, t) is the particle's re-projection, if there is one."""
        self.setWindowTitle(title)
        self._projected = projected
        self.facts.show_facts(inspection.facts)
        self._look = look = inspection.look
        self.message.setText(f"✖ This image cannot be shown: {inspection.error}" if inspection.error else "")
        emphasize(self.message, severity_colour(Severity.ERROR))
        self.message.setVisible(bool(inspection.error))
        self._draw_image()
        if look is None:
            self.spectrum.clear()
            self._ring_curve.clear()
            self.spectrum_note.clear()
            for curve in (self.spectrum_curve, self.ctf_curve, self.profile_curve):
                curve.clear()
            return
        known = np.isfinite(look.pixel_size_A)
        unit = "Å" if known else "pixels"
        self.image_bar.set_pixel_size(look.pixel_size_A if known else 1.0, unit.replace("pixels", "px"))
        self.spectrum.show_picture(_spectrum_grey(look))
        self._ring_curve.setData(*_joined(look.rings), pen=pg.mkPen(_ring_colour(), width=1.5))
        of = f"average of {look.averaged} images" if look.averaged > 1 else "one image"
        rings = "" if look.rings.size else "; no CTF is known"
        self.spectrum_note.setText(f"{of}; its edge is {2 * (look.pixel_size_A if known else 1):.3g} {unit}{rings}")
        colour = _colour(self.spectrum_plot)
        self.spectrum_curve.setData(look.frequency[1:], look.spectrum_profile[1:], pen=pg.mkPen(colour, width=1.5))
        low, high = look.spectrum_profile[1:].min(), look.spectrum_profile[1:].max()
        self.ctf_curve.setData(look.ctf2[0], low + look.ctf2[1] * (high - low) * 0.5, pen=_ring_colour())
        self.spectrum_plot.setXRange(0, _interesting(look), padding=0)
        self.spectrum_plot.setLabel("bottom", f"1/{unit}")
        self.profile_plot.setLabel("bottom", unit)
        self._draw_profile(look)

    def set_sign(self, sign: int) -> None:
        """What is shown is stored value × data sign."""
        self.sign = sign
        self._draw_image()
        if self._look is not None:
            self._draw_profile(self._look)

    def set_steps(self, has_previous: bool, has_next: bool) -> None:
        self.previous.setEnabled(has_previous)
        self.next.setEnabled(has_next)

    def set_place(self, is_known: bool) -> None:
        """Whether the micrograph can be shown with the particle circled."""
        self.micrograph.setEnabled(is_known)
        where = "Show it circled in its micrograph, on the Exposures page."
        explain(self.micrograph, where if is_known else f"{where} First match its micrograph to an exposure there.")

    @Slot()
    def _draw_image(self, *_: object) -> None:
        projected = self._projected
        self._projection_side.setVisible(projected is not None)
        if projected is not None:
            self.projection.show_picture(to_grey(projected, self.sign, *auto_limits(projected)))
        if self._look is None:
            self.image.clear()
            self.image_bar.set_pixel_size(0, "Å")
            return
        values = self._look.filtered if self.filtered.isChecked() else self._look.raw
        self.image.show_picture(to_grey(values, self.sign, *auto_limits(values)))

    def _draw_profile(self, look: Look) -> None:
        colour = _colour(self.profile_plot)
        self.profile_curve.setData(look.radius, look.profile * self.sign, pen=pg.mkPen(colour, width=1.5))

    @Slot()
    def _go_back(self) -> None:
        if self.previous.isEnabled():
            self.step_wanted.emit(-1)

    @Slot()
    def _go_on(self) -> None:
        if self.next.isEnabled():
            self.step_wanted.emit(1)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        self._projection_side = QWidget()
        of_projection = QVBoxLayout(self._projection_side)
        of_projection.setContentsMargins(0, 0, 0, 0)
        of_projection.addWidget(_bold("Its re-projection"))
        of_projection.addWidget(self.projection, 1)
        around_centre = QWidget()
        side_by_side = QHBoxLayout(around_centre)
        side_by_side.setContentsMargins(0, 0, 0, 0)
        side_by_side.addWidget(self._projection_side, 1)
        side_by_side.addWidget(self.profile_plot, 1)
        below_image, below_spectrum = QHBoxLayout(), QHBoxLayout()
        below_image.addWidget(self.filtered)
        below_image.addStretch(1)
        below_image.addWidget(self.image_bar)
        below_spectrum.addWidget(self.rings)
        below_spectrum.addWidget(self.average)
        below_spectrum.addStretch(1)
        columns = (
            ("Particle, stored value × data sign", self.image, below_image, around_centre),
            ("Power spectrum", self.spectrum, below_spectrum, self.spectrum_plot),
        )
        for column, (title, picture, below, plot) in enumerate(columns):
            heading = QHBoxLayout()
            heading.addWidget(_bold(title))
            if picture is self.spectrum:
                heading.addWidget(self.spectrum_note)
            heading.addStretch(1)
            grid.addLayout(heading, 0, column)
            grid.addWidget(picture, 1, column)
            grid.addLayout(below, 2, column)
            grid.addWidget(plot, 3, column)
            grid.setColumnStretch(column, 5)
        side = QVBoxLayout()
        side.addWidget(_bold("As it is imported"))
        side.addWidget(self.message)
        side.addWidget(self.facts, 1)
        grid.addLayout(side, 0, 2, 4, 1)
        grid.setColumnStretch(2, 4)
        grid.setRowStretch(1, 5)
        grid.setRowStretch(3, 3)
        buttons = QHBoxLayout()
        buttons.addWidget(self.previous)
        buttons.addWidget(self.next)
        buttons.addWidget(self.micrograph)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addLayout(grid, 1)
        layout.addLayout(buttons)


def _plot(title: str, unit: str) -> tuple[pg.PlotWidget, pg.PlotDataItem, pg.PlotDataItem]:
    """An empty plot in the colours of the window, and two curves."""
    plot = pg.PlotWidget(background=None, enableMenu=False)
    plot.setAccessibleName(title)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # there is nothing to do in it
    plot.hideButtons()
    plot.setMouseEnabled(False, False)
    plot.setTitle(title, size="9pt")
    plot.setLabel("bottom", unit)
    plot.setMinimumHeight(120)
    for side in ("left", "bottom"):
        plot.getAxis(side).enableAutoSIPrefix(False)
    return plot, plot.plot(), plot.plot()


def _colour(plot: pg.PlotWidget) -> QColor:
    """Draw title and axes in the colour of the window's text, and return it."""
    plot.resetCachedContent()  # the window's background
    colour = plot.palette().color(QPalette.ColorRole.WindowText)
    title = plot.getPlotItem().titleLabel
    title.setText(title.text, color=colour)
    for side in ("left", "bottom"):
        plot.getAxis(side).setPen(colour)
        plot.getAxis(side).setTextPen(colour)
    return colour


def _spectrum_grey(look: Look) -> NDArray[np.uint8]:
    """The spectrum without its bright middle in the choice of limits."""
    values = look.spectrum.astype(np.float32)
    low, high = np.percentile(values, (2.0, 99.5))
    return to_grey(values, 1, float(low), float(max(high, low + 1e-3)))


def _joined(rings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All rings as one curve, with gaps between them; the middle of a pixel is half a unit from its corner."""
    gaps = np.concatenate([rings, np.full((len(rings), 1, 2), np.nan)], axis=1).reshape(-1, 2) + 0.5
    return gaps[:, 0], gaps[:, 1]


def _interesting(look: Look) -> float:
    """The frequency up to which the profile is shown: some way beyond the outermost ring."""
    if not np.isfinite(look.rings).any():
        return float(look.frequency[-1])
    radius = np.nanmax(np.abs(look.rings - len(look.spectrum) // 2))
    return float(min(1.4 * radius / (len(look.spectrum) // 2), 1.0) * look.frequency[-1])


def _ring_colour() -> QColor:
    return QColor(severity_colour(Severity.WARNING)).lighter(130)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text, autoDefault=False)
    explain(button, tip)
    button.setAccessibleName(text.strip("◀▶ ").replace("&", ""))
    return button


def _bold(text: str) -> QLabel:
    label = QLabel(text)
    emphasize(label)
    return label
