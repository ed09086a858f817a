"""Bytes to facts: what a binary says of itself, read without running any of it.

The reader is our own, bounded by the file's length and by fixed limits, and reads with ``pread``. Rejected:

- mapping the file: truncating it under the map ends the process with SIGBUS;
- LIEF: minutes and gigabytes on a large sparse file, and half a parse of four bytes;
- pyelftools: a crafted count makes it loop or fill the memory, and it is several times slower;
- ``ldd``: it executes the file.
"""

from plugdeck.binary.reading import identity_of, read

__all__ = ["identity_of", "read"]
