"""The window's front door: whether there is a screen, and whether another window is open already. Needs no Qt."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.own_process import keep_descriptors, protect_own_process
from plugdeck.ui.single_instance import claim_window, hand_over
from plugdeck.ui.window_life import WindowLife, Wishes


def run_window(
    files: Sequence[Path] = (),
    *,
    samples: bool = False,
    screenshot: Path | None = None,
    size: tuple[int, int] | None = None,
    theme: str | None = None,
    safe_mode: bool = False,
) -> int:
    """Shows the window until it is closed, and returns the exit code.

    Args:
        files: plugins to propose for install, a folder to open, a picture to show; a running window takes them, and
            this process ends.
        samples: open the sample plugins and load some of them.
        screenshot: draw the window without a screen, save a picture of it here, and end.
        size: the window's size in pixels.
        theme: ``system``, ``light`` or ``dark`` for this time only.
        safe_mode: load nothing by itself; the last session stays kept, and can be brought back.

    Raises:
        PlugdeckError: there is no screen, or the screenshot cannot be written.
    """
    wishes = Wishes(tuple(file.absolute() for file in files), samples, screenshot, size, theme, safe_mode)
    if screenshot:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        keep_descriptors()
        return WindowLife(wishes, None, protect_own_process).run()
    _require_screen()
    keep_descriptors()
    claim = None
    try:
        claim = claim_window()
        if claim is None and hand_over(wishes.files):
            return 0
    except OSError as error:
        print(f"plugdeck: this window stays on its own ({error})", file=sys.stderr)
    try:
        return WindowLife(wishes, claim, protect_own_process).run()
    finally:
        if claim:
            claim.release()


def _require_screen() -> None:
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise PlugdeckError(
            "There is no screen to show the window on.",
            remedy="Use “plugdeck --screenshot OUT.png”, or one of the commands that “plugdeck --help” names.",
        )
