"""Whether an author vouches for a file: the detached signature beside it, held against its bytes and the known keys."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from plugdeck.catalogue.side_files import MOST_SIGNATURE_BYTES, signature_path
from plugdeck.compat.system_files import read_at_most
from plugdeck.errors import PlugdeckError
from plugdeck.trust.authors import Authors
from plugdeck.trust.content import sha256_of_file
from plugdeck.trust.ed25519 import SignaturesMissingError, is_signed
from plugdeck.trust.signature_file import SignatureText, key_bytes


class SignatureState(StrEnum):
    """What is known of a file's signature."""

    VERIFIED = "verified"
    """By an author whom the user knows."""
    UNKNOWN_AUTHOR = "unknown-author"
    """It holds, but anybody may have made it."""
    UNSIGNED = "unsigned"
    NOT_CHECKED = "not-checked"
    """What checks signatures is not installed."""
    OTHER_BYTES = "other-bytes"
    """It was made for another file, or the file changed."""
    WRONG = "wrong"
    """Whoever it names did not make it."""
    DAMAGED = "damaged"
    LOST = "lost"
    """The file that was allowed at this place before was signed by a known author, and this one is not."""


_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_BAD = {SignatureState.OTHER_BYTES, SignatureState.WRONG, SignatureState.DAMAGED, SignatureState.LOST}


@dataclass(frozen=True, slots=True)
class Signature:
    """What is to be said of a file's signature."""

    state: SignatureState
    author: str = ""
    """As the user calls him: who signed it, or the file before it; else empty."""
    key: str = ""
    """The public key that the signature names, as ``ed25519:BASE64``; empty when it names none."""
    reason: str = ""
    """Why it is damaged or was not checked, as a phrase."""

    @property
    def is_verified(self) -> bool:
        """Whether an author whom the user knows vouches for these bytes."""
        return self.state is SignatureState.VERIFIED

    @property
    def is_bad(self) -> bool:
        """Whether it is worse than none: somebody or something changed the file or the signature."""
        return self.state in _BAD

    @property
    def words(self) -> str:
        """That as a sentence."""
        return _WORDS[self.state].format(author=self.author, key=self.key, reason=self.reason)


_WORDS = {
    SignatureState.VERIFIED: "Signed by {author}, whose key you know.",
    SignatureState.UNKNOWN_AUTHOR: "Signed with a key that you do not know, which anybody may have made: {key}",
    SignatureState.UNSIGNED: "Not signed.",
    SignatureState.NOT_CHECKED: "It has a signature, which was not checked: {reason}",
    SignatureState.OTHER_BYTES: "Its signature was made for another file, or the file was changed since. Do not run "
    "it unless you know why.",
    SignatureState.WRONG: "Its signature is wrong: it was not made with the key that it names, {key} Do not run it "
    "unless you know why.",
    SignatureState.LOST: "The file that you allowed before was signed by {author}, and this one is not. Do not run it "
    "unless you know why.",
    SignatureState.DAMAGED: "Its signature is damaged: {reason}. Do not run it unless you know why.",
}


def signature_of_file(path: Path, authors: Authors) -> Signature:
    """What the signature beside the file says of the bytes that the file has now. Does not raise."""
    if not os.path.lexists(signature_path(path)):
        return Signature(SignatureState.UNSIGNED)  # most are: their bytes are not read for that
    try:
        return read_signature(path, sha256_of_file(path), authors)
    except PlugdeckError as error:
        return Signature(SignatureState.NOT_CHECKED, reason=str(error))


def read_signature(path: Path, sha256: str, authors: Authors) -> Signature:
    """What the signature beside the file says of these bytes. Does not raise, whatever lies there."""
    try:
        content = read_at_most(signature_path(path), MOST_SIGNATURE_BYTES)
    except OSError as error:
        if error.errno in _NO_FILE:
            return Signature(SignatureState.UNSIGNED)
        return Signature(SignatureState.DAMAGED, reason=f"it cannot be read ({error.strerror or error})")
    try:
        said = SignatureText.from_bytes(content)
    except ValueError:
        return Signature(SignatureState.DAMAGED, reason="it is not written as a signature is")
    try:
        return _judge(said, sha256, authors)
    except SignaturesMissingError as error:
        return Signature(SignatureState.NOT_CHECKED, key=said.key, reason=f"{error} {error.remedy}")


def after_signed(signature: Signature, earlier_key: str, authors: Authors) -> Signature:
    """The signature of a file that took the place of one that the owner of this key signed.

    Leaving the signature out is the easiest way to hide a change, so that is told as loudly as a wrong one.
    """
    author = authors.name_of(earlier_key)
    if signature.is_verified or signature.is_bad or not author:
        return signature
    return Signature(SignatureState.LOST, author=author, key=signature.key)


def _judge(said: SignatureText, sha256: str, authors: Authors) -> Signature:
    if said.sha256 != sha256:
        return Signature(SignatureState.OTHER_BYTES, key=said.key)
    if not is_signed(key_bytes(said.key), said.signature, said.message):
        return Signature(SignatureState.WRONG, key=said.key)
    name = authors.name_of(said.key)
    state = SignatureState.VERIFIED if name else SignatureState.UNKNOWN_AUTHOR
    return Signature(state, author=name, key=said.key)
