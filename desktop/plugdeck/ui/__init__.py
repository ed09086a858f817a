"""The window: the only place, with ``app``, that imports Qt."""
