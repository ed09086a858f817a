"""No contract: a shared object whose symbols can be looked at, and nothing more."""

from plugdeck.dialects.library.recognise import recognise

__all__ = ["recognise"]
