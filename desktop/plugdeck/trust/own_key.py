"""The user's own key, for authors of plugins: made once, readable by nobody else, never overwritten.

It has no passphrase: whoever can read the user's files can sign in his name. Keep it on a machine that you trust.
"""

from __future__ import annotations

import os
from pathlib import Path

from plugdeck import paths
from plugdeck.atomic_file import replace_file, sync_folder
from plugdeck.catalogue.side_files import signature_path
from plugdeck.compat.system_files import read_at_most
from plugdeck.errors import PlugdeckError
from plugdeck.trust.content import sha256_of_file
from plugdeck.trust.ed25519 import new_private_key, public_key, sign
from plugdeck.trust.signature_file import SignatureText, key_text, message_of

FILE_NAME = "signing-key.pem"
_MOST_BYTES = 4096
_OTHERS = 0o077


class OwnKey:
    """The private key, in memory for as long as it is used."""

    def __init__(self, pem: bytes) -> None:
        """Raises ValueError when it is no private key."""
        self._pem = pem
        self.public = key_text(public_key(pem))
        """What others need to verify: ``ed25519:BASE64``."""

    @classmethod
    def path(cls) -> Path:
        """Where it is, or would be."""
        return paths.config_folder() / FILE_NAME

    @classmethod
    def refuse_second(cls) -> None:
        """Raises PlugdeckError when there is one already: before anything else is asked of a new one."""
        if os.path.lexists(cls.path()):
            raise _second(cls.path())

    @classmethod
    def create(cls) -> OwnKey:
        """A new one, on disk.

        Raises:
            PlugdeckError: there is one already, or it could not be written, or nothing can be signed here.
        """
        path, pem = cls.path(), new_private_key()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_new(path, pem)
        except FileExistsError as error:
            raise _second(path) from error
        except OSError as error:
            raise PlugdeckError(
                f"The key could not be written to {path}: {error.strerror or error}.",
                remedy="Free some space, or make the folder writable.",
            ) from error
        return cls(pem)

    @classmethod
    def load(cls) -> OwnKey:
        """The one that was made earlier.

        Raises:
            PlugdeckError: there is none, others may read it, or it is damaged.
        """
        path = cls.path()
        try:
            is_open = path.stat().st_mode & _OTHERS
            pem = read_at_most(path, _MOST_BYTES)
        except FileNotFoundError as error:
            raise PlugdeckError("You have no key to sign with.", remedy="Make one: plugdeck keys new NAME") from error
        except OSError as error:
            raise PlugdeckError(f"Your key in {path} cannot be read: {error.strerror or error}.") from error
        if is_open:
            raise PlugdeckError(
                f"Other users may read your key in {path}.",
                remedy=f"If nobody did, make it yours: chmod 600 {path}. Otherwise make a new one.",
            )
        try:
            return cls(pem)
        except ValueError as error:
            raise PlugdeckError(
                f"Your key in {path} is damaged: {error}.", remedy="Bring it back from a copy, or move it away."
            ) from error

    def sign_file(self, path: Path) -> Path:
        """Signs the file's bytes as they are now; returns where the signature is, in place of an earlier one.

        Raises:
            PlugdeckError: the file cannot be read, or the signature not written.
        """
        sha256 = sha256_of_file(path)
        signature = sign(self._pem, message_of(self.public, sha256))
        target = signature_path(path)
        if target.is_symlink():
            raise PlugdeckError(f"{target} is a link: what it leads to was left alone.", remedy="Remove the link.")
        try:
            replace_file(target, SignatureText(sha256, self.public, signature).to_bytes())
            target.chmod(0o644)  # it is for everybody, as the file is
        except OSError as error:
            raise PlugdeckError(f"{target} could not be written: {error.strerror or error}.") from error
        return target


def _second(path: Path) -> PlugdeckError:
    return PlugdeckError(
        f"You have a key already: {path}.", remedy="Move it away first, and keep it: it signed what you gave out."
    )


def _write_new(path: Path, content: bytes) -> None:
    """Never over another file, and never readable by others, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
