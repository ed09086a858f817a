"""The contracts that plugins speak: one folder each, and a registry in ``recognise``.

A dialect's ``recognise.py`` turns facts into a manifest without native code; its ``bind.py`` turns an opened
library into something to call.
"""
