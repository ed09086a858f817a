"""Renders the PNG icons of ``resources/icons`` from its two drawings: ``python packaging/render_icons.py``.

The results are kept in the repository, since desktops read icons by size and users have no renderer at hand. Small
sizes have a drawing of their own: what is clear at 128 pixels is mud at 16.
"""

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
SMALL_UP_TO = 24
SIZES = (16, 24, 32, 48, 64, 128, 256)


def render(drawing: Path, size: int) -> QImage:
    """The drawing as a transparent picture of ``size × size`` pixels."""
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(os.fspath(drawing)).render(painter)
    painter.end()
    return picture


def main() -> None:
    """Writes ``plugdeck-SIZE.png`` for each size."""
    for size in SIZES:
        drawing = "plugdeck-small.svg" if size <= SMALL_UP_TO else "plugdeck.svg"
        target = ICONS / f"plugdeck-{size}.png"
        if not render(ICONS / drawing, size).save(os.fspath(target)):
            raise SystemExit(f"{target} could not be written")


if __name__ == "__main__":
    main()
