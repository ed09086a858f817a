"""How rows that were dragged into an order become priorities."""

from __future__ import annotations

from collections.abc import Sequence

INT_MINIMUM, INT_MAXIMUM = -(2**31), 2**31 - 1
_SPACING = 10


def clamped_priority(priority: int) -> int:
    """The nearest priority that fits the plugin's ``int``."""
    return max(INT_MINIMUM, min(INT_MAXIMUM, priority))


def priorities_after_move(order: Sequence[tuple[str, int]], key: str, position: int) -> dict[str, int]:
    """The priorities to change so that ``key`` runs at ``position``, touching as few others as can be.

    Args:
        order: key and priority of every step, in run order.
        key: the step that moves.
        position: its new index, counted without the step itself.

    Returns:
        New priorities by key; steps that keep theirs are left out.
    """
    others = [(name, priority) for name, priority in order if name != key]
    position = max(0, min(position, len(others)))
    changed = {key: _between(others, position)}
    previous = changed[key]
    for name, priority in others[position:]:
        if priority > previous:
            break
        previous += 1
        changed[name] = previous
    if previous > INT_MAXIMUM or changed[key] < INT_MINIMUM:
        names = [name for name, _ in others]
        names.insert(position, key)
        return {name: index * _SPACING for index, name in enumerate(names)}
    return changed


def _between(others: Sequence[tuple[str, int]], position: int) -> int:
    """A priority after the step before ``position``, and before the next one where there is room."""
    before = others[position - 1][1] if position else None
    after = others[position][1] if position < len(others) else None
    if before is None:
        return 0 if after is None else after - _SPACING
    if after is None:
        return before + _SPACING
    return before + max(1, (after - before) // 2)
