"""The composition root of the window: first its shell with the list of plugins, then, once that is on the screen,
the services and every other part; and the end of it all.

What it needs is imported where it is needed, in the order in which the user sees it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from plugdeck.errors import PlugdeckError, SettingsError
from plugdeck.settings import Settings

if TYPE_CHECKING:
    from plugdeck.ui.background import Background
    from plugdeck.ui.main_window import MainWindow
    from plugdeck.ui.quit_signals import QuitSignals
    from plugdeck.ui.services import Services
    from plugdeck.ui.shell import Shell
    from plugdeck.ui.single_instance import Claim, Handover
    from plugdeck.ui.unexpected import UnexpectedErrors

_CLOSING_S = 2.0
_PICTURES_MS = 30_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of the window."""

    files: tuple[Path, ...] = ()
    """Plugins to propose for install, a folder to open, a picture to show."""
    samples: bool = False
    """Open the sample plugins and load some of them."""
    screenshot: Path | None = None
    """Save a picture of the window here, and end."""
    size: tuple[int, int] | None = None
    theme: str | None = None
    safe_mode: bool = False
    """Load nothing by itself, whatever was loaded the last time."""


class WindowLife:
    """The window from its first line to its last."""

    def __init__(self, wishes: Wishes, claim: Claim | None, before_plugins: Callable[[], None] = lambda: None) -> None:
        """``before_plugins`` is called once, when the desktop knows the window and before any plugin may run."""
        self._wishes = wishes
        self._claim = claim
        self._before_plugins = before_plugins
        self._settings = Settings.load()
        self._services: Services | None = None
        self._errors: UnexpectedErrors | None = None
        self._signals: QuitSignals | None = None
        self._has_screenshot = False

    @property
    def _theme(self) -> str:
        """This start's, or else the user's choice as it is now."""
        return self._wishes.theme or self._settings.get("window.theme", "system")

    def run(self) -> int:
        """Shows the window, waits for its end, and returns the exit code."""
        # Nothing that is made while starting is garbage; collecting it would take a tenth of the time.
        gc.disable()
        _import_plain_parts()
        from plugdeck.ui.application import make_application, quiet_offscreen
        from plugdeck.ui.background import Background
        from plugdeck.ui.theme import follow_desktop, theme_of

        if self._wishes.screenshot:
            quiet_offscreen()
        application = make_application(self._theme)
        follow_desktop(application, lambda: theme_of(self._theme))
        background = Background()
        self._show(background)
        try:
            code = application.exec()
        finally:
            self._close(background)
        if self._wishes.screenshot and not self._has_screenshot:
            where = f"The screenshot could not be written to {self._wishes.screenshot}."
            raise PlugdeckError(where, remedy="Choose another place.")
        return code

    # --- the beginning

    def _show(self, background: Background) -> None:
        """The first half of the start: what the user sees at once."""
        from plugdeck.ui.shell import Shell
        from plugdeck.ui.window_state import restore_folder, restore_window

        shell = Shell(background)
        restore_window(shell, self._settings, self._wishes.size)
        shell.plugins.feed.hold()
        if not self._wishes.samples:
            restore_folder(shell, self._settings)
        shell.painted.connect(lambda: self._go_on(shell))
        shell.show()

    def _go_on(self, shell: Shell) -> None:
        from plugdeck.ui.portal import PortalGreeting
        from plugdeck.ui.window_state import restore_host

        restore_host(shell, self._settings)
        shell.plugins.feed.release()
        greeting = PortalGreeting(shell)
        shell.background.run(_import_the_rest, lambda _: greeting.when_done(lambda: self._furnish_or_end(shell)))

    def _furnish_or_end(self, shell: Shell) -> None:
        try:
            self._furnish(shell)
        except BaseException:
            # A window without its parts is of no use, and nobody would end it.
            shell.close()
            raise

    def _furnish(self, shell: Shell) -> None:
        """The second half of the start, when the window is on the screen already."""
        from plugdeck.ui.main_window import MainWindow
        from plugdeck.ui.quit_signals import QuitSignals
        from plugdeck.ui.services import make_services
        from plugdeck.ui.unexpected import UnexpectedErrors

        self._before_plugins()
        self._services = make_services(self._settings, shell.background)
        window = MainWindow(shell, self._services)
        self._errors = UnexpectedErrors(window.notices, window)
        self._errors.install()
        self._signals = QuitSignals(shell.close, window)
        gc.freeze()
        gc.enable()
        window.plugins.scanned.connect(self._services.supervisor.prepare)  # now nobody waits, and a load may come
        self._begin(window)

    def _begin(self, window: MainWindow) -> None:
        wishes = self._wishes
        if not wishes.screenshot:
            window.saving.begin()
        if self._settings.notice:
            window.notices.tell(self._settings.notice)
        if wishes.samples or wishes.screenshot:
            window.picture.open_sample()
        else:
            from plugdeck.ui.session import SessionMemory

            SessionMemory(window).begin(safe_mode=wishes.safe_mode)
        if wishes.samples:
            from plugdeck.ui.sample_session import SampleSession

            SampleSession(window)
        if wishes.files:
            window.take(wishes.files)
        if wishes.screenshot:
            self._take_screenshot(window, wishes.screenshot)
        if self._claim:
            _listen(window, self._claim)

    def _take_screenshot(self, window: MainWindow, path: Path) -> None:
        from plugdeck.ui.screenshot import Screenshot

        def end(is_saved: bool) -> None:
            self._has_screenshot = is_saved
            window.shell.close()

        Screenshot(window, path, needs_steps=self._wishes.samples).saved.connect(end)

    # --- the end

    def _close(self, background: Background) -> None:
        """Ends every process and saves the settings, but lets nothing hold the end up for long."""
        if self._errors:
            self._errors.remove()
        if self._signals:
            self._signals.close()

        def end() -> None:
            if not self._wishes.screenshot:
                _save(self._settings)
            background.close()
            if self._services:
                self._services.close()

        # Workers that are still there when this process goes are ended by the kernel.
        closing = Thread(target=end, name="plugdeck-close", daemon=True)
        closing.start()
        closing.join(_CLOSING_S)
        _finish_pictures()


def _import_plain_parts() -> None:
    """Imports what the list needs beside Qt, before Qt: PySide reads the source of each module imported after it."""
    import plugdeck.paths
    import plugdeck.ui.plugins.column
    import plugdeck.ui.visible_text
    import plugdeck.ui.words  # noqa: F401


def _import_the_rest() -> None:
    """Imports what the window needs beyond its shell; takes as long as the shell itself, so not on the GUI thread."""
    import plugdeck.chain.preview
    import plugdeck.hosting.supervisor
    import plugdeck.ui.main_window
    import plugdeck.ui.unexpected  # noqa: F401


def _finish_pictures() -> None:
    """Waits for what Qt's own threads read and write: a decoder that works on while Qt is taken down crashes."""
    from PySide6.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    pool.clear()
    pool.waitForDone(_PICTURES_MS)


def _listen(window: MainWindow, claim: Claim) -> None:
    """Takes the files of later starts, and comes to the front for them."""
    from plugdeck.ui.instance_server import InstanceServer

    def take(handover: Handover) -> None:
        if handover.activation_token:
            os.environ["XDG_ACTIVATION_TOKEN"] = handover.activation_token
        window.shell.come_to_front()
        if handover.files:
            window.take(handover.files)

    server = InstanceServer(claim.socket_path, window)
    server.taken.connect(take)
    window.shell.closing.connect(server.close)


def _save(settings: Settings) -> None:
    try:
        settings.save()
    except SettingsError as error:
        print(f"plugdeck: {error} {error.remedy}", file=sys.stderr)
