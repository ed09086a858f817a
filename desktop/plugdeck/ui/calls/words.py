"""What the dialog for calls says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from plugdeck.chain.calling import Beat
from plugdeck.text import visible

_MOST, _MOST_ASKED = 2000, 200
_FEW_MS = 0.1


def split_arguments(text: str) -> tuple[str, ...]:
    """The arguments of a call as they are typed: separated by spaces, quoted where one has a space.

    Raises:
        ValueError: a quotation does not end; the text says so.
    """
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ValueError("A quotation mark has no counterpart.") from None


def beat_line(beat: Beat, symbol: str, arguments: Sequence[str]) -> str:
    """``Call 12, greeter-go-en: Greet(Ada) → Hello!  (0.2 ms)``; from the plugin and the user, so escaped and cut."""
    said = f"failed. {visible(beat.error, _MOST)}" if beat.error else _answer(beat.answer)
    asked = visible(f"{symbol}({', '.join(map(shlex.quote, arguments))})", _MOST_ASKED)
    time = f"{beat.milliseconds:.1f} ms" if beat.milliseconds >= _FEW_MS else f"{beat.milliseconds * 1000:.0f} µs"
    return f"Call {beat.number}, {visible(beat.plugin, 100)}: {asked} → {said}  ({time})"


def _answer(answer: object) -> str:
    if answer is None:
        return "nothing"
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return visible(text, _MOST)
