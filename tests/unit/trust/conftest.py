"""A file to be signed, and keys."""

import hashlib

import pytest

from plugdeck.trust.authors import Authors
from plugdeck.trust.own_key import OwnKey


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plugin.so"
    path.write_bytes(b"\x7fELF, or what passes for it")
    return path


@pytest.fixture
def sha256():
    """``sha256(path)``, by Python's own library."""
    return lambda path: hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def key():
    """A key of the user's own, which he does not know as an author's yet."""
    return OwnKey.create()


@pytest.fixture
def ada(key):
    """The same, known as Ada's."""
    Authors().add(key.public, "Ada")
    return key
