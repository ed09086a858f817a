"""Ed25519 (RFC 8032), by the package ``cryptography``: it is imported when a signature is made or checked, and may be
missing.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from plugdeck.errors import PlugdeckError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_PRIME = 2**255 - 19
_ORDER_8 = 0x5FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
"""The second coordinate of points of order 8."""
_WEAK = {0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8}


class SignaturesMissingError(PlugdeckError):
    """The package that signs and verifies is not there, or cannot do it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Signatures can be neither made nor checked here: {reason}.",
            remedy=f"Install it with: {_pip()} install cryptography",
        )


def new_private_key() -> bytes:
    """A new private key from the system's random numbers, as PEM (PKCS #8, unencrypted). Raises PlugdeckError."""
    key = _ed25519().Ed25519PrivateKey.generate()
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_key(private_key: bytes) -> bytes:
    """The 32 bytes of the public key that belongs to this PEM.

    Raises:
        SignaturesMissingError: nothing can be signed here.
        ValueError: it is no private Ed25519 key.
    """
    key = _private(private_key).public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private_key: bytes, message: bytes) -> bytes:
    """The 64 bytes of the signature. Raises as ``public_key`` does."""
    return _private(private_key).sign(message)


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key's owner signed exactly this message.

    Raises:
        SignaturesMissingError: nothing can be checked here.
    """
    ed25519 = _ed25519()
    from cryptography.exceptions import InvalidSignature

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_weak(public: bytes) -> bool:
    """Whether the key is one of the points of small order, for which anybody can sign: no private key makes one."""
    without_sign = int.from_bytes(public, "little") & (2**255 - 1)
    return without_sign % _PRIME in _WEAK


def _private(pem: bytes) -> Ed25519PrivateKey:
    _ed25519()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:  # TypeError: it has a passphrase
        raise ValueError("it is no private key without a passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is a key of another kind")
    return key


def _pip() -> str:
    """The command that fills the very Python that runs this, which is often not the one of the user's PATH."""
    python = shlex.quote(sys.executable)
    return f"{python} -m pip" if find_spec("pip") else f"python3 -m pip --python {python}"


def _ed25519() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise SignaturesMissingError("the Python package “cryptography” is not installed") from error
    return ed25519
