"""The window as a program: started for real, without a screen."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from plugdeck.app import run_window
from plugdeck.errors import PlugdeckError
from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.preferences import Preferences
from plugdeck.ui.safe_mode import SafeMode
from plugdeck.ui.theme import Theme, Tone, apply_theme, check_box_palette, is_dark, palette_of, tone_colour
from plugdeck.ui.unexpected import UnexpectedErrors
from plugdeck.ui.window_life import WindowLife, Wishes

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

START = "import sys; from plugdeck.app import run_window; from pathlib import Path\n"


def start(code: str) -> subprocess.Popen:
    """A process of its own that runs the window."""
    return subprocess.Popen(
        [sys.executable, "-c", START + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen, timeout_s: float = 100) -> tuple[int, str, str]:
    try:
        out, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, out, errors


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_screenshot_needs_no_screen(tmp_path, monkeypatch, theme):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    picture = tmp_path / "window.png"
    code = f"sys.exit(run_window(screenshot=Path({str(picture)!r}), size=(1000, 650), theme={theme!r}))"
    status, _, errors = finish(start(code))
    assert status == 0, errors
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1000, 650)
    corner = image.pixelColor(2, image.height() - 2).lightness()
    assert corner < 80 if theme == "dark" else corner > 200


def test_a_screenshot_with_a_file_proposes_it(tmp_path, put):
    picture, path = tmp_path / "window.png", put("blur")
    code = f"sys.exit(run_window([Path({str(path)!r})], screenshot=Path({str(picture)!r})))"
    assert finish(start(code))[0] == 0
    assert picture.exists()


def test_a_screenshot_leaves_settings_alone(tmp_path, own_folders):
    code = f"sys.exit(run_window(screenshot=Path({str(tmp_path / 'w.png')!r})))"
    assert finish(start(code))[0] == 0
    assert not (own_folders / "config" / "plugdeck" / "settings.toml").exists()


def test_a_screenshot_that_cannot_be_written_is_an_error(tmp_path):
    code = (
        "from plugdeck.errors import PlugdeckError\n"
        f"try: run_window(screenshot=Path({str(tmp_path / 'no' / 'w.png')!r}))\n"
        "except PlugdeckError as error: print(error)"
    )
    _, out, errors = finish(start(code))
    assert "could not be written" in out, errors


def test_without_a_screen_the_window_says_what_else_can_be_done(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(PlugdeckError, match="no screen") as raised:
        run_window()
    assert "--screenshot" in raised.value.remedy


# A second start waits for as long as it takes a busy machine to answer.
PATIENT = "from plugdeck.ui import single_instance; single_instance._PATIENCE_S = 90\n"
WINDOW = """
from plugdeck.ui import main_window
take = main_window.MainWindow.take
def say(self, files):
    take(self, files)
    print("took", *[file.name for file in files], flush=True)
main_window.MainWindow.take = say
from plugdeck.ui import instance_server
make = instance_server.InstanceServer.__init__
def listening(self, *arguments):
    make(self, *arguments)
    print("listening", flush=True)
instance_server.InstanceServer.__init__ = listening
print("ended", run_window(%s), flush=True)
"""


def test_a_second_start_hands_its_files_to_the_first_and_nothing_is_loaded(put):
    first, second = put("first"), put("second")
    window = start(WINDOW % f"[Path({str(first)!r})]")
    watchdog = threading.Timer(100, window.kill)
    watchdog.start()
    try:
        assert window.stdout.readline() == "took first.so\n"
        assert window.stdout.readline() == "listening\n"
        status, out, errors = finish(start(f"{PATIENT}sys.exit(run_window([Path({str(second)!r})]))"))
        assert (status, out) == (0, ""), errors
        assert window.stdout.readline() == "took second.so\n"
        window.send_signal(signal.SIGTERM)
        assert window.stdout.readline() == "ended 0\n"
        assert Settings.load().get("window.size") is not None
        assert Settings.load().get("session.running") is False  # being asked to end is a proper end
    finally:
        watchdog.cancel()
        window.kill()
        window.communicate()


def test_closing_the_window_keeps_its_settings(qtbot, own_folders, monkeypatch):
    life = WindowLife(Wishes(size=(780, 600), theme="dark"), claim=None)
    run = life._begin

    def close_soon(window) -> None:
        run(window)
        window.shell.close()

    monkeypatch.setattr(life, "_begin", close_soon)
    assert life.run() == 0
    assert Settings.load().get("window.size", [0]) == [780, 600]
    assert Settings.load().get("window.theme") is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_end_is_a_proper_end(number):
    window = start(WINDOW % "")
    watchdog = threading.Timer(100, window.kill)
    watchdog.start()
    try:
        assert window.stdout.readline() == "listening\n"
        window.send_signal(number)
        assert window.stdout.readline() == "ended 0\n"
        assert Settings.load().get("session.running") is False
    finally:
        watchdog.cancel()
        window.kill()
        window.communicate()


READS_LONG = """
from PySide6.QtCore import QTimer
from plugdeck.ui.preview import loading
reading, read = [], loading.read_picture
def read_often(path):
    reading.append(path)
    pictures = [read(path) for _ in range(100)]
    print("read", flush=True)
    return pictures[0]
loading.read_picture = read_often
from plugdeck.ui.window_life import WindowLife
class Life(WindowLife):
    def _begin(self, window):
        self.closer = QTimer(window.shell, interval=1)
        self.closer.timeout.connect(lambda: reading and window.shell.close())
        self.closer.start()
        super()._begin(window)
import plugdeck.app
plugdeck.app.WindowLife = Life
sys.exit(run_window())
"""


def test_a_window_that_is_closed_while_a_picture_is_read_ends_properly(own_folders):
    """Qt's decoders crash when Qt is taken down under them."""
    status, out, errors = finish(start(READS_LONG))
    assert (status, out) == (0, "read\n"), errors


def test_a_folder_that_was_named_is_opened_and_not_proposed(qtbot, own_folders, folder, put, monkeypatch):
    put("blur")
    life = WindowLife(Wishes((folder,), size=(780, 600)), claim=None)
    run, opened = life._begin, []

    def close_when_opened(window) -> None:
        window.plugins.folder_opened.connect(lambda path: opened.append((path, window.proposals.bars)))
        window.plugins.folder_opened.connect(window.shell.close)
        QTimer.singleShot(60_000, window, window.shell.close)  # it would not end otherwise if it was not opened
        run(window)

    monkeypatch.setattr(life, "_begin", close_when_opened)
    assert life.run() == 0
    assert opened == [(folder, ())]


def test_safe_mode_is_said_in_the_window(qtbot, own_folders, monkeypatch):
    life = WindowLife(Wishes(size=(780, 600), safe_mode=True), claim=None)
    run, said = life._begin, []

    def close_soon(window) -> None:
        run(window)
        said.append(window.shell.findChild(SafeMode).bar.text.text())
        window.shell.close()

    monkeypatch.setattr(life, "_begin", close_soon)
    assert life.run() == 0
    assert said == ["Safe mode: nothing was loaded, as you wished."]


# --- colours


def test_both_themes_are_legible():
    for dark in (False, True):
        palette = palette_of(dark)
        assert is_dark(palette) == dark
        pairs = [
            (palette.color(palette.ColorRole.Text), palette.color(palette.ColorRole.Base)),
            (palette.color(palette.ColorRole.WindowText), palette.color(palette.ColorRole.Window)),
            (palette.color(palette.ColorRole.ButtonText), palette.color(palette.ColorRole.Button)),
            (palette.color(palette.ColorRole.HighlightedText), palette.color(palette.ColorRole.Highlight)),
            (palette.color(palette.ColorRole.PlaceholderText), palette.color(palette.ColorRole.Base)),
            *((tone_colour(tone, palette), palette.color(palette.ColorRole.Base)) for tone in Tone),
            *((tone_colour(tone, palette), palette.color(palette.ColorRole.Window)) for tone in Tone),
        ]
        for front, back in pairs:
            assert contrast(front, back) >= 4.5, (dark, front.name(), back.name())


def test_a_box_without_a_tick_is_seen_on_a_dark_window():
    palette = check_box_palette(True)
    box, window = palette.color(palette.ColorRole.Base), palette.color(palette.ColorRole.Window)
    tick = palette.color(palette.ColorRole.Text)
    assert contrast(box, window) >= 3
    assert contrast(tick, box) >= 3


def contrast(front, back) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_theme_changes_at_once_and_is_kept(qtbot, settings, background):
    preferences = Preferences(settings, TrustRecords(), background)
    qtbot.addWidget(preferences)
    preferences.theme.setCurrentIndex(preferences.theme.findData("dark"))
    assert is_dark(QApplication.palette())
    assert settings.get("window.theme") == "dark"
    preferences.theme.setCurrentIndex(preferences.theme.findData("light"))
    assert not is_dark(QApplication.palette())
    apply_theme(QApplication.instance(), Theme.SYSTEM)


# --- errors that nobody expected


def test_an_unexpected_error_is_a_sentence_and_the_window_goes_on(desk, qtbot, capsys):
    errors = UnexpectedErrors(desk.window.notices)
    errors._take(ValueError, ValueError("<b>\u202e"), None)
    qtbot.waitUntil(lambda: "ValueError: <b>⟨U+202E⟩" in desk.notices())
    assert "ValueError" in capsys.readouterr().err


def test_an_expected_error_that_nobody_took_is_its_own_sentence(desk, qtbot):
    errors = UnexpectedErrors(desk.window.notices)
    error = PlugdeckError("The moon is full.", remedy="Wait.")
    errors._take(PlugdeckError, error, None)
    qtbot.waitUntil(lambda: desk.notices() == "The moon is full. Wait.")


def test_the_oldest_messages_give_way(desk):
    for number in range(6):
        desk.window.notices.tell(f"Message {number}.")
    assert desk.notices() == "Message 3.\nMessage 4.\nMessage 5."


def test_keys_and_about_open_beside_the_window(desk, qtbot):
    from plugdeck.ui.help_dialogs import KeysDialog, key_lines

    lines = dict(key_lines(desk.shell))
    assert lines["Search plugins"] == "Ctrl+F"
    assert lines["Quit"] == "Ctrl+Q"
    desk.window.actions.keys.trigger()
    dialog = desk.shell.findChild(KeysDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.close()
    desk.window.actions.about.trigger()


def test_preferences_open_beside_the_window(desk):
    desk.window.actions.preferences.trigger()
    dialog = desk.shell.findChild(Preferences)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.deadline.setValue(5)
    dialog.restore.setChecked(False)
    assert desk.services.settings.get("hosting.call_deadline_s") == 5.0
    assert desk.services.settings.get("chain.restore") is False
    dialog.close()


def test_a_message_moves_nothing_in_the_window(desk, qtbot):
    qtbot.waitExposed(desk.shell)
    before = [part.geometry() for part in (desk.shell.splitters["whole"], desk.plugins, desk.window.picture)]
    notice = desk.window.notices.tell("Something happened.", passing=True)
    qtbot.waitUntil(lambda: desk.window.notices.height() > 10)
    assert desk.window.notices.geometry().bottom() <= desk.shell.height()
    assert [part.geometry() for part in (desk.shell.splitters["whole"], desk.plugins, desk.window.picture)] == before
    notice.dismiss()
    qtbot.waitUntil(lambda: not desk.window.notices.isVisible())


def test_a_message_covers_nothing_that_can_be_pressed_beside_the_picture(desk, qtbot):
    shell, notices = desk.shell, desk.window.notices
    qtbot.waitExposed(shell)
    notices.tell("Something happened that takes a few lines to tell. " * 6, action=("Undo", lambda: None))
    qtbot.waitUntil(lambda: notices.height() > 40)

    def covered() -> list[str]:
        frames = {"chain": shell.chain_frame, "details": shell.details_frame, "list": shell.plugins}
        return [name for name, frame in frames.items() if notices.geometry().intersects(rectangle(frame))]

    def rectangle(frame):
        return QRect(frame.mapTo(shell, QPoint()), frame.size())

    assert covered() == []
    shell.splitters["right"].setSizes([300, 500])
    shell.splitters["whole"].setSizes([500, 600])
    qtbot.waitUntil(lambda: covered() == [])
    assert notices.geometry().bottom() < rectangle(shell.picture_frame).bottom()


def test_a_message_with_a_button_gives_way_last(desk):
    desk.window.notices.tell("Undo this.", action=("Undo", lambda: None), passing=True)
    for number in range(5):
        desk.window.notices.tell(f"Message {number}.")
    assert desk.notices() == "Undo this.\nMessage 3.\nMessage 4."


def test_a_window_is_never_larger_than_the_screen_has_room_for():
    from PySide6.QtCore import QSize

    from plugdeck.ui.window_state import fitting_size

    assert fitting_size(QSize(1280, 800), QSize(1920, 1080)) == QSize(1280, 800)
    small = fitting_size(QSize(1280, 800), QSize(1024, 600))
    assert small.width() < 1024
    assert small.height() < 600


def test_the_view_menu_has_the_sample_picture_and_the_original_with_its_key(desk):
    actions = {action.text(): action.shortcut().toString() for action in desk.shell.menus["View"].actions()}
    assert "Sample picture" in actions
    assert actions["Show the original"] == "Ctrl+Shift+D"
