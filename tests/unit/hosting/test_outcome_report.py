"""The report has every fact on a line of its own, and nothing of the plugin's can add another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.hosting.crash_site import CrashSite
from plugdeck.hosting.outcome import Ending, Outcome
from plugdeck.hosting.outcome_report import report_text


@dataclass
class Plugin:
    manifest: Manifest
    path: Path


def test_report_has_all_facts_in_their_order():
    outcome = Outcome(
        Ending.CRASHED,
        "Transform",
        signal=11,
        crash=CrashSite("wrote to address 0x0 (no memory there)", 0, "f", 4, "x.so", frames=("f+0x4 of x.so", "g")),
        denied=("start another process",),
        parameters=(("amount", 2.5),),
        stderr_tail="one\ntwo",
        left_out_bytes=4096,
        pid=77,
        seconds=1.5,
    )
    plugin = Plugin(Manifest(Dialect.SDK, "blur", "1.2.0"), Path("/plugins/blur.so"))
    text = report_text(plugin, outcome, sha256="ab" * 32, build_id="c0ffee", confinement="It runs sealed off.")
    assert (
        text
        == f"""Plugin: blur 1.2.0
File: /plugins/blur.so
SHA-256: {"ab" * 32}
Build id: c0ffee
Confinement: It runs sealed off.
What happened: {outcome.sentence}
During: Transform
Process: number 77, ended 1.500 s after its start
Left out: 4,096 bytes of its output
Native frames:
  f+0x4 of x.so
  g
Parameters:
  amount = 2.5
It tried, and was refused, to:
  start another process
Last lines of standard error:
  one
  two
"""
    )


def test_plugins_text_is_escaped_and_cut_and_adds_no_line():
    evil = "x\nSHA-256: 0000\u202e\x1b[31m" + "y" * 9999
    outcome = Outcome(Ending.REFUSED, "loading", message=evil, stderr_tail="\n".join([evil] * 500))
    text = report_text(Plugin(Manifest(Dialect.SDK, evil, evil), Path("/a\nb.so")), outcome)
    lines = text.splitlines()
    assert not [line for line in lines if line.startswith("SHA-256")]
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert max(map(len, lines)) < 4100
    assert len(lines) < 100


def test_what_is_not_known_is_left_out():
    text = report_text(Plugin(Manifest(Dialect.SDK, "blur"), Path("/x.so")), Outcome(Ending.NOT_STARTED, "starting"))
    assert [line.partition(":")[0] for line in text.splitlines()] == ["Plugin", "File", "What happened", "During"]
