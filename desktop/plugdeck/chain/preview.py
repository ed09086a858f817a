"""The picture as the chain makes it, always the latest: first at the preview's size, then at full size.

One thread renders. A request that comes while it renders makes the running one end early, so nothing queues up.
Pictures are copied out of shared memory before they are handed on: no plugin can change a picture that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from time import monotonic

from plugdeck.chain.chain import Chain
from plugdeck.chain.render import RenderCancelledError, Renderer, Run
from plugdeck.chain.step import sentence_of
from plugdeck.chain.transform_host import FrameFactory
from plugdeck.chain.uncaught import tell_uncaught
from plugdeck.errors import PlugdeckError
from plugdeck.image import Image

Resize = Callable[[Image, int, int], Image]
"""Scales a picture smoothly to a width and a height in pixels; called on the preview's thread."""

# While a control is being dragged, the full picture waits until it rests for this long.
_REST_S = 0.25
# A plugin that hangs has its whole deadline, and ends at once when the chain is closed: no reason to wait for it.
_CLOSING_S = 1.0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished picture."""

    image: Image
    source: Image
    """The very picture that it was made from, at full size."""
    scale: float
    """``image`` relative to the whole picture."""
    is_full: bool
    generation: int
    """Which request it answers; grows."""
    skipped: tuple[str, ...]
    """A phrase for each switched-on step that is missing from the picture."""


class Preview:
    """Renders a chain over a source picture on a thread of its own; the latest request wins."""

    def __init__(
        self,
        chain: Chain,
        frames: FrameFactory,
        resize: Resize,
        on_rendered: Callable[[Rendered], None],
        on_failed: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._chain = chain
        self._frames = frames
        self._resize = resize
        self._on_rendered = on_rendered
        self._on_failed = on_failed
        self._wake = Condition()
        self._source: Image | None = None
        self._source_number = 0
        self._limit = (1280, 1280)
        self._generation = 0
        self._interactive_until = 0.0
        self._closed = False
        self._renderers: dict[tuple[int, int, int], Renderer] = {}
        self._shown: tuple[object, ...] = ()
        self._forget_chain = chain.on_change(self._chain_changed)
        self._thread = Thread(target=self._loop, name="plugdeck-preview", daemon=True)
        self._thread.start()

    @property
    def source(self) -> Image | None:
        """The picture that the chain runs over."""
        return self._source

    def set_source(self, image: Image) -> None:
        """Takes another picture; returns at once."""
        with self._wake:
            self._source = image
            self._source_number += 1
            self._generation += 1
            self._interactive_until = 0.0
            self._wake.notify()

    def set_view_limit(self, width: int, height: int) -> None:
        """Sets how large the first, quick picture may be: what the view can show, in device pixels."""
        limit = (max(64, width), max(64, height))
        if limit != self._limit:
            self._limit = limit
            self.request()

    def request(self, interactive: bool = False) -> None:
        """Asks for a new picture; returns at once. While ``interactive``, the full size waits for a rest."""
        with self._wake:
            self._generation += 1
            self._interactive_until = monotonic() + _REST_S if interactive else 0.0
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread. Nothing is delivered any more once this returns.

        A call into a plugin that hangs is not waited for: it ends when the chain is closed.
        """
        self._forget_chain()
        with self._wake:
            self._closed = True
            self._generation += 1
            self._wake.notify()
        self._thread.join(_CLOSING_S)

    def _chain_changed(self) -> None:
        """Renders again when what changed shows in the picture, such as a step that crashed while idle."""
        if self._what_shows() != self._shown:
            with self._wake:
                self._generation += 1
                self._wake.notify()

    def _what_shows(self) -> tuple[object, ...]:
        return tuple(
            (step.key, self._chain.revision(step.key), step.standing, step.enabled) for step in self._chain.steps()
        )

    def _loop(self) -> None:
        done = 0
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._generation != done)  # noqa: B023 - used at once
                if self._closed:
                    break
                done, source, number = self._generation, self._source, self._source_number
            if source:
                self._render_guarded(source, number, done)
        self._drop_renderers(keep=set())

    def _render_guarded(self, source: Image, number: int, generation: int) -> None:
        """What goes wrong ends this rendering, never the thread: it would be the last picture."""
        try:
            self._render(source, number, generation)
        except RenderCancelledError:
            return
        except PlugdeckError as error:
            self._fail(sentence_of(error))
        except (MemoryError, OSError) as error:
            self._drop_renderers(keep=set())
            reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
            self._fail(f"There is not enough memory to show the picture{reason}. Use a smaller one.")
        except Exception:  # noqa: BLE001 - the thread's top level
            tell_uncaught()

    def _fail(self, sentence: str) -> None:
        if not self._closed:
            self._on_failed(sentence)

    def _render(self, source: Image, number: int, generation: int) -> None:
        width, height = source.layout.width, source.layout.height
        scale = min(1.0, self._limit[0] / width, self._limit[1] / height)
        if scale < 1:
            self._render_at(source, number, generation, scale)
            self._rest(generation)
        self._render_at(source, number, generation, 1.0)

    def _rest(self, generation: int) -> None:
        """Waits while a control is dragged; ends the rendering when a newer request comes."""
        with self._wake:
            rest_s = self._interactive_until - monotonic()
            if rest_s > 0:
                self._wake.wait_for(lambda: self._is_old(generation), timeout=rest_s)
        if self._is_old(generation):
            raise RenderCancelledError("A newer picture is wanted.")

    def _is_old(self, generation: int) -> bool:
        return self._closed or self._generation != generation

    def _render_at(self, source: Image, number: int, generation: int, scale: float) -> None:
        self._shown = self._what_shows()
        renderer = self._renderer(source, number, scale)
        run = renderer.run(self._chain.steps(), lambda: self._is_old(generation))
        image = run.read()
        if self._is_old(generation):
            raise RenderCancelledError("A newer picture is wanted.")
        self._on_rendered(
            Rendered(
                image=image,
                source=source,
                scale=scale,
                is_full=scale == 1,
                generation=generation,
                skipped=tuple(run.skipped),
            )
        )
        if scale == 1:
            self._note(run)

    def _note(self, run: Run) -> None:
        if run.milliseconds:
            self._chain.note_milliseconds(run.milliseconds)

    def _renderer(self, source: Image, number: int, scale: float) -> Renderer:
        """The renderer for this picture and size; at most one reduced and one full one are kept."""
        width = max(1, round(source.layout.width * scale))
        height = max(1, round(source.layout.height * scale))
        full = (number, source.layout.width, source.layout.height)
        wanted = (number, width, height)
        self._drop_renderers(keep={full, wanted} if scale < 1 else {full, *self._reduced(number)})
        if wanted not in self._renderers:
            image = source if scale == 1 else self._resize(source, width, height)
            self._renderers[wanted] = Renderer(self._chain, image, self._frames, scale)
        return self._renderers[wanted]

    def _reduced(self, number: int) -> set[tuple[int, int, int]]:
        return {size for size in self._renderers if size[0] == number}

    def _drop_renderers(self, keep: set[tuple[int, int, int]]) -> None:
        for size in [size for size in self._renderers if size not in keep]:
            self._renderers.pop(size).close()
