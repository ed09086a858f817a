"""Every kind of finding, gathered from the code: each has words that say what to do, a test, and a line in the docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "desktop" / "plugdeck"
FIELDS = ("id", "severity", "message", "evidence", "remedy", "stops_load")
FORM = re.compile(r"[a-z][a-z0-9]*\.[a-z0-9]+(-[a-z0-9]+)*")

WITHOUT_REMEDY = {
    "elf.is-core-dump": "there is nothing to mend: it is not the file that was meant",
    "elf.type-unknown": "nothing is known of such files",
}
WITHOUT_EVIDENCE = {
    "file.gone": "that it is gone is all there is to see",
    "file.unreadable": "the sentence is the reader's own, with the place in the file",
    "sdk.interface-unknown": "the sentence names the interface",
    "sdk.note-repeated": "the sentence says what is repeated",
    "sdk.plugin-note-missing": "what is missing cannot be shown",
    "sdk.area-invalid": "the sentence quotes what the plugin says",
    "sdk.more-findings": "it stands for the others",
    "sdk.parameter-invalid": "the sentence names the parameter and says what is wrong with it",
    "sdk.version-invalid": "the sentence quotes the version",
}
"""With the reason why not; everything else shows what was seen."""


@dataclass(frozen=True)
class Source:
    """One place in the code that makes findings."""

    where: str
    identifiers: tuple[str, ...]
    fields: dict[str, ast.expr]


@cache
def sources() -> tuple[Source, ...]:
    found = [source for path in sorted(PACKAGE.rglob("*.py")) for source in sources_in(path)]
    assert len(found) > 20
    return tuple(found)


def sources_in(path: Path) -> Iterator[Source]:
    """The calls of Finding with a literal identifier, and those of the module's functions that pass one on to it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    makers: dict[str, tuple[list[str], dict[str, ast.expr]]] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        parameters = [argument.arg for argument in function.args.args]
        for call in calls_of(function, "Finding"):
            fields = bound(call, FIELDS)
            identifier = fields.get("id")
            if isinstance(identifier, ast.Name) and identifier.id in parameters:
                makers[function.name] = (parameters, fields)
    for call in calls_of(tree, "Finding"):
        yield from source_of(path, call, bound(call, FIELDS), constants)
    for name, (parameters, inner) in makers.items():
        for call in calls_of(tree, name):
            given = bound(call, parameters)
            fields = {
                field: given.get(value.id, value) if isinstance(value, ast.Name) else value
                for field, value in inner.items()
            }
            yield from source_of(path, call, fields, constants)


def source_of(
    path: Path, call: ast.Call, fields: dict[str, ast.expr], constants: dict[str, ast.expr]
) -> Iterator[Source]:
    fields = {
        field: constants.get(value.id, value) if isinstance(value, ast.Name) else value
        for field, value in fields.items()
    }
    literals = [
        node.value for node in ast.walk(fields["id"]) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if literals:
        yield Source(f"{path.relative_to(ROOT)}:{call.lineno}", tuple(literals), fields)


def calls_of(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def bound(call: ast.Call, names: tuple[str, ...] | list[str]) -> dict[str, ast.expr]:
    """Arguments by the names of their parameters."""
    given = dict(zip(names, call.args, strict=False))
    return given | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def is_empty(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value == "") or (
        isinstance(value, ast.Tuple) and not value.elts
    )  # fmt: skip


@cache
def identifiers() -> frozenset[str]:
    return frozenset(identifier for source in sources() for identifier in source.identifiers)


@cache
def words_of_tests() -> str:
    """What the tests say, this one apart."""
    paths = [path for ending in ("py", "toml") for path in (ROOT / "tests").rglob(f"*.{ending}")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path != Path(__file__))


def documented() -> list[str]:
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_identifiers_are_stable_words():
    assert [identifier for identifier in identifiers() if not FORM.fullmatch(identifier)] == []


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.where)
def test_every_finding_says_what_to_do_and_what_was_seen(source: Source):
    has_remedy, has_evidence = (not is_empty(source.fields.get(name)) for name in ("remedy", "evidence"))
    for identifier in source.identifiers:
        assert has_remedy != (identifier in WITHOUT_REMEDY), identifier
        assert has_evidence != (identifier in WITHOUT_EVIDENCE), identifier


def test_exceptions_are_of_findings_that_exist():
    assert set(WITHOUT_REMEDY) | set(WITHOUT_EVIDENCE) <= identifiers()


@pytest.mark.parametrize("identifier", sorted(identifiers()))
def test_every_finding_has_a_test(identifier: str):
    is_named = re.search(rf"(?<![\w.-]){re.escape(identifier)}(?![\w-])", words_of_tests())
    assert is_named, f"no test speaks of {identifier}"


def test_documentation_lists_every_finding_once():
    assert sorted(documented()) == sorted(identifiers())
