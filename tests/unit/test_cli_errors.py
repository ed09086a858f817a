"""What a person at a terminal is told of an error."""

from __future__ import annotations

from plugdeck.cli_errors import complain
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import Ending, HostError, Outcome


def test_what_a_dead_plugin_wrote_last_is_told_with_its_end(capsys):
    written = "\n".join(["first", "one", "two", "three", "the licence has expired", "\x1b[31mgoodbye"])
    complain(HostError(Outcome(Ending.EXITED, "Transform", exit_code=3, stderr_tail=written), "tint"))
    told = capsys.readouterr().err
    assert told.startswith("plugdeck: tint: Ended its own process in Transform with exit code 3.\n")
    assert "  it wrote: the licence has expired\n" in told
    assert "first" not in told
    assert "\x1b" not in told


def test_other_errors_are_told_with_their_remedy_alone(capsys):
    complain(PlugdeckError("It is not there.", remedy="Look elsewhere."))
    assert capsys.readouterr().err == "plugdeck: It is not there.\n  Look elsewhere.\n"
