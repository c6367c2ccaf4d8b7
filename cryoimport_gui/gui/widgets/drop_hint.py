"""Says where the file that is dragged over a window will go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel, QWidget

_STAYS_MS = 3000
_MARGIN_PX, _PADDING_PX = 12, 8


class DropHint(QLabel):
    """A line over the top of a window, while something is dragged over it and a moment after it was dropped."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFrameShape(QFrame.Shape.Box)
        self.setMargin(_PADDING_PX)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Highlight)
        self.setForegroundRole(QPalette.ColorRole.HighlightedText)
        self.setAccessibleName("Where a drop will go")
        self._fade = QTimer(self, singleShot=True, interval=_STAYS_MS)
        self._fade.timeout.connect(self.hide)
        window.installEventFilter(self)
        self.hide()

    @staticmethod
    def of(widget: QWidget) -> DropHint:
        """The hint of a widget's window."""
        window = widget.window()
        return window.findChild(DropHint) or DropHint(window)

    def show_text(self, text: str) -> None:
        self._fade.stop()
        room = self.window().width() - 2 * (_MARGIN_PX + _PADDING_PX)
        lines = (self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideMiddle, room) for line in text.split("\n"))
        self.setText("\n".join(lines))
        self.adjustSize()
        self.move((self.window().width() - self.width()) // 2, _MARGIN_PX)
        self.raise_()
        self.show()

    def stay_a_moment(self) -> None:
        """After a drop: stay long enough to be read."""
        self._fade.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close:
            self._fade.stop()
            self.hide()
        return False
