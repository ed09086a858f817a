"""The preview pane: the picture with its bar and its status line, and the ways in which pictures come and go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLayout, QStackedWidget, QVBoxLayout, QWidget

from plugdeck.chain.batch import export_chain
from plugdeck.chain.chain import Chain
from plugdeck.chain.preview import Preview, Rendered
from plugdeck.chain.transform_host import FrameFactory
from plugdeck.compat.finding import Severity
from plugdeck.image import Image
from plugdeck.paths import sample_picture
from plugdeck.ui.chain.news import PictureNews
from plugdeck.ui.pictures import to_qimage
from plugdeck.ui.plugins.placeholder import Placeholder
from plugdeck.ui.preview.awaiting import Awaiting
from plugdeck.ui.preview.export import Exported, Exporter
from plugdeck.ui.preview.incoming import Incoming, incoming_picture
from plugdeck.ui.preview.loading import PictureLoader
from plugdeck.ui.preview.message import Message
from plugdeck.ui.preview.picture_dialogs import ask_for_picture, ask_where_to_export
from plugdeck.ui.preview.progress_line import ProgressLine
from plugdeck.ui.preview.quick_size import QuickSize
from plugdeck.ui.preview.status_line import Showing, StatusLine
from plugdeck.ui.preview.toolbar import PictureActions, PictureBar
from plugdeck.ui.preview.view import PictureView


class PreviewPane(QWidget):
    """Shows what the chain makes of a picture; ``picture_actions`` holds what can be done with it."""

    picture_opened = Signal(str)
    """The name of the picture that is shown from now on."""
    message = Signal(str)
    """What happened, in a sentence; errors with their remedy. The pane shows it too."""

    def __init__(
        self, chain: Chain, preview: Preview, bridge: PictureNews, frames: FrameFactory, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._chain, self._preview = chain, preview
        self._source: Image | None = None
        self._name = ""
        self._rendered: Rendered | None = None
        self._folder: Path | None = None
        self.picture_actions = PictureActions(self)
        self.view = PictureView(self)
        self.bar = PictureBar(self.picture_actions, self.view.zoom_to, self)
        self.status = StatusLine(self)
        self.progress = ProgressLine(self)
        self.notices = Message(self)
        self.placeholder = Placeholder(self)
        self.loader = PictureLoader(self)
        self.exporter = Exporter(lambda image, cancelled: export_chain(image, chain, frames, cancelled), self)
        self.awaiting = Awaiting(chain, self)
        self._quick_size = QuickSize(preview, self.view)
        self._lay_out()
        self._connect(bridge)
        self.setAcceptDrops(True)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.view.addActions(self.picture_actions.of_view)
        self._show_state()

    @property
    def source(self) -> Image | None:
        """The picture that is shown, as it was opened."""
        return self._source

    def open_picture(self, path: Path) -> None:
        """Opens a file; the result, or why not, is told later."""
        self._folder = path.parent
        self.loader.load(path)

    def open_sample(self) -> None:
        """Opens the picture that comes with Plugdeck."""
        self.loader.load(sample_picture())

    def paste_picture(self) -> None:
        """Takes the picture, or the picture file, that is in the clipboard."""
        incoming = incoming_picture(QGuiApplication.clipboard().mimeData())
        if incoming:
            self._take(incoming, "Pasted picture")
        else:
            self._tell_error("The clipboard holds no picture.", "Copy a picture, or a picture file, and paste again.")

    def export_picture(self) -> None:
        """Asks for a file name, and saves the result at full size under it."""
        if self._source:
            ask_where_to_export(self, self._folder or Path.home(), self._name, self.export_to)

    def export_to(self, path: Path) -> None:
        """Saves the result at full size; progress is shown meanwhile and the outcome told."""
        if self._source:
            self._folder = path.parent
            self.progress.begin(f"Saving {path.name} at full size…", self.exporter.cancel)
            self.exporter.start(self._source, path)

    def refresh(self, interactive: bool) -> None:
        """Asks for a new picture; ``interactive`` while a control is being dragged."""
        self._preview.request(interactive)

    # --- putting it together

    def _lay_out(self) -> None:
        self.placeholder.say(
            "No picture yet",
            "Drop a picture here, paste one with Ctrl+V, or open one. Whatever the loaded transforms make of it "
            "is shown beside the original.",
            (("Open picture…", self._ask_for_picture), ("Use the sample", self.open_sample)),
        )
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.placeholder)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.notices)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumWidth(240)  # the height is up to the layout's hint, so that no message lies over the picture

    def _connect(self, bridge: PictureNews) -> None:
        actions, view = self.picture_actions, self.view
        actions.open.triggered.connect(self._ask_for_picture)
        actions.paste.triggered.connect(self.paste_picture)
        actions.sample.triggered.connect(self.open_sample)
        actions.export.triggered.connect(self.export_picture)
        actions.zoom_in.triggered.connect(lambda: view.zoom_step(1))
        actions.zoom_out.triggered.connect(lambda: view.zoom_step(-1))
        actions.fit.triggered.connect(view.fit)
        actions.actual_size.triggered.connect(lambda: view.zoom_to(1.0))
        actions.compare.toggled.connect(view.set_comparing)
        actions.original.toggled.connect(view.show_original)
        view.original_changed.connect(actions.original.setChecked)
        view.view_changed.connect(self._view_changed)
        self.loader.loaded.connect(self._show_picture)
        self.loader.failed.connect(self._tell_error)
        self.loader.busy_changed.connect(self._loading_changed)
        self.exporter.exported.connect(self._tell_exported)
        self.exporter.failed.connect(self._tell_error)
        self.exporter.busy_changed.connect(self._exporting_changed)
        self.awaiting.changed.connect(self._show_status)
        bridge.rendered.connect(self._show_result)
        bridge.steps_changed.connect(self.awaiting.look)
        bridge.steps_changed.connect(self._show_state)

    # --- what is shown

    def _show_picture(self, image: Image, name: str) -> None:
        self._source, self._name, self._rendered = image, name, None
        self.view.set_original(to_qimage(image))
        self._stack.setCurrentWidget(self.view)
        self.notices.clear()
        self._quick_size.tell()
        self._preview.set_source(image)
        self.awaiting.expect()
        self._show_state()
        self.picture_opened.emit(name)

    def _show_result(self, rendered: Rendered) -> None:
        if rendered.source is not self._source:
            return  # of the picture before this one
        self._rendered = rendered
        if rendered.is_full:
            self.awaiting.arrive()
        self.view.set_result(to_qimage(rendered.image))
        self._show_state()

    def _show_state(self) -> None:
        """Renews what depends on the picture, the result and the chain."""
        has_picture = self._source is not None
        has_result = self._rendered is not None and any(step.enabled for step in self._chain.steps())
        self.picture_actions.enable(has_picture=has_picture, has_result=has_result)
        self.view.set_has_result(has_result)
        self._show_status()

    def _show_status(self) -> None:
        self.bar.show_zoom(self.view.viewport.zoom)
        if self._source is None:
            self.status.show_this(None)
            return
        layout, zoom = self._source.layout, self.view.viewport.zoom
        late = self.awaiting.is_late
        self.status.show_this(Showing(self._name, layout.width, layout.height, zoom, self._rendered, late))

    def _view_changed(self) -> None:
        self._show_status()
        if self._source:
            self._quick_size.tell_soon()

    # --- pictures that come and go

    def _ask_for_picture(self) -> None:
        ask_for_picture(self, self._folder or Path.home(), self.open_picture)

    def _take(self, incoming: Incoming, name: str) -> None:
        if incoming.path:
            self.open_picture(incoming.path)
        elif incoming.encoded:
            self.loader.take_encoded(incoming.encoded, name)
        elif incoming.picture:
            self.loader.take(incoming.picture, name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes pictures; plugins go on to the window."""
        if incoming_picture(event.mimeData(), look_only=True):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.view.set_drop_hint(True)
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The picture went elsewhere."""
        self.view.set_drop_hint(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self.view.set_drop_hint(False)
        incoming = incoming_picture(event.mimeData())
        if incoming:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._take(incoming, "Dropped picture")
        else:
            event.ignore()

    # --- telling

    def _loading_changed(self, busy: bool) -> None:
        if busy:
            self.progress.begin("Opening the picture…", None)
        elif not self.exporter.is_busy:
            self.progress.end()

    def _exporting_changed(self, busy: bool) -> None:
        if not busy:
            self.progress.end()

    def _tell_exported(self, exported: Exported | None) -> None:
        if exported:
            self.notices.tell(exported.sentence, passing=not exported.missing)
            self.message.emit(exported.sentence)

    def _tell_error(self, sentence: str, remedy: str) -> None:
        text = f"{sentence} {remedy}".strip()
        self.notices.tell(text, severity=Severity.ERROR)
        self.message.emit(text)
