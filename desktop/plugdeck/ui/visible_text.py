"""Text from files, made safe to show in a widget: see ``plugdeck.text``, which this only fits to many lines.

Every text that comes from a file goes through here before a widget gets it, and every widget that shows it is set to
plain text.
"""

from __future__ import annotations

from plugdeck.text import visible

LONGEST = 5000
"""Characters: more than anybody reads on one widget, and laid out at once. A plugin may give a million."""
_TAB = 4


def visible_text(text: str, *, keep_lines: bool = False) -> str:
    """``text`` with every hidden character spelled out, such as ``␊`` or ``⟨U+202E⟩``; what is endless is cut.

    Args:
        text: untrusted; undecodable bytes are surrogates (``surrogateescape``).
        keep_lines: leave line breaks as they are and expand tabs, for text that is shown in many lines.
    """
    if not keep_lines:
        return visible(text, LONGEST)
    shown = "\n".join(visible(line.expandtabs(_TAB)) for line in text[: LONGEST + 1].split("\n"))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
