"""What the widgets of the chain and the preview need of the bridge: signals on the GUI thread."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import SignalInstance


class ChainNews(Protocol):
    """Tells of the chain."""

    @property
    def steps_changed(self) -> SignalInstance:
        """Something about the chain changed."""


class PictureNews(ChainNews, Protocol):
    """Tells of the chain and of what it made."""

    @property
    def rendered(self) -> SignalInstance:
        """A ``Rendered`` arrived."""
