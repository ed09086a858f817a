"""The composition root of the window: first its shell with the list of plugins, then, once that is on the screen,
the services and every other part; and the end of it all.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from plugdeck import paths
from plugdeck.errors import PlugdeckError, SettingsError
from plugdeck.settings import Settings
from plugdeck.ui.single_instance import Claim, claim_window, hand_over

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from plugdeck.ui.background import Background
    from plugdeck.ui.main_window import MainWindow
    from plugdeck.ui.quit_signals import QuitSignals
    from plugdeck.ui.services import Services
    from plugdeck.ui.shell import Shell
    from plugdeck.ui.unexpected import UnexpectedErrors

_CLOSING_S = 2.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of the window."""

    files: tuple[Path, ...] = ()
    """To propose for install."""
    samples: bool = False
    """Open the sample plugins and load some of them."""
    screenshot: Path | None = None
    """Save a picture of the window here, and end."""
    size: tuple[int, int] | None = None
    theme: str | None = None


def run_window(
    files: Sequence[Path] = (),
    *,
    samples: bool = False,
    screenshot: Path | None = None,
    size: tuple[int, int] | None = None,
    theme: str | None = None,
) -> int:
    """Shows the window until it is closed, and returns the exit code.

    Args:
        files: to propose for install; a running window takes them, and this process ends.
        samples: open the sample plugins and load some of them.
        screenshot: draw the window without a screen, save a picture of it here, and end.
        size: the window's size in pixels.
        theme: ``system``, ``light`` or ``dark`` for this time only.

    Raises:
        PlugdeckError: there is no screen, or the screenshot cannot be written.
    """
    wishes = Wishes(tuple(file.absolute() for file in files), samples, screenshot, size, theme)
    if screenshot:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        quiet_offscreen()
        return Session(wishes, claim=None).run()
    _require_screen()
    claim = None
    try:
        claim = claim_window()
        if claim is None and hand_over(wishes.files):
            return 0
    except OSError as error:
        print(f"plugdeck: this window stays on its own ({error})", file=sys.stderr)
    try:
        return Session(wishes, claim).run()
    finally:
        if claim:
            claim.release()


class Session:
    """The window's life from its first line to its last."""

    def __init__(self, wishes: Wishes, claim: Claim | None) -> None:
        self._wishes = wishes
        self._claim = claim
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
        wishes, settings = self._wishes, self._settings
        application = make_application(self._theme)
        from plugdeck.ui.background import Background
        from plugdeck.ui.shell import Shell
        from plugdeck.ui.window_state import restore_window

        background = Background()
        shell = Shell(background)
        restore_window(shell, settings, wishes.size)
        shell.plugins.feed.hold()
        if not wishes.samples:
            open_last_folder(shell, settings)
        shell.painted.connect(lambda: self._go_on(shell))
        shell.show()
        try:
            code = application.exec()
        finally:
            self._close(background)
        if wishes.screenshot and not self._has_screenshot:
            where = f"The screenshot could not be written to {wishes.screenshot}."
            raise PlugdeckError(where, remedy="Choose another place.")
        return code

    def _go_on(self, shell: Shell) -> None:
        shell.plugins.feed.release()
        shell.background.run(load_the_rest, lambda _: self._furnish_or_end(shell))

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
        from plugdeck.ui.theme import follow_desktop, theme_of
        from plugdeck.ui.unexpected import UnexpectedErrors

        self._services = make_services(self._settings, shell.background)
        window = MainWindow(shell, self._services)
        self._errors = UnexpectedErrors(window.notices, window)
        self._errors.install()
        self._signals = QuitSignals(shell.close, window)
        follow_desktop(make_application(self._theme), lambda: theme_of(self._theme))
        gc.freeze()
        gc.enable()
        self._begin(window)

    def _begin(self, window: MainWindow) -> None:
        wishes = self._wishes
        if self._settings.notice:
            window.notices.tell(self._settings.notice)
        if wishes.samples or wishes.screenshot:
            window.picture.open_sample()
        else:
            from plugdeck.ui.session import SessionMemory

            SessionMemory(window).begin()
        if wishes.samples:
            from plugdeck.ui.sample_session import SampleSession

            SampleSession(window)
        if wishes.files:
            window.propose(wishes.files)
        if wishes.screenshot:
            self._take_screenshot(window, wishes.screenshot)
        if self._claim:
            listen(window, self._claim)

    def _take_screenshot(self, window: MainWindow, path: Path) -> None:
        from plugdeck.ui.screenshot import Screenshot

        def end(is_saved: bool) -> None:
            self._has_screenshot = is_saved
            window.shell.close()

        Screenshot(window, path, needs_steps=self._wishes.samples).saved.connect(end)

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


def quiet_offscreen() -> None:
    """Leaves out the one line that Qt's offscreen platform prints for each window; all others go on."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    def tell(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if "does not support propagateSizeHints()" not in message:
            print(message, file=sys.stderr)

    qInstallMessageHandler(tell)


def load_the_rest() -> None:
    """Imports what the window needs beyond its shell; takes as long as the shell itself, so not on the GUI thread."""
    import plugdeck.chain.preview
    import plugdeck.hosting.supervisor
    import plugdeck.ui.main_window
    import plugdeck.ui.unexpected  # noqa: F401


def make_services(settings: Settings, background: Background) -> Services:
    """Everything below the window; starts threads and no process."""
    from plugdeck.chain.chain import Chain
    from plugdeck.chain.preview import Preview
    from plugdeck.hosting.deadlines import Deadlines
    from plugdeck.hosting.supervisor import Supervisor
    from plugdeck.ui.bridge import ChainBridge
    from plugdeck.ui.preview.scaling import resize_picture
    from plugdeck.ui.services import Services

    deadline_s = min(max(settings.get("hosting.call_deadline_s", 2.0), 0.1), 600.0)
    supervisor = Supervisor(deadlines=Deadlines(call_s=deadline_s))
    chain = Chain(supervisor)
    bridge = ChainBridge(chain)
    preview = Preview(chain, supervisor, resize_picture, bridge.deliver_rendered, bridge.deliver_failure)
    return Services(settings, background, supervisor, chain, preview, bridge)


def make_application(theme: str) -> QApplication:
    """The application, dressed; the one that runs already, if there is one."""
    from PySide6.QtWidgets import QApplication

    from plugdeck.ui.theme import apply_theme, theme_of

    known = QApplication.instance()
    application = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("plugdeck")
    application.setApplicationDisplayName("Plugdeck")
    application.setDesktopFileName("plugdeck")
    apply_theme(application, theme_of(theme))
    return application


def open_last_folder(shell: Shell, settings: Settings) -> None:
    """The folder of the last session; at the first start the installed plugins, where there are any."""
    kept = settings.get("plugins.folder", "")
    if kept:
        shell.plugins.open_folder(Path(kept))
    elif paths.plugin_folder().is_dir():
        shell.plugins.open_folder(paths.plugin_folder())


def listen(window: MainWindow, claim: Claim) -> None:
    """Takes the files of later starts, and comes to the front for them."""
    from plugdeck.ui.instance_server import InstanceServer
    from plugdeck.ui.single_instance import Handover

    def take(handover: Handover) -> None:
        if handover.activation_token:
            os.environ["XDG_ACTIVATION_TOKEN"] = handover.activation_token
        window.shell.come_to_front()
        if handover.files:
            window.propose(handover.files)

    server = InstanceServer(claim.socket_path, window)
    server.taken.connect(take)
    window.shell.closing.connect(server.close)


def _require_screen() -> None:
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise PlugdeckError(
            "There is no screen to show the window on.",
            remedy="Use “plugdeck --screenshot OUT.png”, or one of the commands that “plugdeck --help” names.",
        )


def _save(settings: Settings) -> None:
    try:
        settings.save()
    except SettingsError as error:
        print(f"plugdeck: {error} {error.remedy}", file=sys.stderr)
