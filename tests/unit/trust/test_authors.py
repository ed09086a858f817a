"""Whose signatures the user believes, and his own key."""

import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugdeck import paths
from plugdeck.catalogue.side_files import signature_path
from plugdeck.errors import PlugdeckError
from plugdeck.trust.authors import Authors
from plugdeck.trust.ed25519 import new_private_key, public_key
from plugdeck.trust.own_key import OwnKey
from plugdeck.trust.signature_file import key_text


@pytest.fixture
def keys():
    return [key_text(public_key(new_private_key())) for _ in range(3)]


@pytest.fixture
def authors_file():
    path = paths.config_folder() / "authors.toml"
    path.parent.mkdir(parents=True)
    return path


def test_authors_are_known_by_the_users_names_for_them_until_they_are_removed(keys):
    Authors().add(keys[0], "Grace")
    Authors().add(keys[1], " ada ")

    assert [author.name for author in Authors().all()] == ["ada", "Grace"]
    assert Authors().name_of(keys[0]) == "Grace"
    assert Authors().name_of(keys[2]) == ""
    assert Authors().remove("Grace").key == keys[0]
    assert Authors().remove(keys[1]).name == "ada"
    assert Authors().all() == ()


def test_a_key_may_be_renamed_and_a_name_belongs_to_one_key(keys):
    Authors().add(keys[0], "Ada")
    Authors().add(keys[0], "ada")
    Authors().add(keys[0], "Ada Lovelace")

    with pytest.raises(PlugdeckError, match="known with another key") as refused:
        Authors().add(keys[1], "ADA LOVELACE")
    assert refused.value.remedy
    assert [author.name for author in Authors().all()] == ["Ada Lovelace"]


@pytest.mark.parametrize("name", ["", "   ", "\t\n"])
def test_an_author_needs_a_name(name, keys):
    with pytest.raises(PlugdeckError, match="needs a name"):
        Authors().add(keys[0], name)


@pytest.mark.parametrize("key", ["", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 43 + "=", "ed25519:" + "A" * 44])
def test_what_is_no_key_is_refused_with_a_remedy(key):
    with pytest.raises(PlugdeckError, match="no public key") as refused:
        Authors().add(key, "Ada")
    assert refused.value.remedy


def test_removing_somebody_unknown_is_refused():
    with pytest.raises(PlugdeckError, match="No author"):
        Authors().remove("Ada\u202e")


def test_names_hide_nothing_and_are_cut(keys):
    Authors().add(keys[0], "Ada\u202e\x1b[31m" + "x" * 500)

    (author,) = Authors().all()
    assert "\x1b" not in author.name
    assert "\u202e" not in author.name
    assert len(author.name) == 100


def test_a_file_that_somebody_edited_gives_the_names_that_are_hidden_nowhere(authors_file, keys):
    authors_file.write_text(
        f'[authors]\n"{keys[0]}" = "line\\nbreak"\n"{keys[1]}" = 5\n"no key" = "Eve"\n"{keys[2]}" = ["x"]\n'
    )

    assert [author.name for author in Authors().all()] == ["line␊break"]
    assert Authors().name_of(keys[1]) == ""


@settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_file_of_authors_is_read_without_a_crash(authors_file, content):
    authors_file.write_bytes(content)

    authors = Authors()

    assert authors.all() == ()
    for kept in authors_file.parent.iterdir():
        kept.unlink()


def test_a_damaged_file_of_authors_is_kept_aside_and_nobody_is_believed(authors_file):
    authors_file.write_text("half a li")

    authors = Authors()

    assert authors.all() == ()
    assert "damaged-1" in authors.notice


def test_a_new_key_is_readable_by_its_owner_alone_and_never_overwritten(key):
    before = OwnKey.path().read_bytes()
    assert stat.S_IMODE(OwnKey.path().stat().st_mode) == 0o600

    with pytest.raises(PlugdeckError, match="have a key already") as refused:
        OwnKey.create()

    assert refused.value.remedy
    assert OwnKey.path().read_bytes() == before
    assert OwnKey.load().public == key.public


def test_without_a_key_the_remedy_is_to_make_one():
    with pytest.raises(PlugdeckError) as refused:
        OwnKey.load()
    assert "plugdeck keys new" in refused.value.remedy


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_key_that_others_may_use_signs_nothing(mode, key):
    OwnKey.path().chmod(mode)

    with pytest.raises(PlugdeckError, match="Other users") as refused:
        OwnKey.load()
    assert "chmod 600" in refused.value.remedy


RSA_LIKE = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIA==\n-----END PRIVATE KEY-----\n"
DAMAGED = [b"", b"\0" * 100, b"text", RSA_LIKE, b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_key_is_told(content):
    OwnKey.path().parent.mkdir(parents=True)
    OwnKey.path().write_bytes(content)
    OwnKey.path().chmod(0o600)

    with pytest.raises(PlugdeckError, match="damaged"):
        OwnKey.load()


def test_keys_of_another_kind_and_with_a_passphrase_are_told():
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    OwnKey.path().parent.mkdir(parents=True)
    for content, words in ((other, "another kind"), (locked, "passphrase")):
        OwnKey.path().write_bytes(content)
        OwnKey.path().chmod(0o600)
        with pytest.raises(PlugdeckError, match=words):
            OwnKey.load()


def test_a_key_in_the_place_of_a_pipe_is_not_waited_for():
    OwnKey.path().parent.mkdir(parents=True)
    os.mkfifo(OwnKey.path(), 0o600)

    with pytest.raises(PlugdeckError, match="cannot be read"):
        OwnKey.load()


def test_signing_again_replaces_the_signature_and_follows_no_link(key, file, tmp_path):
    target = key.sign_file(file)
    first = target.read_bytes()
    file.write_bytes(b"new")
    assert key.sign_file(file).read_bytes() != first

    precious = tmp_path / "precious"
    precious.write_text("mine")
    target.unlink()
    target.symlink_to(precious)
    with pytest.raises(PlugdeckError, match="is a link"):
        key.sign_file(file)
    assert precious.read_text() == "mine"


def test_signing_what_cannot_be_read_or_written_is_told(key, tmp_path):
    with pytest.raises(PlugdeckError):
        key.sign_file(tmp_path / "absent.so")
    with pytest.raises(PlugdeckError):
        key.sign_file(tmp_path)
    file = tmp_path / "plugin.so"
    file.write_bytes(b"")
    signature_path(file).mkdir()
    with pytest.raises(PlugdeckError, match="could not be written"):
        key.sign_file(file)
