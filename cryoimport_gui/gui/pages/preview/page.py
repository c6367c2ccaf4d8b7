"""The particles themselves, as they will look in CryoSPARC, and the data sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ....core.looks.exposure import exposure_of
from ....core.looks.particle import Inspection, inspect
from ....core.looks.poses import reprojection_of
from ....core.looks.tiles import Tiles, sign_tiles
from ....core.particles import OpticsGroup
from ....core.problems import Problem
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ....core.stacks.sample import ParticleImages
from ...tasks import Tasks
from ..page import Page
from .making import make_page, particle_title
from .montage_view import MontageFrame
from .no_images import NoImages
from .page_bar import PageBar
from .particle_view import AVERAGED, ParticleView
from .side import Side
from .sign_panel import READING_COLUMNS, READING_ROWS, READING_TILE_PX, SignPanel

_OF_IMAGES = ("meta-", "image-", "stack-", "box-")
_READING = "Reading images …"


class PreviewPage(Page):
    """Tiles are made in a thread of the page; sign, contrast and inversion only draw them again.

    Signals:
        micrograph_wanted(row): of `ImportPlan.all_particles`; its place in the micrograph is to be shown.
    """

    micrograph_wanted = Signal(int)

    TITLE = "Preview"
    SUBTITLE = "Particles must be dark on a light background. If they are light, change the data sign."
    HEADLINE = Topic.DATA_SIGN
    CODES = ("data-sign-",)

    def build(self) -> None:
        session = self.session
        self._images: ParticleImages | None = None
        self._groups: Sequence[OpticsGroup] = ()
        self._is_stale = True
        self._row = -1  # of the particle in its own window
        self.sign_panel, self.frame = SignPanel(session, self.headline), MontageFrame()
        self.view = self.frame.view
        self.side = Side()
        self.controls, self.contrast, self.invert = self.side.controls, self.side.contrast, self.side.invert
        self.page_bar = PageBar(self.view)
        self.nothing = NoImages(self.offers)
        self.particle = ParticleView(self)
        self.tasks = Tasks(self)
        self._lay_out()
        self._connect()

    def shut_down(self) -> None:
        self.particle.close()
        self.tasks.close()

    def obstacle(self) -> str:
        session = self.session
        if session.parameters.ignore_raw_data or session.plan.sample or not session.is_current:
            return ""
        if not session.parameters.meta:
            return "Cannot continue: no particle STAR file is chosen."
        errors = self._without_images() or session.plan.errors
        return f"Cannot continue: {errors[0].message if errors else 'there are no images to show'}."

    def first_focus(self) -> QWidget | None:
        """The montage: arrow keys move through it, and never change the data sign."""
        return self.view if self.stack.currentIndex() else super().first_focus()

    def show_plan(self) -> None:
        plan = self.session.plan
        verdict = plan.data_sign.verdict if plan.data_sign else None
        self.sign_panel.show_verdict(verdict)
        self._show_sign()
        particles, stacks = plan.all_particles, plan.stacks
        if particles is None or stacks is None or not stacks.box:
            self._images = None
            self.tasks.cancel()
            self.particle.close()
            self.view.set_message(_READING)  # no tiles of other particles, once there are images again
            has_images = particles is None or particles.has_images
            self.nothing.show_why(self.session.parameters, self._without_images(), has_images)
            self.stack.setCurrentIndex(0)
            return
        if self.stack.currentIndex() == 0:
            self.stack.setCurrentIndex(1)
            if self.isVisible():
                self.view.setFocus()
        known = self._images
        if known is None or known.particles is not particles or known.stacks is not stacks:
            self._images = ParticleImages(particles, stacks, plan.sample)
            self.particle.close()
            self.controls.show_particles(particles, plan.groups)
        elif plan.groups == self._groups:
            return
        self._groups = plan.groups
        self._is_stale = True
        if self.isVisible():
            self._start()

    def _without_images(self) -> list[Problem]:
        """The errors for which there may be no images."""
        return [p for p in self.session.plan.errors if p.code.startswith(_OF_IMAGES)]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._start()

    def changeEvent(self, event: QEvent) -> None:
        """Other colours: redraw what depends on light or dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "_images", None) is not None:
            self.sign_panel.refresh()
            self._is_stale = True
            if self.isVisible():
                self._start()

    @Slot()
    def _start(self) -> None:
        """Make the tiles and the two readings again."""
        groups, sample = self._groups, self.session.plan.sample
        if self._images is None:
            return
        self._is_stale = False
        self._start_tiles()
        if sample is None:
            return
        size_px = round(READING_TILE_PX * self.devicePixelRatioF())

        def readings(images: ParticleImages, progress: Progress) -> Any:
            return sign_tiles(images, groups, sample, size_px, READING_COLUMNS * READING_ROWS, progress)

        self._run("readings", readings)

    @Slot()
    def _start_tiles(self) -> None:
        if not self._is_stale:
            self._make_tiles(self.controls.selection.count)

    def _make_tiles(self, count: int) -> None:
        """Make the tiles of the page, of which there are about `count`."""
        groups, selection = self._groups, self.controls.selection
        options = replace(self.controls.options, size_px=self.view.wanted_tile_px(count))

        def tiles(images: ParticleImages, progress: Progress) -> tuple[Tiles, list[str], int]:
            return make_page(images, groups, selection, options, progress)

        if self.view.tiles is None:
            self.view.set_message(_READING)
        self._run("tiles", tiles)

    @Slot(int)
    def _look_at(self, number: int) -> None:
        """Open the window of the particle of a tile."""
        if self.view.tiles is not None and 0 <= number < len(self.view.tiles):
            self.show_particle(int(self.view.tiles.rows[number]))

    def show_particle(self, row: int) -> None:
        """Open the window of a particle, a row of `ImportPlan.all_particles`; it need not be in the montage."""
        if self._images is None:
            return
        rows = self.view.tiles.rows.tolist() if self.view.tiles is not None else []
        number = rows.index(row) if row in rows else -1
        plan, groups, options = self.session.plan, self._groups, self.controls.options
        averaged = AVERAGED if self.particle.average.isChecked() else 1
        title = particle_title(self._images, row, number, len(rows))
        if number >= 0:
            self.view.select(number)

        def look(images: ParticleImages, progress: Progress) -> tuple[Inspection, Any, str]:
            return inspect(images, groups, row, options, averaged, progress), reprojection_of(plan, row), title

        self._row = row
        self.particle.set_steps(number > 0, 0 <= number < len(rows) - 1)
        self.particle.set_place(exposure_of(self.session.plan, row) >= 0)
        self.particle.show()
        self._run("particle", look)

    def _run(self, kind: str, work: Callable[[ParticleImages, Progress], Any]) -> None:
        images = self._images
        if images is not None:
            self.tasks.start(kind, lambda progress: (images, work(images, progress)))

    @Slot(str, object)
    def _on_finished(self, kind: str, outcome: Any) -> None:
        images, result = outcome
        if images is not self._images:
            return  # of particles that are no longer shown
        if kind == "tiles":
            self._show_tiles(*result)
        elif kind == "readings":
            self.sign_panel.show_tiles(result, self.palette().color(QPalette.ColorRole.Button).lightness())
        else:
            self.particle.show_inspection(*result)

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        if kind == "tiles" and done < total:
            self.page_bar.show_progress(done / total)

    def _show_tiles(self, tiles: Tiles, names: list[str], total: int) -> None:
        self.controls.set_total(total)
        selection, pages = self.controls.selection, self.controls.pages
        self.contrast.setEnabled(len(tiles) > 0)
        self.invert.setEnabled(len(tiles) > 0)
        if not len(tiles):
            self.view.set_message("No particle of this group is in a stack with this name.")
            self.page_bar.scale_bar.set_pixel_size(0, "Å")
        else:
            self.view.set_message("")
            self.contrast.set_tiles(tiles)
            self.view.set_tiles(tiles, names, self.contrast.limits())
            size, unit, varies = tiles.scale
            self.page_bar.scale_bar.set_pixel_size(size, unit, varies)
        self.page_bar.show_page(selection.page, pages, total, selection.random)
        self._check_size()

    @Slot()
    def _check_size(self) -> None:
        """Make the tiles again where the view has another size for them than they have."""
        tiles, images = self.view.tiles, self._images
        if tiles is None or images is None or self.tasks.is_running("tiles"):
            return
        if min(self.view.wanted_tile_px(len(tiles)), images.stacks.box) != tiles.values.shape[1]:
            self._make_tiles(len(tiles))

    @Slot()
    def _on_contrast(self) -> None:
        self.view.set_limits(self.contrast.limits())

    @Slot(int)
    def _on_selected(self, number: int) -> None:
        self.page_bar.show_particle(self.view.name(number).replace("\n", "  ·  "))

    @Slot(int)
    def _on_step(self, step: int) -> None:
        self.view.select(self.view.current + step)
        self._look_at(self.view.current)

    @Slot()
    def _on_micrograph(self) -> None:
        self.particle.close()
        self.micrograph_wanted.emit(self._row)

    @Slot()
    def _on_average(self) -> None:
        self.show_particle(self._row)

    @Slot()
    def _show_sign(self, *_: object) -> None:
        """Redraw with the sign as it is chosen now; the plan with its warnings follows later."""
        self.contrast.set_sign(self.sign_panel.sign)
        self.view.set_sign(self.sign_panel.sign)
        self.particle.set_sign(self.sign_panel.sign)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.session.failed.emit(message, details)

    def _connect(self) -> None:
        self.tasks.finished.connect(self._on_finished)
        self.tasks.progressed.connect(self._on_progress)
        self.tasks.failed.connect(self._on_failed)
        self.session.changed.connect(self._show_sign)
        self.controls.changed.connect(self._start_tiles)
        self.contrast.limits_changed.connect(self._on_contrast)
        self.invert.toggled.connect(self.frame.set_inverted)
        self.view.resized.connect(self._check_size)
        self.view.selected.connect(self._on_selected)
        self.view.opened.connect(self._look_at)
        self.view.page_wanted.connect(self.controls.turn_page)
        self.nothing.wanted.connect(self.wanted)
        self.page_bar.turned.connect(self.controls.turn_page)
        self.page_bar.resampled.connect(self.controls.resample)
        self.particle.step_wanted.connect(self._on_step)
        self.particle.average_wanted.connect(self._on_average)
        self.particle.micrograph_wanted.connect(self._on_micrograph)

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.addWidget(self.frame, 1)
        middle.addWidget(self.side)
        pictures = QWidget()
        montage = QVBoxLayout(pictures)
        montage.setContentsMargins(0, 0, 0, 0)
        montage.addLayout(middle, 1)
        montage.addWidget(self.page_bar)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(pictures)
        self.body.addWidget(self.sign_panel)
        self.body.addWidget(self.stack, 1)
