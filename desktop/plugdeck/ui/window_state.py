"""The window as the user left it: size, splitters, columns, sorting, folder; kept in the settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSplitter

from plugdeck import paths
from plugdeck.settings import Settings
from plugdeck.ui.plugins.column import Column

if TYPE_CHECKING:
    from plugdeck.ui.plugins.table_view import PluginTableView
    from plugdeck.ui.shell import Shell

DEFAULT_SIZE = (1280, 800)
SMALLEST_SIZE = (760, 500)
_FRAME = (16, 48)
"""Room for borders and title bar: how large they are is known only once the window is on the screen."""
_LIST_WIDTH = 570
_COLUMNS = "window.columns"


def restore_window(shell: Shell, settings: Settings, size: tuple[int, int] | None = None) -> None:
    """Gives the window the size and the choices of the last session; what does not make sense is left out."""
    kept = settings.get("window.size", list(DEFAULT_SIZE))
    wanted = size or (tuple(kept) if _are_sizes(kept, 2) else DEFAULT_SIZE)
    shell.resize(fitting_size(QSize(*wanted), shell.screen().availableSize()) if size is None else QSize(*wanted))
    if settings.get("window.maximized", False) and size is None:
        shell.setWindowState(Qt.WindowState.WindowMaximized)
    half = shell.width() // 2
    shell.splitters["whole"].setSizes([min(_LIST_WIDTH, half), shell.width() - min(_LIST_WIDTH, half)])
    for name, splitter in shell.splitters.items():
        _restore_splitter(splitter, settings.get(f"window.splitter.{name}", [0]), shell.width())
    shell.plugins.prepare_table = lambda table: _restore_table(table, settings)
    shell.plugins.filter.choose_status(settings.get("plugins.status", ""))
    shell.plugins.folders.set_recent([Path(folder) for folder in _texts(settings.get("plugins.recent", [""]))])


def restore_folder(shell: Shell, settings: Settings) -> None:
    """Opens the folder of the last session; at the first start the installed plugins, where there are any."""
    kept = settings.get("plugins.folder", "")
    if kept:
        shell.plugins.open_folder(Path(kept))
    elif paths.plugin_folder().is_dir():
        shell.plugins.open_folder(paths.plugin_folder())


def restore_host(shell: Shell, settings: Settings) -> None:
    """Has the first scan judge for the host of the last session, which is known to the window only later."""
    if settings.get("hosts.chosen", {}):
        from plugdeck.ui.host.recent import RecentHosts  # not on the way to a window for the own worker

        shell.plugins.feed.host = RecentHosts(settings).chosen


def fitting_size(wanted: QSize, available: QSize) -> QSize:
    """The wanted size where it is sensible, but never more than the screen has room for with the window's frame."""
    return wanted.expandedTo(QSize(*SMALLEST_SIZE)).boundedTo(available - QSize(*_FRAME))


def store_window(shell: Shell, settings: Settings, *, leave_out: Collection[str] = ()) -> None:
    """Notes everything for the next ``save``, but for the splitters that are named."""
    normal = shell.normalGeometry() if shell.isMaximized() else shell.geometry()
    settings.set("window.size", [normal.width(), normal.height()])
    settings.set("window.maximized", shell.isMaximized())
    for name in shell.splitters.keys() - set(leave_out):
        settings.set(f"window.splitter.{name}", shell.splitters[name].sizes())
    header = shell.plugins.table.horizontalHeader()
    settings.set(_COLUMNS, shell.plugins.table.column_widths)
    settings.set("window.sort_column", header.sortIndicatorSection())
    settings.set("window.sort_descending", header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder)
    settings.set("plugins.status", shell.plugins.filter.status.currentData())
    settings.set("plugins.recent", [str(folder) for folder in shell.plugins.folders.recent])
    settings.set("plugins.folder", str(shell.plugins.feed.folder or ""))


def _restore_table(table: PluginTableView, settings: Settings) -> None:
    header = table.horizontalHeader()
    widths = settings.get(_COLUMNS, [0])
    if _are_sizes(widths, len(Column)):
        for column in Column:
            header.resizeSection(column, widths[column])
    sorted_by = settings.get("window.sort_column", int(Column.NAME))
    descending = settings.get("window.sort_descending", False)
    if 0 <= sorted_by < len(Column) and (sorted_by or descending):
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(sorted_by, order)


def _restore_splitter(splitter: QSplitter, sizes: object, width: int) -> None:
    """In a window that is narrower now, each side keeps its share, or all would be taken from the right one."""
    if isinstance(sizes, Sequence) and _are_sizes(sizes, splitter.count()):
        is_cut = splitter.orientation() is Qt.Orientation.Horizontal and sum(sizes) > width
        splitter.setSizes([size * width // sum(sizes) for size in sizes] if is_cut else list(sizes))


def _are_sizes(values: Sequence[object], count: int) -> bool:
    """Whether these are ``count`` plausible numbers of pixels; the file may have been edited."""
    numbers = [value for value in values if isinstance(value, int) and 0 <= value <= 20000]
    return len(values) == count == len(numbers) and any(numbers)


def _texts(values: Sequence[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and value and "\0" not in value]
