"""The window's ear for second starts: a local socket that only this user can reach."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from plugdeck.ui.single_instance import MAXIMUM_MESSAGE_BYTES, parse_handover

_PATIENCE_MS = 3000
_MOST_CONNECTIONS = 8


class InstanceServer(QObject):
    """Listens until it is closed. What does not send one line of ours in time is cut off."""

    taken = Signal(object)
    """A ``Handover``."""

    def __init__(self, socket_path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(_MOST_CONNECTIONS)
        self._server.newConnection.connect(self._accept)
        self.is_listening = self._server.listen(str(socket_path))

    def close(self) -> None:
        """Stops listening and removes the socket."""
        self._server.close()

    def _accept(self) -> None:
        while connection := self._server.nextPendingConnection():
            connection.setReadBufferSize(MAXIMUM_MESSAGE_BYTES)
            connection.readyRead.connect(lambda peer=connection: self._read(peer))
            # Not deleted when it is done: it belongs to the server, and a later deletion of its own would come
            # after the server's if the window is closed at that moment. A few closed sockets do no harm.
            QTimer.singleShot(_PATIENCE_MS, connection, connection.abort)
            self._read(connection)

    def _read(self, connection: QLocalSocket) -> None:
        if not connection.canReadLine():
            if connection.bytesAvailable() >= MAXIMUM_MESSAGE_BYTES:
                connection.abort()
            return
        handover = parse_handover(bytes(connection.readLine().data()))
        if handover is None:
            connection.abort()
            return
        connection.write(b"taken\n")
        connection.flush()
        connection.disconnectFromServer()
        self.taken.emit(handover)
