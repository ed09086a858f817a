"""``plugdeck sign``, ``verify`` and ``keys``: signatures of authors, and whose are believed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from plugdeck.cli_errors import complain, tell
from plugdeck.cli_json import Json, print_json, signature_json
from plugdeck.errors import PlugdeckError
from plugdeck.text import visible
from plugdeck.trust.authors import Author, Authors
from plugdeck.trust.content import sha256_of_file
from plugdeck.trust.own_key import OwnKey
from plugdeck.trust.signatures import read_signature


def sign_files(options: argparse.Namespace) -> int:
    """Writes a signature beside each file; 1 when one could not be."""
    key = OwnKey.load()
    done, failed = [], 0
    for path in options.files:
        try:
            signature = key.sign_file(path)
        except PlugdeckError as error:
            complain(error)
            failed = 1
            continue
        done.append({"path": str(path), "signature": str(signature), "key": key.public})
        if not options.json:
            print(f"{visible(str(path))}: signed, in {visible(str(signature))}")
    if options.json:
        print_json(done)
    return failed


def verify_files(options: argparse.Namespace) -> int:
    """Prints what each file's signature is worth; 1 unless authors whom the user knows signed all of them."""
    authors = _authors()
    rows, failed = [], 0
    for path in options.files:
        try:
            sha256 = sha256_of_file(path)
        except PlugdeckError as error:
            complain(error)
            failed = 1
            continue
        signature = read_signature(path, sha256, authors)
        rows.append({"path": str(path), "sha256": sha256, **signature_json(signature)})
        failed = failed if signature.is_verified else 1
        if not options.json:
            print(f"{visible(str(path))}: {visible(signature.words)}")
    if options.json:
        print_json(rows)
    return failed


def change_keys(options: argparse.Namespace) -> int:
    """``plugdeck keys list``, ``new NAME``, ``add KEY NAME`` and ``remove NAME``."""
    words, (act, expected) = options.words, _ACTS[options.act]
    if len(words) != len(expected):
        usage = " ".join(("plugdeck keys", options.act, *expected))
        raise PlugdeckError(f"plugdeck keys {options.act} does not take these words.", remedy=f"Write: {usage}")
    rows = act(words)
    if options.json:
        print_json(rows)
    else:
        for row in rows:
            print(f"{row['name']}  {row['key']}{'  (your own)' if row['own'] else ''}")
    return 0


def _list(_: Sequence[str]) -> list[Json]:
    own = _own_key()
    return [_row(author, own) for author in _authors().all()]


def _new(words: Sequence[str]) -> list[Json]:
    """A new key of the user's own, which he knows by this name from then on."""
    OwnKey.refuse_second()
    authors = _authors()
    authors.check_name(words[0])
    key = OwnKey.create()
    author = authors.add(key.public, words[0])
    tell(f"Your private key is in {OwnKey.path()}, without a passphrase: keep it to yourself, and keep a copy.")
    tell("Whoever is to verify your signatures needs the line below: plugdeck keys add KEY NAME")
    return [_row(author, key.public)]


def _add(words: Sequence[str]) -> list[Json]:
    return [_row(_authors().add(words[0], words[1]), _own_key())]


def _remove(words: Sequence[str]) -> list[Json]:
    return [_row(_authors().remove(words[0]), _own_key())]


_ACTS: dict[str, tuple[Callable[[Sequence[str]], list[Json]], tuple[str, ...]]] = {
    "list": (_list, ()),
    "new": (_new, ("NAME",)),
    "add": (_add, ("ed25519:KEY", "NAME")),
    "remove": (_remove, ("NAME",)),
}


def _authors() -> Authors:
    authors = Authors()
    if authors.notice:
        tell(authors.notice)
    return authors


def _own_key() -> str:
    """The public half of the user's own key; empty when there is none that can be used."""
    try:
        return OwnKey.load().public
    except PlugdeckError:
        return ""


def _row(author: Author, own: str) -> Json:
    return {"name": author.name, "key": author.key, "own": author.key == own}
