"""One word in the user's ``mimeapps.list``: added and removed as text, so that nothing else in it changes.

Rejected: configparser, which drops comments and folds the case of keys.
"""

from __future__ import annotations

ADDED = "[Added Associations]"
_GROUPS_WITH_ENTRIES = (ADDED, "[Default Applications]")


def with_association(text: str, mime_type: str, entry: str) -> str:
    """The text with ``entry`` last among the programs that the user can open this type with."""
    lines = _lines(text)
    start, end = _group(lines, ADDED)
    if start is None:
        gap = [""] if lines and lines[-1].strip() else []
        return _joined([*lines, *gap, ADDED, f"{mime_type}={entry};"])
    for number in range(start + 1, end):
        key, entries = _parsed(lines[number])
        if key == mime_type:
            if entry in entries:
                return text
            lines[number] = f"{mime_type}={';'.join([*entries, entry])};"
            return _joined(lines)
    lines.insert(start + 1, f"{mime_type}={entry};")
    return _joined(lines)


def without_association(text: str, mime_type: str, entry: str) -> str:
    """The text without ``entry`` for this type, as an addition or as the default; "" when nothing else is left."""
    lines: list[str] = []
    group = ""
    changed = False
    for line in _lines(text):
        if line.startswith("["):
            group = line.strip()
        key, entries = _parsed(line)
        if key != mime_type or entry not in entries or group not in _GROUPS_WITH_ENTRIES:
            lines.append(line)
            continue
        changed = True
        entries.remove(entry)
        if entries:
            lines.append(f"{mime_type}={';'.join(entries)};")
    if not changed:
        return text
    return _joined(lines) if any(line.strip() not in ("", *_GROUPS_WITH_ENTRIES) for line in lines) else ""


def _group(lines: list[str], header: str) -> tuple[int | None, int]:
    """The lines of a group: its header's number and the number after its last line; None without the group."""
    start = next((number for number, line in enumerate(lines) if line.strip() == header), None)
    if start is None:
        return None, len(lines)
    after = range(start + 1, len(lines))
    return start, next((number for number in after if lines[number].startswith("[")), len(lines))


def _parsed(line: str) -> tuple[str, list[str]]:
    key, equals, value = line.partition("=")
    if not equals or line.lstrip().startswith("#"):
        return "", []
    return key.strip(), [entry for entry in value.strip().split(";") if entry]


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
