"""The authors whose signatures the user believes: their public keys, under the names that he gave them.

A name is the user's own word for a key, never the key owner's: who signs cannot choose what he is called here.
"""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck import paths
from plugdeck.errors import PlugdeckError
from plugdeck.settings import Settings
from plugdeck.text import visible
from plugdeck.trust.signature_file import is_key

FILE_NAME = "authors.toml"
MOST_NAME_CHARACTERS = 100
_TABLE = "authors"


@dataclass(frozen=True, slots=True)
class Author:
    """A key that the user knows."""

    name: str
    """As the user calls him; visible text."""
    key: str
    """``ed25519:BASE64``."""


class Authors:
    """The known authors, in a file of the user's settings. Any thread."""

    def __init__(self) -> None:
        """Reads the file."""
        self._file = Settings.load(paths.config_folder() / FILE_NAME)

    @property
    def notice(self) -> str:
        """A sentence for the user when the file could not be used; empty when all is well."""
        return self._file.notice

    def all(self) -> tuple[Author, ...]:
        """Everybody, by name. What somebody edited into the file that is no key is passed over."""
        table: dict[str, object] = self._file.get(_TABLE, {})
        known = [Author(_shown(name), key) for key, name in table.items() if isinstance(name, str) and is_key(key)]
        return tuple(sorted(known, key=lambda author: (author.name.casefold(), author.key)))

    def name_of(self, key: str) -> str:
        """Who has this key; empty when the user knows nobody who does."""
        return next((author.name for author in self.all() if author.key == key), "")

    def add(self, key: str, name: str) -> Author:
        """Believes what this key signs from now on.

        Raises:
            PlugdeckError: it is no key, the name is empty or somebody else's, or the file could not be written.
        """
        if not is_key(key):
            raise PlugdeckError(
                "That is no public key.", remedy="A key looks like ed25519: and 44 characters; copy all of it."
            )
        author = Author(self.check_name(name, key), key)
        self._file.set((_TABLE, key), author.name)
        self._file.save()
        return author

    def check_name(self, name: str, key: str = "") -> str:
        """The name as it is shown, when the owner of this key may be called so.

        Raises:
            PlugdeckError: it is empty, or somebody else's.
        """
        shown = _shown(name.strip())
        if not shown:
            raise PlugdeckError("An author needs a name.", remedy="Call him as you know him.")
        if any(each.name.casefold() == shown.casefold() and each.key != key for each in self.all()):
            raise PlugdeckError(
                f"{shown} is known with another key.",
                remedy="If that key is no longer used, remove it first with: plugdeck keys remove.",
            )
        return shown

    def remove(self, words: str) -> Author:
        """No longer believes the author of this name or key.

        Raises:
            PlugdeckError: there is none, or the file could not be written.
        """
        found = [author for author in self.all() if words in (author.key, author.name)]
        if len(found) != 1:
            several = f"Several keys are called {visible(words)}." if found else f"No author {visible(words)} is known."
            raise PlugdeckError(several, remedy="plugdeck keys list shows all, with their keys.")
        self._file.set((_TABLE, found[0].key), None)
        self._file.save()
        return found[0]


def _shown(name: str) -> str:
    return visible(name, MOST_NAME_CHARACTERS)
