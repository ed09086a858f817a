"""The desktop's portal gets to know this process while it can still be looked at: later it would be refused.

The portal (file dialogs, dark or light, opening of links) looks into ``/proc/PID/root`` of whoever calls it for the
first time, and from then on knows the connection. See ADR 0027.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QGuiApplication

_NAME = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
# What is asked does not matter, nor what is answered; every portal has this, and Qt asks it too.
_INTERFACE, _METHOD = "org.freedesktop.portal.Settings", "Read"
_QUESTION = ["org.freedesktop.appearance", "color-scheme"]
# A portal that has to be started first takes a second or two; one that never answers holds plugins up no longer.
_PATIENCE_MS = 3000


class PortalGreeting(QObject):
    """Calls the portal once, on the connection that Qt's own dialogs use; waits for nothing."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._then: Callable[[], None] | None = None
        self._is_done = True
        # Without a screen nobody is there for whom the portal would do anything.
        if QGuiApplication.platformName() != "offscreen":
            self._call(QDBusConnection.sessionBus())

    def when_done(self, then: Callable[[], None]) -> None:
        """Calls ``then`` once the portal knows this process, or there is none, or it takes too long."""
        if self._is_done:
            then()
        else:
            self._then = then

    def _call(self, bus: QDBusConnection) -> None:
        if not bus.isConnected():
            return  # or the call would never end
        message = QDBusMessage.createMethodCall(_NAME, _PATH, _INTERFACE, _METHOD)
        message.setArguments(_QUESTION)
        self._is_done = False
        QDBusPendingCallWatcher(bus.asyncCall(message, _PATIENCE_MS), self).finished.connect(self._finish)

    def _finish(self) -> None:
        self._is_done = True
        if then := self._then:
            self._then = None
            then()
