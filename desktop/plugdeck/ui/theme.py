"""How the window looks: one style, a light and a dark palette, and the few colours that carry meaning.

Fusion is used everywhere, since the platforms' own styles differ in spacing and ignore palettes, and
``QStyleHints.setColorScheme`` does nothing on a bare X server. ``system`` never sets a scheme: it follows the
desktop's, also when that changes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

STYLE = "fusion"

SPACING = 8
"""Pixels between controls; margins and gaps are multiples or halves of it."""


class Theme(StrEnum):
    """The user's choice."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What a colour says; never the only thing that says it."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    QUIET = "quiet"
    ACCENT = "accent"


_Role = QPalette.ColorRole

_LIGHT = {
    _Role.Window: "#f5f6f8",
    _Role.WindowText: "#1d2126",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f8f9fb",
    _Role.Text: "#1d2126",
    _Role.Button: "#fdfdfe",
    _Role.ButtonText: "#1d2126",
    _Role.BrightText: "#ffffff",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#eceef2",
    _Role.Mid: "#d3d8df",
    _Role.Dark: "#a9b0ba",
    _Role.Shadow: "#6d7580",
    _Role.Highlight: "#2f62d8",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#2f62d8",
    _Role.Link: "#2457c5",
    _Role.LinkVisited: "#6b46b8",
    _Role.ToolTipBase: "#ffffff",
    _Role.ToolTipText: "#1d2126",
    _Role.PlaceholderText: "#69717c",
}
_DARK = {
    _Role.Window: "#1f2226",
    _Role.WindowText: "#e4e7eb",
    _Role.Base: "#2a2d33",
    _Role.AlternateBase: "#2e3238",
    _Role.Text: "#e4e7eb",
    _Role.Button: "#363b43",
    _Role.ButtonText: "#e4e7eb",
    _Role.BrightText: "#ffffff",
    _Role.Light: "#4a505a",
    _Role.Midlight: "#3c424a",
    _Role.Mid: "#41474f",
    _Role.Dark: "#16181b",
    _Role.Shadow: "#0b0c0e",
    _Role.Highlight: "#3b6fe0",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#6f9bff",
    _Role.Link: "#86abff",
    _Role.LinkVisited: "#b79bf2",
    _Role.ToolTipBase: "#363b43",
    _Role.ToolTipText: "#e4e7eb",
    _Role.PlaceholderText: "#a0a7b2",
}
# Each is at least 4.5 : 1 against its theme's Base and Window.
_TONES_LIGHT = {
    Tone.GOOD: "#1a7f4b",
    Tone.CAUTION: "#9a5b00",
    Tone.BAD: "#c2283a",
    Tone.QUIET: "#626a75",
    Tone.ACCENT: "#2457c5",
}
_TONES_DARK = {
    Tone.GOOD: "#54c98c",
    Tone.CAUTION: "#e5b04c",
    Tone.BAD: "#ff7b84",
    Tone.QUIET: "#a4abb6",
    Tone.ACCENT: "#86abff",
}
_MIDDLE = 128
_DISABLED_ROLES = (_Role.WindowText, _Role.Text, _Role.ButtonText)


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Gives the whole application the chosen colours; may be called again at any time."""
    dark = _wants_dark(application, theme)
    application.setPalette(palette_of(dark))
    # PySide takes the class's name as text alone, whatever its stubs say.
    application.setPalette(check_box_palette(dark), "QCheckBox")  # type: ignore[arg-type]


def follow_desktop(application: QApplication, theme: Callable[[], Theme]) -> None:
    """Changes with the desktop's scheme from now on, whenever ``theme()`` is ``system``."""

    def follow() -> None:
        if theme() is Theme.SYSTEM:
            apply_theme(application, Theme.SYSTEM)

    application.styleHints().colorSchemeChanged.connect(follow)


def theme_of(name: str) -> Theme:
    """The theme of that name; ``system`` for any other."""
    return Theme(name) if name in set(Theme) else Theme.SYSTEM


def palette_of(dark: bool) -> QPalette:
    """The complete light or dark palette."""
    palette = QPalette()
    for role, colour in (_DARK if dark else _LIGHT).items():
        palette.setColor(role, QColor(colour))
    faint = QColor("#7b828d" if dark else "#9aa1ab")
    for role in _DISABLED_ROLES:
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    palette.setColor(QPalette.ColorGroup.Disabled, _Role.Highlight, QColor("#444a53" if dark else "#d3d8df"))
    return palette


def check_box_palette(dark: bool) -> QPalette:
    """The palette with boxes that are seen before they are ticked: Fusion's outline is darker than a dark window."""
    palette = palette_of(dark)
    if dark:
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, _Role.Base, QColor("#666d78"))
    return palette


def is_dark(palette: QPalette) -> bool:
    """Whether it is made for light text. The surface tells: a tinted label has text of another colour."""
    return palette.color(_Role.Base).lightness() < _MIDDLE


def tone_colour(tone: Tone, palette: QPalette) -> QColor:
    """The colour of a tone on this palette, legible as text."""
    return QColor((_TONES_DARK if is_dark(palette) else _TONES_LIGHT)[tone])


def _wants_dark(application: QApplication, theme: Theme) -> bool:
    if theme is Theme.SYSTEM:
        return application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return theme is Theme.DARK
