"""ELF notes: what toolchains and plugin authors write for others to read (gABI, chapter 5, "Note Section")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugdeck.binary.facts import Note
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import PT_NOTE, ProgramHeader
from plugdeck.binary.source import ByteSource, damaged

MAX_NOTE_BYTES = 1024 * 1024
"""All notes of one file together."""

NT_GNU_BUILD_ID, NT_GNU_PROPERTY_TYPE_0 = 3, 5
_X86_ISA_1_NEEDED = 0xC000_8002  # GNU_PROPERTY_X86_ISA_1_NEEDED, x86-64 psABI


def read_notes(source: ByteSource, headers: Sequence[ProgramHeader], layout: Layout) -> tuple[Note, ...]:
    """The notes of all PT_NOTE segments, in file order; all-zero padding between them is left out."""
    notes: list[Note] = []
    total = 0
    for header in headers:
        if header.type == PT_NOTE:
            total += header.file_bytes
            if total > MAX_NOTE_BYTES:
                raise damaged(f"The file has more than {MAX_NOTE_BYTES:,} bytes of notes", header.offset)
            data = source.read(header.offset, header.file_bytes, "the notes")
            notes.extend(parse_notes(data, layout, alignment=8 if header.alignment == 8 else 4, offset=header.offset))
    return tuple(notes)


def parse_notes(data: bytes, layout: Layout, *, alignment: int = 4, offset: int = 0) -> Iterator[Note]:
    """The notes in ``data``; ``offset`` is where it begins in the file, for errors."""
    position = 0
    while position + layout.note_header.size <= len(data):
        owner_bytes, description_bytes, kind = layout.note_header.unpack_from(data, position)
        owner_at = position + layout.note_header.size
        description_at = _aligned(owner_at + owner_bytes, alignment)
        end = description_at + description_bytes
        if end > len(data):
            raise damaged("A note reaches beyond its segment", offset + position)
        if owner_bytes or description_bytes or kind:
            owner = data[owner_at : owner_at + owner_bytes].partition(b"\0")[0]
            yield Note(owner.decode("utf-8", "surrogateescape"), kind, data[description_at:end])
        position = _aligned(end, alignment)


def _aligned(position: int, alignment: int) -> int:
    return (position + alignment - 1) & -alignment


def build_id_of(notes: Sequence[Note]) -> str | None:
    """The GNU build id in hexadecimal, or None."""
    for note in notes:
        if note.type == NT_GNU_BUILD_ID and note.owner == "GNU" and note.description:
            return note.description.hex()
    return None


def x86_isa_needed(notes: Sequence[Note], layout: Layout) -> int:
    """The bits of the processor levels that the GNU property note asks for; 0 without one."""
    needed = 0
    for note in notes:
        if note.type == NT_GNU_PROPERTY_TYPE_0 and note.owner == "GNU":
            position, data = 0, note.description
            while position + 8 <= len(data):
                kind, size = layout.hash_head.unpack_from(data, position)
                if kind == _X86_ISA_1_NEEDED and size == 4 and position + 12 <= len(data):
                    needed |= layout.word.unpack_from(data, position + 8)[0]
                position = _aligned(position + 8 + size, layout.bits // 8)
    return needed
