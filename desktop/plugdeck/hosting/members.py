"""The plugins of a process by their slots; what the process writes goes to their logs."""

from __future__ import annotations

from itertools import count

from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource

_IN_PROCESS = (PluginState.LOADING, PluginState.LOADED)


class Members:
    """Any thread. A slot is never given twice: a late line must not get into another plugin's log."""

    def __init__(self) -> None:
        self._slots = count()
        self._plugins: dict[int, HostedPlugin] = {}

    def next_slot(self) -> int:
        """A slot that no plugin has had."""
        return next(self._slots)

    def admit(self, plugin: HostedPlugin) -> None:
        """The plugin is one of them from now on, or still."""
        self._plugins[plugin.slot] = plugin

    def dismiss(self, plugin: HostedPlugin) -> None:
        """It is none of them any more; one that has moved on has a slot of its new process, which another has here."""
        if self.has(plugin):
            self._plugins.pop(plugin.slot, None)

    def has(self, plugin: HostedPlugin) -> bool:
        """Whether it is one of them."""
        return self._plugins.get(plugin.slot) is plugin

    def move(self, plugin: HostedPlugin, to: Members) -> None:
        """It is one of ``to`` from now on, with a slot of theirs."""
        self.dismiss(plugin)
        plugin.slot = to.next_slot()
        to.admit(plugin)

    def wanted(self, *, unless_loaded: bool = False) -> list[HostedPlugin]:
        """Those that are to be loaded whenever the process runs, in the order in which they came."""
        wanted = [plugin for plugin in list(self._plugins.values()) if plugin.standing.is_wanted]
        return [plugin for plugin in wanted if not (unless_loaded and plugin.is_loaded)]

    def there(self) -> dict[int, HostedPlugin]:
        """Those that are in the process now, or are being loaded into it."""
        return {slot: plugin for slot, plugin in list(self._plugins.items()) if plugin.state in _IN_PROCESS}

    def add_output(self, source: LogSource, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``: which of them wrote it is not known. Our own lines tell what the process was refused."""
        for plugin in list(self._plugins.values()):
            plugin.log.add(source, level, text)
            if source is LogSource.HOST:
                plugin.standing.tell_change()

    def add_logged(self, slot: int, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``."""
        if plugin := self._plugins.get(slot):
            plugin.log.add(LogSource.PLUGIN, level, text)
