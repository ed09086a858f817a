"""How long a worker may take for what it is asked; all of it is measured here, on the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck.image import ImageLayout


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a worker that does not answer is ended."""

    hello_s: float = 5.0
    """From the start of the process to its first message."""
    load_s: float = 10.0
    """For opening one plugin: its constructors and its ``Init``."""
    call_s: float = 2.0
    """For one call, and for a transform of up to ``call_megapixels``."""
    stop_s: float = 2.0
    """For ending in good order; then it is killed."""
    call_megapixels: float = 4.0
    """Larger pictures have more time, in proportion: an export may take long, the preview finds what hangs."""

    def transform_s(self, layout: ImageLayout) -> float:
        """For a transform of a picture of this size."""
        megapixels = layout.width * layout.height / 1e6
        return self.call_s * max(1.0, megapixels / self.call_megapixels)
