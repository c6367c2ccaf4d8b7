"""Which particles the montage shows, and how they are filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from ....core.looks.tiles import DEFAULT_OPTIONS
from ....core.particles import OpticsGroup, Particles
from ....core.pictures.tiles import TileOptions
from ....core.stacks.sample import Selection
from ...tips import explain

_TYPING_PAUSE_MS = 300


class ViewControls(QWidget):
    """A short form; it does not change the import.

    Signals:
        changed(): see `selection` and `options`.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._page, self._seed, self._total = 0, 0, 0
        self.count = QSpinBox(minimum=16, maximum=400, value=Selection().count)
        self.count.setKeyboardTracking(False)
        self.which = QComboBox()
        self.which.addItem("A random sample", True)
        self.which.addItem("All, page by page", False)
        self.sort = QComboBox()
        self.sort.addItem("As in the file", "file")
        self.sort.addItem("By defocus", "defocus")
        self.group = QComboBox()
        self.group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.stack = QLineEdit(placeholderText="any part of its name", clearButtonEnabled=True)
        self.low_pass = self._filter(DEFAULT_OPTIONS.low_pass_A)
        self.high_pass = self._filter(DEFAULT_OPTIONS.high_pass_A)
        self.flatten = QCheckBox("&Flatten the background")
        self.flatten.setChecked(DEFAULT_OPTIONS.flatten)
        self.centre = QCheckBox("&Centre by the shifts")
        self.rotate = QCheckBox("Rotate b&y psi")

        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("&Tiles", self.count, "Tiles on a page", "Particles on a page, 16 to 400. Default: 100."),
            (
                "&Which",
                self.which,
                "Which particles",
                "A random sample covers stacks and optics groups evenly; “All” goes through the whole file.\n"
                "Default: a random sample.",
            ),
            (
                "Sort&ed",
                self.sort,
                "Order of the tiles",
                "In the order of the STAR file, or from the lowest defocus to the highest. Default: as in the file.",
            ),
            (
                "&Group",
                self.group,
                "Only this optics group",
                "Show particles of one optics group only. Default: all.",
            ),
            (
                "Stac&k",
                self.stack,
                "Only stacks with this in their name",
                "Show only particles of stacks whose name contains this text. Default: all stacks.",
            ),
            (
                "&Low-pass",
                self.low_pass,
                "Low-pass filter",
                "Removes detail finer than this, in Å. It helps the eye; the import stays as it is.\n"
                f"Default: {DEFAULT_OPTIONS.low_pass_A:g} Å.",
            ),
            (
                "&High-pass",
                self.high_pass,
                "High-pass filter",
                "Removes what is larger than this, in Å: shadows, thick ice. Default: off.",
            ),
        )
        for label, widget, name, tip in rows:
            form.addRow(label, widget)
            _describe(widget, name, tip)
            explain(form.labelForField(widget), tip)
        checks = (
            (
                self.flatten,
                "Subtract a plane from each image, so that all tiles have the same background. Default: on.",
            ),
            (
                self.centre,
                "Centre each particle in its tile by its shifts (rlnOrigin). Default: off.",
            ),
            (
                self.rotate,
                "Rotate each particle by its in-plane angle (rlnAnglePsi), so that views look alike. Default: off.",
            ),
        )
        for check, tip in checks:
            form.addRow(check)
            _describe(check, check.text().replace("&", ""), tip)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._typing.timeout.connect(self._on_selection)
        self.stack.textChanged.connect(self._on_stack_typed)
        self.count.valueChanged.connect(self._on_selection)
        for box in (self.which, self.sort, self.group):
            box.currentIndexChanged.connect(self._on_selection)
        for spin in (self.low_pass, self.high_pass):
            spin.valueChanged.connect(self._on_options)
        for check in (self.flatten, self.centre, self.rotate):
            check.toggled.connect(self._on_options)

    @property
    def selection(self) -> Selection:
        return Selection(
            count=self.count.value(),
            page=self._page,
            random=self.which.currentData(),
            seed=self._seed,
            sort=self.sort.currentData(),
            optics_group=self.group.currentData(),
            stack_text=self.stack.text().strip(),
        )

    @property
    def options(self) -> TileOptions:
        """All but the size of the tiles."""
        return replace(
            DEFAULT_OPTIONS,
            low_pass_A=self.low_pass.value(),
            high_pass_A=self.high_pass.value(),
            flatten=self.flatten.isChecked(),
            centre=self.centre.isChecked(),
            rotate=self.rotate.isChecked(),
        )

    @property
    def pages(self) -> int:
        return max(1, -(-self._total // self.count.value()))

    def show_particles(self, particles: Particles, groups: Sequence[OpticsGroup]) -> None:
        """Offer what these particles have; starts with their first page."""
        self._page = 0
        with QSignalBlocker(self.group):
            self.group.clear()
            self.group.addItem("All", None)
            for number, group in enumerate(groups):
                if group.particles:
                    self.group.addItem(f"{group.id}: {group.name} ({group.particles:,})", number)
        self.group.setEnabled(self.group.count() > 2)
        self.sort.setEnabled(particles.defocus_u_A is not None)
        self.centre.setEnabled(particles.shift_px is not None or particles.shift_A is not None)
        self.rotate.setEnabled(particles.psi_deg is not None)

    def set_total(self, total: int) -> None:
        """How many particles all pages have."""
        self._total = total

    @Slot(int)
    def turn_page(self, step: int) -> None:
        page = min(max(self._page + step, 0), self.pages - 1)
        if page != self._page:
            self._page = page
            self.changed.emit()

    @Slot()
    def resample(self) -> None:
        """Another random sample."""
        self._seed += 1
        with QSignalBlocker(self.which):
            self.which.setCurrentIndex(0)
        self._on_selection()

    def _filter(self, value: float) -> QDoubleSpinBox:
        spin = QDoubleSpinBox(minimum=0, maximum=9999, value=value, decimals=1, singleStep=5)
        spin.setSuffix(" Å")
        spin.setSpecialValueText("off")
        spin.setKeyboardTracking(False)
        return spin

    @Slot()
    def _on_stack_typed(self, *_: object) -> None:
        self._typing.start()

    @Slot()
    def _on_selection(self, *_: object) -> None:
        self._typing.stop()
        self._page = 0
        self.changed.emit()

    @Slot()
    def _on_options(self, *_: object) -> None:
        self.changed.emit()


def _describe(widget: QWidget, name: str, tip: str) -> None:
    widget.setAccessibleName(name)
    explain(widget, tip)
