"""The data sign: its headline, both readings side by side, and the choice."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
)

from ....core.pictures.data_sign import SignVerdict, sign_text
from ....core.pictures.montage import GAP_PX, compose, own_limits
from ....core.pictures.tiles import Images
from ...session import Session
from ...theme import make_quiet
from ...tips import explain
from ...widgets.editors import ChoiceEdit
from ...widgets.grey import grey_image
from ...widgets.headline import Headline
from ...widgets.labelled_edit import LabelledEdit
from ...widgets.labels import plain_label
from ...widgets.wrapping import Wrapping

READING_COLUMNS, READING_ROWS = 4, 2
READING_TILE_PX = 56
_DEFAULT_SIGN = -1
_RULE = "Shown is stored value × data sign. Particles must look dark on light."
_MARGIN_PX = 8  # of a button around its picture
_NARROW_READING_PX = 170
_WIDE_PX = 640  # else the readings lie below the words


def sign_in_use(choice: str, verdict: SignVerdict | None) -> int:
    """The data sign that a choice leads to, before there is a plan with it."""
    if choice != "auto":
        return int(choice)
    return (verdict.value if verdict else 0) or _DEFAULT_SIGN


class SignPanel(Wrapping):
    """Edits the data sign; each of the two readings is a button that chooses it."""

    def __init__(self, session: Session, headline: Headline) -> None:
        super().__init__(_WIDE_PX)
        self._session = session
        self._verdict: SignVerdict | None = None
        self.choice = ChoiceEdit(session, "data_sign")
        self._choice = LabelledEdit(session, self.choice, "s", "Automatic")
        self.reset, self.undo = self._choice.reset, self._choice.undo
        self.set_by = plain_label()
        self.set_by.setAccessibleName("Who set the data sign")
        self.readings = {sign: _Reading(sign) for sign in (1, -1)}
        group = QButtonGroup(self)
        side_by_side = QHBoxLayout()
        for reading in self.readings.values():
            group.addButton(reading)  # without its sign as an id: Qt reads -1 as "assign one"
            side_by_side.addWidget(reading)
        group.buttonClicked.connect(self._take_reading)

        chooser = QHBoxLayout()
        chooser.addWidget(self._choice)
        chooser.addStretch(1)
        self.rule = plain_label(_RULE)
        said = QVBoxLayout()
        said.addWidget(headline)
        said.addStretch(1)
        said.addLayout(chooser)
        said.addWidget(self.set_by)
        said.addWidget(self.rule)
        self.row.addLayout(said, 1)
        self.row.addLayout(side_by_side)
        session.changed.connect(self._on_changed)

    @property
    def sign(self) -> int:
        """The data sign as it is chosen now."""
        return sign_in_use(self._session.parameters.data_sign, self._verdict)

    def show_verdict(self, verdict: SignVerdict | None) -> None:
        """None: no images were compared."""
        self._verdict = verdict
        self.refresh()

    def show_tiles(self, tiles: Images, background: int) -> None:
        """The same tiles, as stored, for both readings, the average first; `background` is the grey around them."""
        particles = len(tiles) - 1
        if particles == 1:
            tiles = tiles[1:]
        of = "the sample" if len(tiles) == READING_COLUMNS * READING_ROWS else f"{particles}"
        what = "1 particle is shown." if particles == 1 else f"First tile: average of {of}."
        self.rule.setText(f"{_RULE} {what}" if len(tiles) else _RULE)
        limits = own_limits(tiles)
        for sign, reading in self.readings.items():
            reading.show_picture(tiles, sign, limits, background)

    def refresh(self) -> None:
        """Write everything again, in the colours of the window."""
        verdict = self._verdict
        for widget in (self._choice, self.rule, *self.readings.values()):
            widget.setVisible(verdict is not None)
        self.set_by.hide()
        if verdict is None:
            return
        make_quiet(self.rule)
        self.set_by.setText(_set_by(self._session.parameters.data_sign, verdict))
        self.set_by.setVisible(bool(self.set_by.text()))
        for sign, reading in self.readings.items():
            reading.set_state(verdict.value, used=sign == self.sign)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name == "data_sign":
            self.refresh()

    @Slot(QAbstractButton)
    def _take_reading(self, reading: QAbstractButton) -> None:
        assert isinstance(reading, _Reading)
        self._session.undo.take(f"Use data sign {sign_text(reading.sign)}", data_sign=f"{reading.sign:+d}")


def _set_by(choice: str, verdict: SignVerdict) -> str:
    """Nothing if the pictures decide."""
    if choice == "auto":
        return ""
    if not verdict.value:
        return "Set by you; the pictures cannot tell."
    says = f"the pictures say {sign_text(verdict.value)}"
    return f"Set by you; {says}." if int(choice) != verdict.value else f"Set by you, as {says}."


class _Reading(QToolButton):
    """The same particles with one data sign."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.setCheckable(True)
        self.sign = sign
        step = READING_TILE_PX + GAP_PX
        self._full_size = QSize(READING_COLUMNS * step + GAP_PX, READING_ROWS * step + GAP_PX)
        self.setIconSize(self._full_size)
        room = QPixmap(self._full_size)  # nothing moves when the picture comes
        room.fill(Qt.GlobalColor.transparent)
        self.setIcon(QIcon(room))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_NARROW_READING_PX)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        explain(
            self,
            f"These particles with data sign {sign_text(sign)}: stored values times {sign_text(sign)}.\n"
            "Particles must look dark on a light background. Click to use this data sign.",
        )

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(max(hint.width(), self._full_size.width() + _MARGIN_PX), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The picture is smaller in a narrow window."""
        super().resizeEvent(event)
        room = QSize(event.size().width() - _MARGIN_PX, self._full_size.height())
        self.setIconSize(self._full_size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio).boundedTo(self._full_size))

    def show_picture(self, tiles: Images, sign: int, limits: Images, background: int) -> None:
        image = grey_image(compose(tiles, READING_COLUMNS, sign, limits, gap_grey=background))
        ratio = self.devicePixelRatioF()
        smooth, keep = Qt.TransformationMode.SmoothTransformation, Qt.AspectRatioMode.KeepAspectRatio
        pixmap = QPixmap.fromImage(image).scaled(self._full_size * ratio, keep, smooth)
        pixmap.setDevicePixelRatio(ratio)
        self.setIcon(QIcon(pixmap))

    def set_state(self, proposed: int, used: bool) -> None:
        """`proposed` is the sign that the images show, 0 if unclear."""
        self.setChecked(used)
        looks = {0: "are particles dark?", self.sign: "particles are dark ✓", -self.sign: "particles are light ✖"}[
            proposed
        ]
        name = f"Data sign {sign_text(self.sign)}"
        self.setText(f"{name}{' (in use)' if used else ''}\n{looks}")
        self.setAccessibleName(f"{name}: {looks.rstrip('✓✖ ')}")
        font = self.font()
        font.setBold(used)
        self.setFont(font)
