"""Errors that cross the process boundary: raised in the worker, raised again here as what they were.

Only the facts travel, each as text or a number of limited length, and only for errors that callers tell apart.
"""

from __future__ import annotations

from pathlib import Path

from plugdeck.errors import ArgumentError, CallError, OpenError, PlugdeckError, SymbolNotFoundError, SymbolTypeError

_MAXIMUM_TEXT = 4000
_START_AGAIN = "Restart its host: what the plugin keeps in memory ends with its process."


def describe(failure: BaseException) -> dict[str, object]:
    """The error as JSON values."""
    described: dict[str, object] = {"error": type(failure).__name__, "remedy": getattr(failure, "remedy", "")}
    match failure:
        case CallError():
            facts = {
                "plugin": failure.plugin,
                "symbol": failure.symbol,
                "code": failure.code,
                "message": failure.message,
            }
        case SymbolNotFoundError():
            facts = {"plugin": failure.plugin, "symbol": failure.symbol}
        case SymbolTypeError():
            facts = {"plugin": failure.plugin, "symbol": failure.symbol, "expected": failure.expected}
            facts |= {"declared": failure.declared, "reason": failure.reason}
        case OpenError():
            facts = {"path": str(failure.path), "reason": failure.reason}
        case PlugdeckError():
            facts = {"message": str(failure)}
        case MemoryError():
            facts = {"message": "Its process has no memory left.", "remedy": _START_AGAIN}
        case _:
            facts = {"message": f"{type(failure).__name__}: {failure}"}
    cut = {key: value[:_MAXIMUM_TEXT] if isinstance(value, str) else value for key, value in facts.items()}
    return described | cut


def rebuild(described: object) -> PlugdeckError:
    """The error again; anything that was not expected becomes a plain ``PlugdeckError``."""
    facts = described if isinstance(described, dict) else {}

    def text(key: str) -> str:
        value = facts.get(key)
        return value[:_MAXIMUM_TEXT] if isinstance(value, str) else ""

    match facts.get("error"):
        case "CallError":
            code = facts.get("code")
            return CallError(text("plugin"), text("symbol"), code if isinstance(code, int) else 0, text("message"))
        case "SymbolNotFoundError":
            return SymbolNotFoundError(text("symbol"), text("plugin"), remedy=text("remedy"))
        case "SymbolTypeError":
            declared = text("declared") or None
            return SymbolTypeError(
                text("symbol"), text("plugin"), expected=text("expected"), declared=declared, reason=text("reason")
            )
        case "OpenError" | "StaleError":  # the plugin that the latter holds is in the worker
            return OpenError(Path(text("path")), text("reason"), remedy=text("remedy"))
        case "ArgumentError":
            return ArgumentError(text("message"), remedy=text("remedy"))
        case _:
            return PlugdeckError(text("message") or "The worker gave no reason.", remedy=text("remedy"))
