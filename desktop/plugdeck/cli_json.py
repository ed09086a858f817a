"""What the command line prints for scripts: one JSON document a command, whose keys are fixed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugdeck.binary.build_facts import BuildFacts
    from plugdeck.binary.hardening import Hardening
    from plugdeck.binary.toolchain import Toolchain
    from plugdeck.catalogue.difference import Difference
    from plugdeck.catalogue.report import Report
    from plugdeck.compat.tree import Dependency
    from plugdeck.dialects.go.facts import GoFile
    from plugdeck.dialects.manifest import Manifest
    from plugdeck.trust.signatures import Signature

Json = dict[str, object]


def print_json(document: object) -> None:
    """The document on stdout."""
    import json

    # Names that are no UTF-8 stay exact: ensure_ascii writes their lone surrogates as escapes.
    print(json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2))


def row_json(report: Report) -> Json:
    """One plugin of ``plugdeck list --json``."""
    manifest = report.manifest
    return {
        "path": str(report.path),
        "name": report.name,
        "version": manifest.version if manifest else "",
        "dialect": str(report.dialect) if report.dialect else None,
        "status": str(report.status),
        "state": "not loaded",
    }


def check_json(report: Report) -> Json:
    """One file of ``plugdeck check --json``."""
    return {
        "path": str(report.path),
        "dialect": str(report.dialect) if report.dialect else None,
        "status": str(report.status),
        "loads": report.loads,
        "findings": [
            {
                "id": finding.id,
                "severity": str(finding.severity),
                "message": finding.message,
                "evidence": list(finding.evidence),
                "remedy": finding.remedy,
            }
            for finding in report.findings
        ],
    }


def inspect_json(report: Report, build: BuildFacts | None, signature: Signature | None, go: GoFile | None) -> Json:
    """The document of ``plugdeck inspect --json``."""
    from plugdeck.catalogue.go_rows import go_json

    facts = report.facts
    elf = facts.elf if facts else None
    return {
        **check_json(report),
        "format": str(facts.format) if facts else None,
        "description": facts.description if facts else None,
        "machine": elf.machine_name if elf else None,
        "soname": elf.soname if elf else None,
        "needed": list(elf.needed) if elf else [],
        "build_id": elf.build_id if elf else None,
        "build": build_json(build) if build else None,
        "manifest": _manifest_json(report.manifest) if report.manifest else None,
        "symbols": _symbols_json(report),
        "signature": signature_json(signature) if signature else None,
        **({"go": go_json(go)} if go else {}),
    }


def signature_json(signature: Signature) -> Json:
    """What a file's signature is worth, for ``inspect --json`` and ``verify --json``."""
    return {
        "state": str(signature.state),
        "author": signature.author or None,
        "key": signature.key or None,
        "message": signature.words,
    }


def build_json(build: BuildFacts) -> Json:
    """How a file was built, for ``inspect --json``."""
    sizes = build.sizes
    return {
        "hardening": _hardening_json(build.hardening),
        "toolchain": _toolchain_json(build.toolchain),
        "build_id": build.build_id,
        "debug_info": str(build.debug),
        "debug_file": build.debug_file or None,
        "stripped": build.is_stripped,
        "sizes": {
            "file": sizes.file_bytes,
            "text": sizes.text_bytes,
            "data": sizes.data_bytes,
            "bss": sizes.bss_bytes,
            "debug": sizes.debug_bytes,
        },
        "problem": build.problem or None,
    }


def tree_json(dependency: Dependency) -> Json:
    """What a file needs, for ``check --tree --json``."""
    return {
        "name": dependency.name,
        "path": dependency.path,
        "rule": dependency.rule,
        "problem": dependency.problem,
        "repeated": dependency.is_repeated,
        "needs": [tree_json(child) for child in dependency.children],
    }


def diff_json(difference: Difference) -> Json:
    """The document of ``plugdeck diff --json``."""
    return {
        "old": str(difference.old),
        "new": str(difference.new),
        "can_replace": difference.can_replace,
        "summary": difference.summary,
        "gaps": list(difference.gaps),
        "changes": [
            {
                "kind": str(change.kind),
                "name": change.name,
                "effect": str(change.effect),
                "old": change.old,
                "new": change.new,
                "message": change.message,
            }
            for change in difference.changes
        ],
    }


def result_json(result: object) -> object:
    """The same for a JSON document, which has no infinity and no NaN: those are the texts that Python prints."""
    return str(result) if isinstance(result, float) and not math.isfinite(result) else result


def _hardening_json(hardening: Hardening) -> Json:
    return {
        "relro": str(hardening.relro),
        "bind_now": hardening.binds_now,
        "executable_stack": hardening.executable_stack,
        "writable_code": hardening.writable_code,
        "text_relocations": hardening.text_relocations,
        "stack_canary": str(hardening.stack_canary),
        "fortified": list(hardening.fortified) if hardening.knows_imports else None,
        "fortifiable": list(hardening.fortifiable) if hardening.knows_imports else None,
        "branch_protection": list(hardening.branch_protection),
        "search_risks": list(hardening.search_risks),
    }


def _toolchain_json(toolchain: Toolchain) -> Json:
    return {
        "tools": [
            {"kind": str(tool.kind), "name": tool.name, "version": tool.version, "witness": str(tool.witness)}
            for tool in toolchain.tools
        ],
        "producers": list(toolchain.producers),
        "go_build_info": toolchain.has_go_build_info,
    }


def _symbols_json(report: Report) -> list[Json]:
    types = report.manifest.types if report.manifest else {}
    return [
        {
            "name": symbol.name,
            "kind": str(symbol.kind),
            "type": types.get(symbol.name),
            "address": symbol.address,
            "size": symbol.size_bytes,
        }
        for symbol in report.symbols or ()
    ]


def _manifest_json(manifest: Manifest) -> Json:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "author": manifest.author,
        "licence": manifest.licence,
        "description": manifest.description,
        "abi": ".".join(map(str, manifest.abi)) if manifest.abi else None,
        "toolchain": manifest.toolchain,
        "interfaces": list(manifest.interfaces),
        "parameters": [
            {
                "name": parameter.name,
                "label": parameter.label,
                "kind": str(parameter.kind),
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "default": parameter.default,
                "unit": parameter.unit,
                "choices": list(parameter.choices),
            }
            for parameter in manifest.parameters
        ],
    }
