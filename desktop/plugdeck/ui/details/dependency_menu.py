"""What can be done with one library of the tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from plugdeck.ui.details.dependency_nodes import Node


def open_menu(parent: QWidget, node: Node, position: QPoint, go_to: Callable[[Path], object]) -> QMenu:
    """Shows the menu at a place on the screen; what makes no sense for the library is not offered."""
    menu = QMenu(parent)
    path = node.path
    if path:
        menu.addAction("&Go to this library", lambda: go_to(Path(path)))
        menu.addSeparator()
        menu.addAction("&Copy path", lambda: copy(path))
        menu.addAction("&Show in file manager", lambda: show_in_files(Path(path)))
    menu.addAction("Copy &name", lambda: copy(node.cells[0]))
    if node.cells[3]:
        menu.addAction("Copy &problem", lambda: copy(node.cells[3]))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(position)
    return menu


def copy(text: str) -> None:
    """Puts text into the clipboard."""
    QGuiApplication.clipboard().setText(text)


def show_in_files(path: Path) -> None:
    """Opens the folder of a file in the desktop's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
