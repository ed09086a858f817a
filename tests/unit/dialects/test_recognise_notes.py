"""Notes that break the rules: findings that say so, never an exception, and the rest of the manifest stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugdeck.binary.facts import BinaryFacts, BinaryFormat, ElfFacts, FileIdentity, Note
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Area, Manifest
from plugdeck.dialects.recognise import recognise
from plugdeck.dialects.sdk.notes import DamagedNoteError, parse_fields
from plugdeck.dialects.sdk.recognise import MAX_FINDINGS, is_semantic_version
from plugdeck.text import visible

ELF = ElfFacts(
    bits=64,
    byte_order="little",
    os_abi=0,
    type=3,
    machine=62,
    machine_name="x86-64",
    interpreter=None,
    soname=None,
    needed=(),
    rpath=(),
    runpath=(),
    flags=0,
    flags_1=0,
    version_needs=(),
    version_definitions=(),
    notes=(),
    build_id=None,
    has_dynamic=True,
    executable_stack=False,
    text_relocations=False,
)
FACTS = BinaryFacts(Path("x.so"), FileIdentity(1, 2, 3, 4, 5), BinaryFormat.ELF, "", ELF)


def note(number: int, /, **fields: str) -> Note:
    """A note as ``plugdeck.h`` writes it; underscores in keys stand for hyphens."""
    strings = [f"{key.replace('_', '-')}={value}" for key, value in fields.items()]
    return Note("Plugdeck", number, "\0".join([*strings, "", ""]).encode("utf-8", "surrogateescape"))


PLUGIN = note(1, name="x", version="1.0.0", author="a", licence="MIT", description="d", abi="1.0", abi_minimum="1.0")
TRANSFORM = note(2, name="Transform", kind="function", type="int(const pd_image *, pd_image *)")
PRIORITY = note(2, name="Priority", kind="variable", type="int")
INTERFACE = note(4, name="image-transform/1", area="pointwise")
VARIABLE = note(2, name="amount", kind="variable", type="int")


def recognise_notes(*notes: Note) -> tuple[Manifest, list[Finding]]:
    manifest, findings = recognise(replace(FACTS, elf=replace(ELF, notes=notes)))
    assert manifest is not None
    return manifest, list(findings)


def only(findings: list[Finding], finding_id: str, severity: Severity) -> Finding:
    assert [(finding.id, finding.severity) for finding in findings] == [(finding_id, severity)]
    assert findings[0].message
    assert findings[0].remedy
    return findings[0]


def test_complete_notes_have_no_findings() -> None:
    assert recognise_notes(PLUGIN, TRANSFORM, PRIORITY, INTERFACE)[1] == []


def test_notes_of_others_and_of_later_kinds_are_passed_over() -> None:
    notes = (Note("GNU", 1, b"x"), PLUGIN, note(99, name="later"))
    assert recognise_notes(*notes)[1] == []


DAMAGED = [
    (Note("Plugdeck", 2, b"name=f\0kind=function"), "does not end"),
    (Note("Plugdeck", 2, b"name\0\0"), "has “name” without a value"),
    (Note("Plugdeck", 2, b"name=f\0name=g\0\0"), "has “name” twice"),
    (Note("Plugdeck", 2, b""), "is no C identifier"),
    (note(2, name="1f", kind="function", type="int(void)"), "names “1f”, which is no C identifier"),
    (note(2, name="f\n", kind="function", type="int(void)"), "names “f␊”"),
    (note(2, name="f" * 300, kind="function", type="int(void)"), "is no C identifier"),
    (note(2, name="f", kind="macro", type="int(void)"), "does not say whether f is a function or a variable"),
    (note(2, name="f", kind="function"), "gives f no usable C type"),
    (note(2, name="f", kind="function", type="int(\x07)"), "gives f no usable C type"),
    (note(2, name="f", kind="function", type="int" * 300), "gives f no usable C type"),
    (note(3, name="", kind="integer"), "is no C identifier"),
    (note(4, area="whole"), "names no interface"),
]


@pytest.mark.parametrize(("damaged", "words"), DAMAGED)
def test_damaged_note_is_left_out_with_a_warning(damaged: Note, words: str) -> None:
    manifest, findings = recognise_notes(PLUGIN, damaged)
    assert words in only(findings, "sdk.note-damaged", Severity.WARNING).message
    assert manifest.symbols == ()
    assert manifest.name == "x"


def test_empty_string_ends_a_note() -> None:
    assert parse_fields(b"name=f\0\0name=g\0nonsense\0") == {"name": "f"}


@given(data=st.binary(max_size=60))
def test_any_bytes_are_fields_or_damaged(data: bytes) -> None:
    try:
        fields = parse_fields(data)
    except DamagedNoteError as error:
        assert str(error)
    else:
        assert all(key not in {""} or value is not None for key, value in fields.items())


@given(
    notes=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.dictionaries(
                st.sampled_from(
                    ["name", "kind", "type", "label", "minimum", "maximum", "default", "choices", "area", "abi"]
                ),
                st.one_of(
                    st.text(max_size=30),
                    st.sampled_from(
                        ["x", "integer", "choice", "switch", "real", "1e999", "-5", "nan", "int", "variable"]
                    ),
                ),
            ),
        ),
        max_size=8,
    )
)
@settings(max_examples=300, deadline=None, database=None)
def test_any_notes_are_survived(notes: list[tuple[int, dict[str, str]]]) -> None:
    manifest, findings = recognise(replace(FACTS, elf=replace(ELF, notes=tuple(note(k, **f) for k, f in notes))))
    assert manifest is not None
    assert all(visible(finding.message, 1000) == finding.message for finding in findings)


def test_equal_notes_from_several_source_files_are_one() -> None:
    manifest, findings = recognise_notes(PLUGIN, PLUGIN, VARIABLE, VARIABLE)
    assert findings == []
    assert len(manifest.symbols) == 1


@pytest.mark.parametrize(
    "second",
    [note(1, name="other", version="2.0.0", abi="1.0"), note(2, name="amount", kind="variable", type="double")],
)
def test_contradicting_notes_are_found_and_the_first_counts(second: Note) -> None:
    manifest, findings = recognise_notes(PLUGIN, VARIABLE, second)
    only(findings, "sdk.note-repeated", Severity.WARNING)
    assert (manifest.name, manifest.types["amount"]) == ("x", "int")


def test_plugin_without_its_own_note_is_an_error_and_named_by_its_file() -> None:
    manifest, findings = recognise_notes(VARIABLE)
    only(findings, "sdk.plugin-note-missing", Severity.ERROR)
    assert manifest.name == "x.so"


def test_plugin_without_a_name_is_an_error() -> None:
    _manifest, findings = recognise_notes(note(1, version="1.0.0", abi="1.0"))
    assert [finding.id for finding in findings] == ["sdk.note-damaged", "sdk.plugin-note-missing"]


def test_texts_are_shortened_and_made_visible() -> None:
    fields = dict.fromkeys(("name", "author", "licence", "toolchain"), "\u202e" + "n" * 5000)
    manifest, _findings = recognise_notes(note(1, **fields, description="d\n" * 5000, version="1.0.0", abi="1.0"))
    for text in (manifest.name, manifest.author, manifest.licence, manifest.toolchain):
        assert len(text) <= 100
        assert text.startswith("⟨U+202E⟩")
    assert len(manifest.description) <= 1000
    assert manifest.description.startswith("d␊d␊")


@pytest.mark.parametrize(
    ("minimum", "abi", "finding_id", "words"),
    [
        ("1.0", "1.0", None, ""),
        ("1.0", "1.7", None, ""),  # built with a newer SDK, and content with this host
        ("1.0", "2.3", None, ""),
        ("0.1", "1.0", None, ""),
        ("1.1", "1.4", "sdk.abi-out-of-range", "needs a newer version"),
        ("2.0", "2.0", "sdk.abi-out-of-range", "needs a newer version"),
        ("0.1", "0.9", "sdk.abi-out-of-range", "needs another version"),
        ("1.0", "0.9", "sdk.abi-out-of-range", "needs another version"),
        ("", "1.0", None, ""),
        ("", "1.2", "sdk.abi-out-of-range", "needs a newer version"),
        ("1.0", "", "sdk.abi-missing", "does not say"),
        ("1.0", "one", "sdk.abi-missing", "does not say"),
        ("1.0", "1.99999", "sdk.abi-missing", "does not say"),
    ],
)
def test_sdk_versions_have_to_meet(minimum: str, abi: str, finding_id: str | None, words: str) -> None:
    fields = {"abi_minimum": minimum} if minimum else {}
    _manifest, findings = recognise_notes(note(1, name="x", version="1.0.0", abi=abi, **fields))
    if finding_id is None:
        assert findings == []
    else:
        assert words in only(findings, finding_id, Severity.ERROR).message


@pytest.mark.parametrize(
    "version", ["0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-0.3.7", "1.0.0-x-y.--", "1.0.0+001"]
)
def test_semantic_version_is_accepted(version: str) -> None:
    assert is_semantic_version(version)


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "v1.2.3", "1.2.3 "]
)
def test_other_version_is_warned_of(version: str) -> None:
    assert not is_semantic_version(version)
    _manifest, findings = recognise_notes(note(1, name="x", version=version, abi="1.0"))
    assert {finding.id for finding in findings} <= {"sdk.version-invalid"}


@pytest.mark.parametrize(
    ("symbols", "finding_id", "words"),
    [
        ((PRIORITY,), "sdk.symbol-missing", "requires the function Transform"),
        ((TRANSFORM,), "sdk.symbol-missing", "requires the variable Priority"),
        (
            (PRIORITY, note(2, name="Transform", kind="function", type="void(pd_image *)")),
            "sdk.type-mismatch",
            "Transform is declared with another C type",
        ),
        (
            (TRANSFORM, note(2, name="Priority", kind="variable", type="long")),
            "sdk.type-mismatch",
            "Priority is declared with another C type",
        ),
        (
            (TRANSFORM, note(2, name="Priority", kind="function", type="int")),
            "sdk.type-mismatch",
            "Priority is declared with another C type",
        ),
        (
            (TRANSFORM, PRIORITY, note(2, name="Init", kind="function", type="int(void)")),
            "sdk.type-mismatch",
            "than the host requires",
        ),
    ],
)
def test_interface_requires_its_symbols(symbols: tuple[Note, ...], finding_id: str, words: str) -> None:
    manifest, findings = recognise_notes(PLUGIN, INTERFACE, *symbols)
    assert words in only(findings, finding_id, Severity.ERROR).message
    assert manifest.is_transform


def test_unknown_interface_is_told() -> None:
    manifest, findings = recognise_notes(PLUGIN, note(4, name="sound/3"))
    assert "sound/3" in only(findings, "sdk.interface-unknown", Severity.INFO).message
    assert not manifest.is_transform


@pytest.mark.parametrize(
    ("area", "expected", "radius"),
    [
        ("pointwise", Area.POINTWISE, ""),
        ("whole", Area.WHOLE, ""),
        ("neighbourhood:8", Area.NEIGHBOURHOOD, "8"),
        ("neighbourhood:amount", Area.NEIGHBOURHOOD, "amount"),
    ],
)
def test_area_is_read(area: str, expected: Area, radius: str) -> None:
    parameter = note(3, name="amount", kind="integer", minimum="0", maximum="9", default="1")
    interface = note(4, name="image-transform/1", area=area)
    manifest, findings = recognise_notes(PLUGIN, TRANSFORM, PRIORITY, VARIABLE, parameter, interface)
    assert findings == []
    assert (manifest.area, manifest.area_radius) == (expected, radius)


@pytest.mark.parametrize(
    "area",
    [
        "",
        "pixel",
        "neighbourhood",
        "neighbourhood:",
        "neighbourhood:nobody",
        "pointwise:3",
        "neighbourhood:-1",
        "neighbourhood:999999",
    ],
)
def test_area_that_is_not_understood_means_the_whole_picture(area: str) -> None:
    manifest, findings = recognise_notes(PLUGIN, TRANSFORM, PRIORITY, note(4, name="image-transform/1", area=area))
    only(findings, "sdk.area-invalid", Severity.WARNING)
    assert (manifest.area, manifest.area_radius) == (Area.WHOLE, "")


BAD_PARAMETERS = [
    (note(3, name="amount", kind="colour"), "unknown kind “colour”"),
    (note(3, name="nobody", kind="integer"), "not declared as a variable of type int"),
    (note(3, name="Transform", kind="integer"), "not declared as a variable of type int"),
    (note(3, name="amount", kind="real", minimum="0", maximum="1", default="0"), "of type double"),
    (note(3, name="amount", kind="integer", minimum="5", maximum="1", default="3"), "minimum of 5 above its maximum"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="1", default="3"), "default 3 outside 0 to 1"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="9", default="0.5"), "0.5 where an int is needed"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="3000000000", default="1"), "where an int is needed"),
    (note(3, name="amount", kind="integer", minimum="M_PI", maximum="9", default="1"), "“M_PI” for its minimum"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="1e999", default="1"), "“1e999” for its maximum"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="nan", default="1"), "“nan” for its maximum"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="9"), "“” for its default"),
    (note(3, name="amount", kind="integer", minimum="0", maximum="9" * 200, default="1"), "for its maximum"),
    (note(3, name="amount", kind="switch", default="2"), "default 2 outside 0 to 1"),
    (note(3, name="amount", kind="choice", default="0"), "offers no choices"),
    (note(3, name="amount", kind="choice", choices="a|b", default="2"), "default 2 outside 0 to 1"),
    (note(3, name="amount", kind="choice", choices="|" * 5000, default="2"), "offers too many choices"),
]


@pytest.mark.parametrize(("parameter", "words"), BAD_PARAMETERS)
def test_invalid_parameter_is_left_out_with_a_warning(parameter: Note, words: str) -> None:
    manifest, findings = recognise_notes(PLUGIN, TRANSFORM, VARIABLE, parameter)
    assert words in only(findings, "sdk.parameter-invalid", Severity.WARNING).message
    assert manifest.parameters == ()


@pytest.mark.parametrize(
    ("text", "number"), [("5", 5), (" -2 ", -2), ("+1.", 1), (".5e1f", 5), ("7u", 7), ("0x1", None)]
)
def test_numbers_are_decimal_as_c_writes_them(text: str, number: float | None) -> None:
    parameter = note(3, name="amount", kind="integer", minimum="-9", maximum="9", default=text)
    manifest, _findings = recognise_notes(PLUGIN, VARIABLE, parameter)
    assert [each.default for each in manifest.parameters] == ([] if number is None else [number])


def test_thousands_of_findings_are_cut_and_errors_stay() -> None:
    damaged = [Note("Plugdeck", 2, b"x\0\0")] * 3000
    _manifest, findings = recognise_notes(*damaged)
    assert len(findings) == MAX_FINDINGS
    assert findings[0].id == "sdk.plugin-note-missing"
    assert findings[-1].id == "sdk.more-findings"
    assert "2952 more" in findings[-1].message
