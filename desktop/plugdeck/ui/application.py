"""The Qt application: made once, named, dressed, and following the desktop's colours."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from plugdeck.ui.theme import STYLE, apply_theme, theme_of


def make_application(theme: str) -> QApplication:
    """The application, dressed; the one that runs already, if there is one."""
    known = QApplication.instance()
    # As an option of Qt: asking for a style object would make its hundreds of constants known to Python, at each start.
    style = ["-style", STYLE]
    application = known if isinstance(known, QApplication) else QApplication([*sys.argv[:1], *style])
    application.setApplicationName("plugdeck")
    application.setApplicationDisplayName("Plugdeck")
    application.setDesktopFileName("plugdeck")
    apply_theme(application, theme_of(theme))
    return application


def quiet_offscreen() -> None:
    """Leaves out the one line that Qt's offscreen platform prints for each window; all others go on."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    def tell(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if "does not support propagateSizeHints()" not in message:
            print(message, file=sys.stderr)

    qInstallMessageHandler(tell)
