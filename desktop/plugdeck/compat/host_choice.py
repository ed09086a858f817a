"""Which host was chosen, before anything of it is read: what travels to processes, settings and the window."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plugdeck.compat.host import Host, read_briefly
from plugdeck.compat.library_files import ReadFacts
from plugdeck.compat.sysroot import Sysroot
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible


@dataclass(frozen=True, slots=True)
class HostChoice:
    """A program, the tree of another machine, or a program in such a tree; nothing of it: Plugdeck's own worker."""

    executable: Path | None = None
    sysroot: Path | None = None
    """The root folder of another machine; the executable's path is then one inside it."""

    def host(self, read_facts: ReadFacts = read_briefly) -> Host:
        """The host that is chosen, read anew; what cannot be one says so in its ``findings``."""
        if self.executable:
            return Host.from_executable(self.executable, sysroot=self.sysroot, read_facts=read_facts)
        return Host.from_sysroot(self.sysroot, read_facts=read_facts) if self.sysroot else Host.default(read_facts)

    def problem(self) -> str:
        """Why nothing can be read where the host is to be; empty when it can, whether or not it is good for one."""
        host = self.host()
        if host.platform:
            return ""
        try:
            read_briefly(Path(Sysroot.at(self.sysroot).real(os.fspath(host.executable))))
        except BinaryFormatError as error:
            return f"{self.executable} cannot be read: {str(error).rstrip('.')}"
        return ""

    @property
    def label(self) -> str:
        """A few words for people: ``Plugdeck's worker``, ``ardour``, ``programs of /srv/board``."""
        tree = visible(os.fspath(self.sysroot)) if self.sysroot else ""
        if self.executable:
            name = visible(self.executable.name)
            return f"{name} of {tree}" if tree else name
        return f"programs of {tree}" if tree else "Plugdeck's worker"

    def to_json(self) -> dict[str, str]:
        """What ``from_json`` takes: absolute paths, so that it means the same in another process."""
        here = "/" if self.sysroot else os.getcwd()
        executable = {"executable": os.path.join(here, self.executable)} if self.executable else {}
        return {**executable, "sysroot": os.path.abspath(self.sysroot)} if self.sysroot else executable

    @classmethod
    def from_json(cls, data: object) -> HostChoice:
        """The choice that ``to_json`` was given.

        Raises:
            ValueError: the data is something else.
        """
        if not isinstance(data, Mapping) or not all(isinstance(data.get(name, ""), str) for name in _NAMES):
            raise ValueError("no choice of a host")
        executable, sysroot = (data.get(name) for name in _NAMES)
        return cls(Path(executable) if executable else None, Path(sysroot) if sysroot else None)


WORKER = HostChoice()
"""The host that nobody has to choose."""

_NAMES = ("executable", "sysroot")
