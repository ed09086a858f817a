"""Which system calls a worker is refused, by machine, and what each refusal is in words."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from plugdeck.paths import shipped

# linux/audit.h: AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
_AUDIT_MACHINES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}


@dataclass(frozen=True, slots=True)
class SystemCalls:
    """The refused system calls of one kind of machine."""

    audit_machine: int
    """How the kernel names the machine to a filter (``linux/audit.h``)."""
    has_x32: bool
    """Whether the kernel takes a second numbering, for programs with 32-bit pointers."""
    numbers: dict[str, int]
    deeds: dict[str, str]
    """What the call would do, as a verb phrase: ``open a network or other socket``."""

    def deed(self, number: int) -> str:
        """What the call of this number would have done, for people."""
        name = next((name for name, each in self.numbers.items() if each == number), "")
        return self.deeds.get(name) or f"make system call {number}"


@cache
def system_calls(machine: str = "") -> SystemCalls | None:
    """Those of this machine, or of the named one (``uname -m``); None when it has no table here."""
    machine = machine or os.uname().machine
    table: dict[str, Any] = json.loads(shipped("resources", "sandbox", "system-calls.json").read_text("utf-8"))
    if machine not in _AUDIT_MACHINES or machine not in table["numbers"]:
        return None
    deeds = {name: deed for deed, names in table["denied"].items() for name in names}
    return SystemCalls(_AUDIT_MACHINES[machine], machine == "x86_64", table["numbers"][machine], deeds)
