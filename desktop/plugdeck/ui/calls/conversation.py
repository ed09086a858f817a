"""One plugin being called, as the dialog sees it: its results come on the GUI thread, and nothing waits there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.chain.calling import Beat, Callee, Calling
from plugdeck.chain.transform_host import HostFactory
from plugdeck.errors import PlugdeckError

PERIOD_S = 1.0


class Conversation(QObject):
    """Begins with the first call. Another function or other arguments begin anew."""

    answered = Signal(object, str, object)
    """A Beat, and which function was called with which arguments."""
    refused = Signal(object, str)
    """The Callee that was not taken, and why."""

    _told = Signal(object)

    def __init__(self, hosts: HostFactory, callee: Callee, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hosts = hosts
        self._callee = callee
        self._calling: Calling | None = None
        self._asked: tuple[str, tuple[str, ...]] | None = None
        self._told.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def call(self, symbol: str, arguments: Sequence[str]) -> None:
        """Calls once."""
        if calling := self._begin(symbol, arguments):
            calling.call()

    def repeat(self, symbol: str, arguments: Sequence[str]) -> None:
        """Calls once a second until ``rest``."""
        if calling := self._begin(symbol, arguments):
            calling.repeat(PERIOD_S)

    def rest(self) -> None:
        """Calls no more by itself."""
        if self._calling:
            self._calling.repeat(None)

    def choose(self, callee: Callee) -> None:
        """Has another plugin answer: from the next call on, once it has shown that it can."""
        if self._calling:
            before = self._callee
            self._calling.swap(callee, on_refused=lambda why: self._tell(lambda: self._refuse(before, callee, why)))
        self._callee = callee

    def close(self) -> None:
        """Ends the plugin's process, on another thread."""
        calling, self._calling, self._asked = self._calling, None, None
        if calling:
            Thread(target=calling.close, name="plugdeck-calling-end", daemon=True).start()

    def _begin(self, symbol: str, arguments: Sequence[str]) -> Calling | None:
        asked = (symbol, tuple(arguments))
        if asked != self._asked:
            self.close()
            try:
                self._calling = Calling(self._hosts, self._callee, *asked, on_beat=partial(self._note, asked))
                self._asked = asked
            except (PlugdeckError, RuntimeError) as failure:  # Plugdeck is closing
                self.refused.emit(self._callee, str(failure))
        return self._calling

    def _note(self, asked: tuple[str, tuple[str, ...]], beat: Beat) -> None:
        self._tell(lambda: self.answered.emit(beat, *asked))

    def _refuse(self, before: Callee, callee: Callee, why: str) -> None:
        if self._callee == callee:
            self._callee = before
        self.refused.emit(callee, why)

    def _tell(self, deliver: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the dialog may be gone by now
            self._told.emit(deliver)

    def _deliver(self, deliver: Callable[[], None]) -> None:
        if self._calling:
            deliver()
