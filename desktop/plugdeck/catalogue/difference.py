"""What differs between two builds of a plugin, and whether the new one can take the place of the old one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from plugdeck.binary.build_facts import BuildFacts
from plugdeck.catalogue.change import Change, ChangeKind, Effect, changed
from plugdeck.catalogue.file_changes import build_changes, file_changes
from plugdeck.catalogue.promise_changes import promise_changes
from plugdeck.catalogue.report import Report, Status
from plugdeck.catalogue.symbol_changes import symbol_changes
from plugdeck.text import visible

Builds = tuple[BuildFacts, BuildFacts]

HEADINGS = {
    Effect.BREAKS: "What callers of the old one lose",
    Effect.ASKS: "What the new one asks for",
    Effect.ADDS: "What is new",
    Effect.DIFFERS: "What else differs",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one build to another, worst first."""

    old: Path
    new: Path
    changes: tuple[Change, ...]
    gaps: tuple[str, ...] = ()
    """Sentences on what could not be compared; then nothing is promised."""
    loads: bool = True
    """Whether the new one loads in the host that both were judged for."""

    @property
    def can_replace(self) -> bool:
        """Whether whatever works with the old build can be expected to work with the new one."""
        return self.loads and not self.gaps and not self.of(Effect.BREAKS)

    def of(self, effect: Effect) -> tuple[Change, ...]:
        """The changes that have this meaning."""
        return tuple(change for change in self.changes if change.effect is effect)

    @property
    def summary(self) -> str:
        """One sentence: the answer."""
        if self.gaps:
            return "The two files could not be compared in full."
        lost = len(self.of(Effect.BREAKS))
        if lost:
            things = (
                "one thing that its callers may use is" if lost == 1 else f"{lost:,} things its callers may use are"
            )
            return f"The new one cannot simply replace the old one: {things} gone or changed."
        if not self.loads:
            return "The new one cannot replace the old one: neither of them loads here."
        asks = ", but it asks for more" if self.of(Effect.ASKS) else ""
        return f"The new one can replace the old one: all that its callers use is still there{asks}."

    def lines(self) -> tuple[str, ...]:
        """The whole as plain text for people, safe for a terminal."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"old  {visible(str(self.old))}"
        yield f"new  {visible(str(self.new))}"
        yield self.summary
        for gap in self.gaps:
            yield f"  {gap}"
        for effect, heading in HEADINGS.items():
            if changes := self.of(effect):
                yield ""
                yield f"{heading}:"
                yield from (f"  {change.message}" for change in changes)
        if not self.changes and not self.gaps:
            yield "  Nothing differs that can be read without running them."


def compare(old: Report, new: Report, builds: Builds | None = None) -> Difference:
    """What differs from ``old`` to ``new``.

    Args:
        old: What callers work with now; with its symbols.
        new: What would replace it; judged against the same host.
        builds: The build facts of both, where toolchain and hardening are to be compared too.
    """
    gaps = tuple(_gaps(old, "old")) + tuple(_gaps(new, "new"))
    changes = [*_verdict_changes(old, new)]
    if old.facts and new.facts and old.facts.elf and new.facts.elf:
        changes += [*file_changes(old.facts, new.facts)]
        changes += [*promise_changes(old.manifest, new.manifest)]
        if not gaps:
            old_facts, new_facts = replace(old.facts, exports=old.symbols), replace(new.facts, exports=new.symbols)
            changes += [*symbol_changes(old_facts, new_facts)]
    if builds:
        changes += [*build_changes(*builds)]
    order = {effect: place for place, effect in enumerate(Effect)}
    changes.sort(key=lambda change: order[change.effect])
    return Difference(old.path, new.path, tuple(changes), gaps, new.loads)


def _gaps(report: Report, which: str) -> Iterator[str]:
    """Why this report says too little to be compared."""
    if report.facts is None:
        reason = report.findings[0].message if report.findings else ""
        yield f"The {which} file cannot be read. {visible(reason)}".rstrip()
    elif report.facts.elf is None:
        yield f"The {which} file is no ELF file: {visible(report.facts.description)}."
    elif report.symbols is None:
        yield f"The {which} file has more symbols than are listed, so that they were not compared."


def _verdict_changes(old: Report, new: Report) -> Iterator[Change]:
    if old.loads != new.loads:
        was, now = ("loads here" if report.loads else "does not load here" for report in (old, new))
        reason = next((finding.message for finding in new.findings if finding.stops_load), "")
        effect = Effect.ADDS if new.loads else Effect.BREAKS
        message = f"The old one {was}, and the new one {now}. {visible(reason)}".rstrip()
        yield Change(ChangeKind.LOADS, "", was, now, effect, message)
    if old.status != new.status:
        is_worse = [*Status].index(new.status) > [*Status].index(old.status)
        effect = Effect.ASKS if is_worse and new.status is Status.WARNING else Effect.DIFFERS
        if is_worse and new.status is not Status.WARNING and old.status is not Status.NOT_A_PLUGIN:
            effect = Effect.BREAKS
        yield changed(ChangeKind.STATUS, "", "The status", (str(old.status), str(new.status)), effect)
