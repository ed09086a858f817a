"""What changed in the file from one build to another: machine, name, needs, and how it was built."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.binary.build_facts import BuildFacts
from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.binary.hardening import Hardening, Use
from plugdeck.catalogue.change import Change, ChangeKind, Effect, added, changed, removed
from plugdeck.compat.remedies import newest
from plugdeck.text import visible


def file_changes(old: BinaryFacts, new: BinaryFacts) -> Iterator[Change]:
    """What the file's own tables say differently."""
    if old.elf and new.elf:
        yield from _identity_changes(old.elf, new.elf)
        yield from _dependency_changes(old.elf, new.elf)
        yield from _version_changes(old.elf, new.elf)
        if old.elf.build_id != new.elf.build_id:
            ids = old.elf.build_id or "", new.elf.build_id or ""
            yield changed(ChangeKind.BUILD_ID, "", "The build id", ids, Effect.DIFFERS)
    was, now = old.identity.size_bytes, new.identity.size_bytes
    if was != now:
        share = f" ({100 * (now - was) / was:+.0f} %)" if was else ""
        message = f"The file was {was:,} bytes and is {now:,} bytes{share}."
        yield Change(ChangeKind.SIZE, "", str(was), str(now), Effect.DIFFERS, message)


def build_changes(old: BuildFacts, new: BuildFacts) -> Iterator[Change]:
    """What toolchain and hardening changed."""
    was, now = (", ".join(tool.label for tool in build.toolchain.tools) for build in (old, new))
    if was != now:
        yield changed(ChangeKind.TOOLCHAIN, "", "The toolchain", (was, now), Effect.DIFFERS)
    for name, what, values in _hardening(old.hardening, new.hardening):
        if values[0] != values[1]:
            yield changed(ChangeKind.HARDENING, name, what, values, Effect.DIFFERS)


def _hardening(was: Hardening, now: Hardening) -> Iterator[tuple[str, str, tuple[str, str]]]:
    yield "relro", "RELRO", (str(was.relro), str(now.relro))
    if Use.NOT_KNOWN not in {was.stack_canary, now.stack_canary}:
        yield "stack-protector", "The use of stack protectors", (str(was.stack_canary), str(now.stack_canary))
    yield "stack", "The stack", (_executable(was.executable_stack), _executable(now.executable_stack))
    yield "branches", "Branch protection", (", ".join(was.branch_protection), ", ".join(now.branch_protection))


def _executable(executable: bool) -> str:
    return "executable" if executable else "not executable"


def _identity_changes(old: ElfFacts, new: ElfFacts) -> Iterator[Change]:
    was, now = (f"{elf.bits}-bit {elf.byte_order}-endian {elf.machine_name}" for elf in (old, new))
    if was != now:
        yield changed(ChangeKind.MACHINE, "", "The machine", (was, now), Effect.BREAKS)
    if old.soname != new.soname:
        # Callers that were linked against a file without a soname ask for its file name.
        effect = Effect.BREAKS if old.soname else Effect.DIFFERS
        yield changed(ChangeKind.SONAME, "", "The soname", (old.soname or "", new.soname or ""), effect)


def _dependency_changes(old: ElfFacts, new: ElfFacts) -> Iterator[Change]:
    for name in dict.fromkeys(old.needed):
        if name not in new.needed:
            yield removed(ChangeKind.DEPENDENCY, name, f"The need for {name}", effect=Effect.DIFFERS)
    for name in dict.fromkeys(new.needed):
        if name not in old.needed:
            yield added(ChangeKind.DEPENDENCY, name, f"The need for {name}", effect=Effect.ASKS)


def _version_changes(old: ElfFacts, new: ElfFacts) -> Iterator[Change]:
    """Versions of libraries, and of each library and prefix the newest, which decides where the file runs."""
    was, now = ({(need.library, need.version) for need in elf.version_needs} for elf in (old, new))
    yield from _newest_changes(was, now)
    for library, version in sorted(was - now):
        what = f"The need for {version} of {library}"
        yield removed(ChangeKind.VERSION_NEED, version, what, value=f"{library} {version}", effect=Effect.DIFFERS)
    newest_now = {newest(_of(now, library), version) for library, version in now}
    for library, version in sorted(now - was):
        is_newest = version in newest_now and _raises(was, library, version)
        effect = Effect.ASKS if is_newest else Effect.DIFFERS
        what = f"The need for {version} of {library}"
        yield added(ChangeKind.VERSION_NEED, version, what, value=f"{library} {version}", effect=effect)


def _newest_changes(was: set[tuple[str, str]], now: set[tuple[str, str]]) -> Iterator[Change]:
    told: set[tuple[str, str]] = set()
    for library, version in sorted(now):
        after, before = newest(_of(now, library), version), newest(_of(was, library), version)
        if not after or not before or after == before or (library, after) in told:
            continue
        told.add((library, after))
        is_more = newest((before, after), after) == after
        message = f"It needs {visible(after)} of {visible(library)} now, and needed {visible(before)}."
        effect = Effect.ASKS if is_more else Effect.DIFFERS
        yield Change(ChangeKind.NEWEST_VERSION, library, before, after, effect, message)


def _raises(was: set[tuple[str, str]], library: str, version: str) -> bool:
    """Whether no version of the same prefix as new as this one was needed before."""
    before = newest(_of(was, library), version)
    return not before or newest((before, version), version) == version


def _of(needs: set[tuple[str, str]], library: str) -> list[str]:
    return [version for of, version in needs if of == library]
