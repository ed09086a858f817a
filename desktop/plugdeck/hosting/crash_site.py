"""Where in native code a process came to its end, in words that can be shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CrashSite:
    """The instruction at which it happened, and how it got there. All text is cut, and safe to show."""

    fault: str = ""
    """What it did: ``wrote to address 0x0 (no memory there)``; empty where the signal alone tells it."""
    address: int | None = None
    """The memory that it used, for those faults that are about memory."""
    symbol: str = ""
    """The function, demangled; empty where the file has no name for it."""
    offset: int = 0
    """Bytes from the function's begin; without a symbol, the address as ``objdump`` shows it."""
    library: str = ""
    """The name of the library's file; empty where no file is mapped."""
    caller: str = ""
    """The plugin's own function, where the instruction is another library's that it called; as in ``frames``."""
    frames: tuple[str, ...] = ()
    """From the instruction outwards: ``smooth+0x1f of blur.so``. What is not certain begins with ``perhaps``."""

    @property
    def place(self) -> str:
        """``smooth+0x1f of blur.so``; empty when nothing is known."""
        return place(self.symbol, self.offset, self.library)

    @property
    def words(self) -> str:
        """``wrote to address 0x0 (no memory there) in smooth+0x1f of blur.so``."""
        where = f" in {self.place}" if self.place else ""
        caller = f", called by {self.caller}" if self.caller else ""
        return f"{self.fault}{where}{caller}".strip(" ,")


def place(symbol: str, offset: int, library: str) -> str:
    """``smooth+0x1f of blur.so``, ``blur.so+0x11a0``, or nothing."""
    if symbol:
        return f"{symbol}+{offset:#x} of {library}" if library else f"{symbol}+{offset:#x}"
    return f"{library}+{offset:#x}" if library else ""
