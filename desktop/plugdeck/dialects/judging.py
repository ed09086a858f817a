"""What a plugin's own contract asks of its host, beyond what the dynamic loader does."""

from __future__ import annotations

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding
from plugdeck.compat.host import Host
from plugdeck.dialects.manifest import Dialect, Manifest


def judge_contract(facts: BinaryFacts, manifest: Manifest | None, host: Host) -> tuple[Finding, ...]:
    """Every reason of the contract for or against loading the file in this host; none where it asks nothing."""
    if manifest is None or manifest.dialect is not Dialect.GO:
        return ()
    from plugdeck.dialects.go.judgement import judge

    return judge(facts, host)
