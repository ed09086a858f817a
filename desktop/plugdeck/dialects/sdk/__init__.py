"""Our own contract, ``plugdeck.h``: everything a plugin promises is in ELF notes of owner "Plugdeck"."""

from plugdeck.dialects.sdk.recognise import HOST_ABI, HOST_ABI_MINIMUM, recognise

__all__ = ["HOST_ABI", "HOST_ABI_MINIMUM", "recognise"]
