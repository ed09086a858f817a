"""The Details tab: what the file is, where it is, what it says of itself, and how it was built."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QWidget

from plugdeck.binary.facts import BinaryFacts, ElfFacts
from plugdeck.catalogue.report import Report
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.ui.background import Background
from plugdeck.ui.details.fact_rows import FactRows, digits_line
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.visible_text import visible_text

_CHUNK_BYTES = 1 << 20
_MOST_HASHED_BYTES = 1 << 30

Line = tuple[str, str]


class FactsTab(QScrollArea):
    """Label and value, line by line; every value can be selected and copied."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._report: Report | None = None
        self._hash: QLineEdit | None = None
        self._rows = FactRows(self)
        self._build = Latest(self, background)
        self._build.succeeded.connect(self._show_build)
        self._build.failed.connect(lambda sentence, remedy: self._show_build([("Not known", f"{sentence} {remedy}")]))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Details of the file")

    def show_subject(self, subject: Subject | None) -> None:
        """Shows another file, and begins to find out its hash and how it was built."""
        report = subject.report if subject else None
        if report is self._report:
            return
        self._report, self._hash = report, None
        self._build.forget()
        rows = self._rows = FactRows(self)
        for name, value in fact_lines(report) if report else ():
            rows.add(name, plain_label(value))
        if report and report.facts:
            self._hash = digits_line("computing…")
            rows.add("SHA-256", self._hash)
            self._compute_hash(report, report.facts.source)
        if report and report.facts and report.facts.elf:
            rows.add_heading("How it was built")
            path = report.facts.source
            self._build.start(lambda: _read_build(path))
        self.setWidget(rows)

    def _show_build(self, lines: Sequence[Line]) -> None:
        for name, value in lines:
            self._rows.add(name, digits_line(value) if name == "Build id" else plain_label(value))

    def _compute_hash(self, report: Report, path: Path) -> None:
        label = self._hash

        def show(text: str) -> None:
            # The label of another file may be gone with its page.
            if label is self._hash and label is not None:
                label.setText(text)
                label.setCursorPosition(0)

        self._background.run(
            lambda: sha256_of(path, lambda: self._report is not report),
            show,
            lambda error: show(visible_text(str(error))),
        )


def _read_build(path: Path) -> list[Line]:
    """Another thread."""
    from plugdeck.binary.build_facts import read_build_facts
    from plugdeck.catalogue.build_rows import build_rows
    from plugdeck.catalogue.go_rows import go_rows, read_go

    go = read_go(path)
    return [*build_rows(read_build_facts(path)), *(go_rows(go) if go else ())]


def sha256_of(path: Path, unwanted: Callable[[], bool]) -> str:
    """The file's SHA-256 in hexadecimal, or empty when ``unwanted`` turned true meanwhile. Blocks.

    Raises:
        PlugdeckError: the file is larger than what is worth waiting for.
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        if path.stat().st_size > _MOST_HASHED_BYTES:
            raise PlugdeckError("not computed: the file is larger than 1 GiB")
        while chunk := file.read(_CHUNK_BYTES):
            if unwanted():
                return ""
            digest.update(chunk)
    return digest.hexdigest()


def fact_lines(report: Report) -> Iterator[Line]:
    """Everything to show of a report, in order; lines without a value are left out."""
    lines = [
        *(_manifest_lines(report.manifest) if report.manifest else ()),
        ("Path", str(report.path)),
        *(_file_lines(report.facts) if report.facts else ()),
        *(_elf_lines(report.facts.elf) if report.facts and report.facts.elf else ()),
    ]
    for name, value in lines:
        if value:
            yield name, visible_text(value, keep_lines=name == "Needs")


def _manifest_lines(manifest: Manifest) -> Iterator[Line]:
    yield "Name", manifest.name
    yield "Version", manifest.version
    yield "Description", manifest.description
    yield "Author", manifest.author
    yield "Licence", manifest.licence
    yield "Dialect", str(manifest.dialect)
    yield "Interfaces", ", ".join(manifest.interfaces)
    yield "SDK version", _version_range(manifest)
    yield "Toolchain", manifest.toolchain
    if manifest.is_transform:
        around = f" ({manifest.area_radius})" if manifest.area_radius else ""
        yield "Reads around a pixel", f"{manifest.area}{around}"


def _file_lines(facts: BinaryFacts) -> Iterator[Line]:
    identity = facts.identity
    changed = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(identity.mtime_ns / 1e9))
    yield "What it is", facts.description
    yield "Size", size_words(identity.size_bytes)
    yield "Changed", changed
    yield "Identity", f"device {identity.device}, inode {identity.inode}"


def _elf_lines(elf: ElfFacts) -> Iterator[Line]:
    yield "Machine", f"{elf.machine_name}, {elf.bits}-bit, {elf.byte_order} endian"
    yield "Soname", elf.soname or ""
    yield "Needs", "\n".join(visible_text(name) for name in elf.needed)
    yield "Run path", ":".join(elf.runpath or elf.rpath)


def _version_range(manifest: Manifest) -> str:
    if not manifest.abi:
        return ""
    built = ".".join(map(str, manifest.abi))
    oldest = ".".join(map(str, manifest.abi_minimum)) if manifest.abi_minimum else built
    return built if oldest == built else f"{built} (host {oldest} or newer)"


def size_words(size_bytes: int) -> str:
    """``16.2 KiB (16,584 bytes)``."""
    exact = f"{size_bytes:,} bytes"
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit} ({exact})"
    return exact
