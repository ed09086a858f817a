"""The text of a detached signature, ``NAME.so.sig``: four lines of ASCII, in this order, each ended by a newline.

    plugdeck-signature: 1
    sha256: HEX                 of the signed file's bytes
    author: ed25519:BASE64      the author's public key, 32 bytes
    signature: BASE64           64 bytes, by Ed25519 (RFC 8032) over the message below

The message is the text ``Plugdeck signature of a file, format 1``, a newline, the 32 bytes of the public key and the 32
bytes of the hash: no other use of the key signs anything that begins so, and every part has a fixed length. A signature
holds for the file's bytes alone: its name and place say nothing, and are not signed.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from plugdeck.trust.ed25519 import KEY_BYTES, SIGNATURE_BYTES, is_weak

_KEY_PREFIX = "ed25519:"
_PURPOSE = b"Plugdeck signature of a file, format 1\n"
_TEXT = re.compile(
    r"plugdeck-signature: 1\nsha256: ([0-9a-f]{64})\nauthor: (ed25519:[A-Za-z0-9+/]{43}=)\n"
    r"signature: ([A-Za-z0-9+/]{86}==)\n"
)


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What such a file says; whether it is true is another matter."""

    sha256: str
    key: str
    """The author's public key as text: ``ed25519:BASE64``."""
    signature: bytes

    def to_bytes(self) -> bytes:
        """As the file has it."""
        encoded = b64encode(self.signature).decode("ascii")
        lines = ("plugdeck-signature: 1", f"sha256: {self.sha256}", f"author: {self.key}", f"signature: {encoded}", "")
        return "\n".join(lines).encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes) -> SignatureText:
        """The reverse, of any bytes.

        Raises:
            ValueError: they are no such text.
        """
        match = _TEXT.fullmatch(content.decode("ascii"))
        if not match:
            raise ValueError("it is not written as a signature is")
        key_bytes(match[2])
        return cls(match[1], match[2], _from_base64(match[3], SIGNATURE_BYTES))

    @property
    def message(self) -> bytes:
        """What the author signed, if he did."""
        return message_of(self.key, self.sha256)


def message_of(key: str, sha256: str) -> bytes:
    """What the owner of a key signs for a file's hash."""
    return _PURPOSE + key_bytes(key) + bytes.fromhex(sha256)


def key_text(public: bytes) -> str:
    """A public key as text, which fits on a line and into a message to somebody."""
    return f"{_KEY_PREFIX}{b64encode(public).decode('ascii')}"


def key_bytes(text: str) -> bytes:
    """The reverse.

    Raises:
        ValueError: it is no public key as it is written here.
    """
    if not text.startswith(_KEY_PREFIX):
        raise ValueError("a public key begins with ed25519:")
    public = _from_base64(text.removeprefix(_KEY_PREFIX), KEY_BYTES)
    if is_weak(public):
        raise ValueError("anybody could sign with this key")
    return public


def is_key(text: str) -> bool:
    """Whether this is a public key as it is written here."""
    try:
        key_bytes(text)
    except ValueError:
        return False
    return True


def _from_base64(text: str, length: int) -> bytes:
    """The bytes, of the one text that stands for them: no two spellings are the same key."""
    content = b64decode(text, validate=True)
    if len(content) != length or b64encode(content).decode("ascii") != text:
        raise ValueError(f"it does not stand for {length} bytes")
    return content
