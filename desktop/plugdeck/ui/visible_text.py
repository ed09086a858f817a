"""Text from files, made safe to show in a widget: see ``plugdeck.text``, which this only fits to many lines.

Every text that comes from a file goes through here before a widget gets it, and every widget that shows it is set to
plain text.
"""

from __future__ import annotations

from plugdeck.text import visible

_TAB = 4


def visible_text(text: str, *, keep_lines: bool = False) -> str:
    """``text`` with every hidden character spelled out, such as ``␊`` or ``⟨U+202E⟩``.

    Args:
        text: untrusted; undecodable bytes are surrogates (``surrogateescape``).
        keep_lines: leave line breaks as they are and expand tabs, for text that is shown in many lines.
    """
    if not keep_lines:
        return visible(text)
    return "\n".join(visible(line.expandtabs(_TAB)) for line in text.split("\n"))
