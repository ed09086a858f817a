"""The few preferences: colours, how long a plugin may take, whether the chain comes back, which plugins may run."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background
from plugdeck.ui.close_box import close_box
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Theme, Tone, apply_theme
from plugdeck.ui.trust.decisions_list import DecisionsList

THEME = "window.theme"
CALL_DEADLINE = "hosting.call_deadline_s"
RESTORE_CHAIN = "chain.restore"
DEFAULT_DEADLINE_S = 2.0
_SIZE = (720, 560)


class Preferences(QDialog):
    """A small window beside the main one; every choice holds at once and is kept when the app ends."""

    def __init__(
        self, settings: Settings, records: TrustRecords, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.theme = QComboBox(self)
        self.deadline = QDoubleSpinBox(self)
        self.note = plain_label("A plugin that takes longer is ended. Holds from the next start on.", self, wraps=False)
        tint(self.note, Tone.QUIET)
        self.restore = QCheckBox("Load the &transforms of the last session again", self)
        self.decisions = DecisionsList(records, background, self)
        self._fill()
        self._lay_out()
        self.theme.currentIndexChanged.connect(self._set_theme)
        self.deadline.valueChanged.connect(lambda seconds: settings.set(CALL_DEADLINE, seconds))
        self.restore.toggled.connect(lambda wanted: settings.set(RESTORE_CHAIN, wanted))

    def _fill(self) -> None:
        for theme, words in ((Theme.SYSTEM, "As the desktop"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark")):
            self.theme.addItem(words, theme.value)
        self.theme.setCurrentIndex(max(0, self.theme.findData(self._settings.get(THEME, Theme.SYSTEM.value))))
        self.theme.setAccessibleName("Colours")
        self.deadline.setRange(0.5, 120)
        self.deadline.setSingleStep(0.5)
        self.deadline.setDecimals(1)
        self.deadline.setSuffix(" s")
        self.deadline.setValue(self._settings.get(CALL_DEADLINE, DEFAULT_DEADLINE_S))
        self.deadline.setAccessibleName("How long one call into a plugin may take")
        self.restore.setChecked(self._settings.get(RESTORE_CHAIN, True))

    def changeEvent(self, event: QEvent) -> None:
        """Writes the note in the colour of another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            tint(self.note, Tone.QUIET)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        form.addRow("&Colours", self.theme)
        form.addRow("A call may take &up to", self.deadline)
        form.addRow("", self.note)
        form.addRow("When Plugdeck starts", self.restore)
        buttons = close_box(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addLayout(form)
        column.addWidget(plain_label("Plugins that you decided about", self))
        column.addWidget(self.decisions, 1)
        column.addWidget(buttons)
        self.resize(*_SIZE)

    def _set_theme(self) -> None:
        theme = Theme(self.theme.currentData())
        self._settings.set(THEME, theme.value)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, theme)
