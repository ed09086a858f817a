from plugdeck.hosting.plugin_log import KEPT_LINES, LogLevel, LogSource, PluginLog


def test_only_the_newest_lines_are_kept():
    log = PluginLog()
    for number in range(KEPT_LINES + 10):
        log.add(LogSource.PLUGIN, LogLevel.INFO, str(number))
    assert len(log.lines()) == KEPT_LINES
    assert log.lines()[-1].text == str(KEPT_LINES + 9)


def test_long_lines_are_cut():
    log = PluginLog()
    log.add(LogSource.STDOUT, LogLevel.INFO, "x" * 100_000)
    assert len(log.lines()[0].text) == 4000
    assert log.lines()[0].text.endswith("…")


def test_listeners_get_each_line_until_they_leave():
    log, lines = PluginLog(), []
    forget = log.on_line(lines.append)
    log.add(LogSource.PLUGIN, LogLevel.ERROR, "one")
    forget()
    log.add(LogSource.PLUGIN, LogLevel.ERROR, "two")
    assert [(line.source, line.level, line.text) for line in lines] == [(LogSource.PLUGIN, LogLevel.ERROR, "one")]
