"""Signatures of files: whose they are, what they hold for, and what becomes of damaged, wrong and hostile ones."""

import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugdeck.catalogue.side_files import MOST_SIGNATURE_BYTES, signature_path
from plugdeck.errors import PlugdeckError
from plugdeck.trust.authors import Authors
from plugdeck.trust.ed25519 import is_signed, new_private_key, public_key, sign
from plugdeck.trust.signature_file import SignatureText, key_bytes, key_text, message_of
from plugdeck.trust.signatures import SignatureState, read_signature, signature_of_file

patient = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def judge(sha256):
    return lambda path: read_signature(path, sha256(path), Authors())


def test_a_known_authors_signature_is_verified_by_the_users_name_for_him(ada, file, judge):
    assert ada.sign_file(file) == signature_path(file)

    signature = judge(file)

    assert (signature.state, signature.author, signature.key) == (SignatureState.VERIFIED, "Ada", ada.public)
    assert signature.is_verified
    assert not signature.is_bad
    assert "Ada" in signature.words


def test_a_signature_by_a_key_that_nobody_knows_is_named_by_the_key(key, file, judge):
    key.sign_file(file)

    signature = judge(file)

    assert signature.state is SignatureState.UNKNOWN_AUTHOR
    assert not signature.is_verified
    assert not signature.is_bad
    assert key.public in signature.words


def test_a_file_without_a_signature_is_unsigned(file, judge):
    assert judge(file).state is SignatureState.UNSIGNED
    assert signature_of_file(file, Authors()).state is SignatureState.UNSIGNED


def test_a_name_too_long_for_a_signature_beside_it_is_unsigned(tmp_path, judge):
    path = tmp_path / ("x" * 252 + ".so")
    path.write_bytes(b"")

    assert judge(path).state is SignatureState.UNSIGNED


def test_a_changed_file_has_a_signature_for_other_bytes(ada, file, judge):
    ada.sign_file(file)
    file.write_bytes(file.read_bytes() + b"!")

    signature = judge(file)

    assert signature.state is SignatureState.OTHER_BYTES
    assert signature.is_bad
    assert signature_of_file(file, Authors()).is_bad


def test_another_files_signature_is_none_for_this_one(ada, file, tmp_path, judge):
    other = tmp_path / "other.so"
    other.write_bytes(b"other bytes")
    ada.sign_file(other)

    shutil.copy(signature_path(other), signature_path(file))

    assert judge(file).state is SignatureState.OTHER_BYTES


def test_a_signature_whose_hash_was_changed_to_fit_is_wrong(ada, file, tmp_path, judge, sha256):
    other = tmp_path / "other.so"
    other.write_bytes(b"other bytes")
    ada.sign_file(other)
    text = signature_path(other).read_text().replace(sha256(other), sha256(file))

    signature_path(file).write_text(text)

    signature = judge(file)
    assert signature.state is SignatureState.WRONG
    assert signature.is_bad


def test_a_signature_that_names_another_author_is_wrong(ada, file, judge):
    ada.sign_file(file)
    stranger = key_text(public_key(new_private_key()))

    for key, signer in ((stranger, ada.public), (ada.public, stranger)):
        text = signature_path(file).read_text().replace(signer, key)
        signature_path(file).write_text(text)
        expected = SignatureState.WRONG if key == stranger else SignatureState.VERIFIED
        assert judge(file).state is expected


def test_what_the_key_signed_for_another_purpose_is_no_signature_of_a_file(file, judge, sha256):
    pem = new_private_key()
    public = key_text(public_key(pem))
    Authors().add(public, "Ada")
    digest = sha256(file)
    for message in (
        bytes.fromhex(digest),
        digest.encode(),
        key_bytes(public) + bytes.fromhex(digest),
        file.read_bytes(),
    ):
        signature_path(file).write_bytes(SignatureText(digest, public, sign(pem, message)).to_bytes())
        assert judge(file).state is SignatureState.WRONG
    right = SignatureText(digest, public, sign(pem, message_of(public, digest)))
    signature_path(file).write_bytes(right.to_bytes())
    assert judge(file).is_verified


@patient
@given(st.integers(0, 1000), st.integers(0, 7))
def test_no_signature_holds_with_a_bit_changed(file, place, bit):
    pem = PEM
    public, digest = key_text(public_key(pem)), "5f" * 32
    content = bytearray(SignatureText(digest, public, sign(pem, message_of(public, digest))).to_bytes())
    content[place % len(content)] ^= 1 << bit
    signature_path(file).write_bytes(content)

    assert read_signature(file, digest, Authors()).is_bad


PEM = new_private_key()


@patient
@given(st.binary(max_size=2 * MOST_SIGNATURE_BYTES))
def test_any_bytes_beside_the_file_are_a_damaged_signature(file, content):
    signature_path(file).write_bytes(content)

    signature = read_signature(file, "5f" * 32, Authors())

    assert signature.state is SignatureState.DAMAGED
    assert signature.is_bad


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(": 1", ": 2"),
        lambda text: text.replace("=\n", "\n", 1),
        lambda text: "\n".join(reversed(text.split("\n"))),
        lambda text: text.replace("ed25519", "rsa"),
        lambda text: text.replace("plugdeck", "plugdéck"),
        lambda text: "",
    ],
)
def test_every_other_spelling_is_damage(change, ada, file, judge):
    ada.sign_file(file)
    signature_path(file).write_text(change(signature_path(file).read_text()), encoding="utf-8")

    assert judge(file).state is SignatureState.DAMAGED


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless", "loop"])
def test_what_is_no_file_in_a_signatures_place_is_damage_and_is_not_waited_for(kind, file, judge):
    place = signature_path(file)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero" if kind == "endless" else place)

    signature = judge(file)

    assert signature.state is SignatureState.DAMAGED
    assert "cannot be read" in signature.words


def test_a_key_has_one_spelling():
    text = key_text(public_key(PEM))
    tail = text[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = text[:-2] + alphabet[alphabet.index(tail) ^ 1] + "="  # bits that base64 does not use

    assert b64decode(other.removeprefix("ed25519:")) == key_bytes(text)
    with pytest.raises(ValueError, match="32 bytes"):
        key_bytes(other)


@patient
@given(st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: f"ed25519:{b64encode(raw).decode()}"))
def test_any_text_is_a_key_of_32_bytes_or_refused(text):
    try:
        assert len(key_bytes(text)) == 32
    except ValueError:
        return
    assert key_text(key_bytes(text)) == text


def test_openssl_agrees_on_a_signature(key, file, tmp_path, sha256):
    """A peer that shares no code with us: the format is what its description says."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command")
    key.sign_file(file)
    lines = dict(line.split(": ", 1) for line in signature_path(file).read_text().splitlines())
    prefix = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what comes before a public key in DER
    public = b64decode(lines["author"].removeprefix("ed25519:"))
    (tmp_path / "key.der").write_bytes(prefix + public)
    digest = bytes.fromhex(lines["sha256"])
    (tmp_path / "message").write_bytes(b"Plugdeck signature of a file, format 1\n" + public + digest)
    (tmp_path / "signature").write_bytes(b64decode(lines["signature"]))
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature"

    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert lines["sha256"] == sha256(file)


def test_without_the_package_a_signature_is_not_checked_and_says_what_to_install(ada, file, judge, monkeypatch):
    ada.sign_file(file)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)

    signature = judge(file)

    assert signature.state is SignatureState.NOT_CHECKED
    assert not signature.is_verified
    _, into, command = signature.words.partition(sys.executable)
    assert into, "the line must fill the Python that runs"
    assert command.endswith(" install cryptography")


def test_a_file_that_cannot_be_read_has_no_checked_signature(ada, file):
    ada.sign_file(file)
    file.unlink()
    file.mkdir()

    assert signature_of_file(file, Authors()).state is SignatureState.NOT_CHECKED


def test_a_wrong_key_verifies_nothing_and_never_raises():
    assert not is_signed(b"", b"", b"")
    assert not is_signed(b"\xff" * 32, bytes(64), b"x")
    assert not is_signed(public_key(PEM), b"", b"")


WEAK = ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "00" * 31 + "80"]
ORDER_8 = ["26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"]
ORDER_8 += ["c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"]


@pytest.mark.parametrize("public", [*WEAK, *ORDER_8, ORDER_8[0][:-2] + "85", ORDER_8[1][:-2] + "fa"])
def test_keys_that_anybody_can_sign_with_are_none(public, file):
    with pytest.raises(ValueError, match="anybody"):
        key_bytes(key_text(bytes.fromhex(public)))
    with pytest.raises(PlugdeckError, match="no public key"):
        Authors().add(key_text(bytes.fromhex(public)), "Ada")

    text = SignatureText("5f" * 32, key_text(bytes.fromhex(public)), bytes(64))
    signature_path(file).write_bytes(text.to_bytes())
    assert read_signature(file, "5f" * 32, Authors()).state is SignatureState.DAMAGED
