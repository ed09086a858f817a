"""The actions over the picture, and the bar that offers them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QIcon,
    QKeySequence,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygon,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QStyle, QToolBar, QToolButton, QWidget

from plugdeck.ui.preview.status_line import percent

_HOLD_S = 0.3
_ROOM = 24  # pixels for the bar's own frame and its separator
_ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class PictureActions:
    """What can be done with the picture; the window may put the same actions into its menus."""

    def __init__(self, owner: QWidget) -> None:
        self._owner = owner
        self.open = self._action("Open picture…", "Ctrl+O", "Opens a picture for the preview")
        self.paste = self._action("Paste", "Ctrl+V", "Takes the picture that is in the clipboard")
        self.sample = self._action("Sample", None, "Opens the picture that comes with Plugdeck")
        self.export = self._action("Export…", "Ctrl+E", "Saves the result at full size")
        self.zoom_in = self._action("Zoom in", "Ctrl++", "Shows the picture larger")
        self.zoom_in.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self.zoom_out = self._action("Zoom out", "Ctrl+-", "Shows the picture smaller")
        self.fit = self._action("Fit", "Ctrl+0", "Shows the whole picture")
        self.actual_size = self._action("100 %", "Ctrl+1", "Shows a pixel of the picture as a pixel of the screen")
        self.compare = self._action("Compare", "Ctrl+D", "Shows before and after beside each other")
        self.compare.setCheckable(True)
        self.compare.setChecked(True)
        self.original = self._action("Original", None, "Shows the original: click to keep it, hold to peek (Space)")
        self.original.setCheckable(True)

    @property
    def all(self) -> tuple[QAction, ...]:
        """Every action, in the order of a menu."""
        return (
            *(self.open, self.paste, self.sample, self.export),
            *(self.zoom_in, self.zoom_out, self.fit, self.actual_size, self.compare, self.original),
        )

    @property
    def of_view(self) -> list[QAction]:
        """What the picture's own menu offers."""
        return [self.fit, self.actual_size, self.compare, self.original, self.export, self.paste]

    def enable(self, *, has_picture: bool, has_result: bool) -> None:
        """Offers only what makes sense now."""
        for action in (self.export, self.zoom_in, self.zoom_out, self.fit, self.actual_size):
            action.setEnabled(has_picture)
        for action in (self.compare, self.original):
            action.setEnabled(has_result)

    def _action(self, words: str, key: str | None, explanation: str) -> QAction:
        action = QAction(words, self._owner)
        if key:
            action.setShortcut(QKeySequence(key))
        action.setToolTip(f"{explanation} ({key})" if key else explanation)
        action.setStatusTip(explanation)
        self._owner.addAction(action)
        return action


class PictureBar(QToolBar):
    """Open and export at the left; zoom and comparison at the right.

    When it is narrow, one menu takes the place of what stands at the left, so that the zoom is always in sight.
    """

    def __init__(
        self, actions: PictureActions, zoom_to: Callable[[float], None], parent: QWidget | None = None
    ) -> None:
        super().__init__("Picture", parent)
        self.setMovable(False)
        self._files = (actions.open, actions.paste, actions.export)
        self._wide = [self.addWidget(self._button_of(action)) for action in self._files]
        self._narrow = self.addWidget(self._menu_button())
        self._narrow.setVisible(False)
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self.addActions([actions.compare, actions.original])
        self.addSeparator()
        self.addAction(actions.zoom_out)
        self.zoom = self._zoom_button(actions, zoom_to)
        self.addWidget(self.zoom)
        self.addActions([actions.zoom_in, actions.fit, actions.actual_size])
        self._shorten(actions.zoom_out, "–")
        self._shorten(actions.zoom_in, "+")
        self._show_overflow()
        self._peek = _Peek(self.widgetForAction(actions.original), actions.original)

    def show_zoom(self, zoom: float) -> None:
        """Writes the zoom on its button."""
        self.zoom.setText(percent(zoom))
        self.zoom.setAccessibleName(f"Zoom, {percent(zoom)}")

    @property
    def is_narrow(self) -> bool:
        """Whether the menu stands for the buttons."""
        return self._narrow.isVisible()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons while there is room for them, otherwise one menu."""
        self._fold(event.size().width() < self._needed_width())
        super().resizeEvent(event)

    def _fold(self, narrow: bool) -> None:
        if narrow != self.is_narrow:
            for action in self._wide:
                action.setVisible(not narrow)
            self._narrow.setVisible(narrow)

    def _needed_width(self) -> int:
        """How wide it is with all of its buttons."""
        margins = self.contentsMargins()
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_ToolBarItemSpacing, None, self)
        widgets = [self.widgetForAction(action) for action in self.actions() if action is not self._narrow]
        widths = [widget.sizeHint().width() for widget in widgets if widget]
        return sum(widths) + gap * len(widths) + margins.left() + margins.right() + _ROOM

    def _button_of(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setDefaultAction(action)
        return button

    def _menu_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setText("Picture")
        button.setAccessibleName("Open, paste or export a picture")
        button.setToolTip("Open, paste or export a picture")
        button.setAutoRaise(True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addActions(list(self._files))
        button.setMenu(menu)
        return button

    def changeEvent(self, event: QEvent) -> None:
        """Qt's own arrows for what does not fit are black in every palette."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._show_overflow()

    def _show_overflow(self) -> None:
        button = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if button:
            button.setIcon(_chevrons(self.palette().color(QPalette.ColorRole.ButtonText)))
            button.setAccessibleName("More actions on the picture")

    def _zoom_button(self, actions: PictureActions, zoom_to: Callable[[float], None]) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip("Zoom (Ctrl+wheel, + and -)")
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance("6400 %") + 24)
        menu = QMenu(button)
        menu.addAction(actions.fit)
        menu.addSeparator()
        for zoom in _ZOOMS:
            menu.addAction(percent(zoom)).triggered.connect(lambda _checked=False, zoom=zoom: zoom_to(zoom))
        button.setMenu(menu)
        return button

    def _shorten(self, action: QAction, text: str) -> None:
        button = self.widgetForAction(action)
        if isinstance(button, QToolButton):
            action.setIconText(text)
            button.setAccessibleName(action.text())


def _chevrons(colour: QColor) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    for left in (4, 12):
        painter.drawPolyline(QPolygon([QPoint(left, 5), QPoint(left + 7, 12), QPoint(left, 19)]))
    painter.end()
    return QIcon(pixmap)


class _Peek:
    """Makes a checkable button show its thing while it is held; a short click keeps it."""

    def __init__(self, button: QWidget, action: QAction) -> None:
        self._action = action
        self._pressed_at = 0.0
        self._was_checked = False
        if isinstance(button, QToolButton):
            button.pressed.connect(self._press)
            button.released.connect(self._release)

    def _press(self) -> None:
        self._pressed_at = monotonic()
        self._was_checked = self._action.isChecked()
        self._action.setChecked(True)

    def _release(self) -> None:
        """Qt has toggled the action just before: this has the last word."""
        was_held = monotonic() - self._pressed_at > _HOLD_S
        self._action.setChecked(not was_held and not self._was_checked)
