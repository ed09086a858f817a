"""Types as Go's runtime keeps them (``internal/abi.Type``): their names, and the methods of exported values.

The name of a type is written there in full, and is what ``reflect`` prints; nothing has to be put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plugdeck.binary.source import damaged
from plugdeck.dialects.go.facts import GoMethod
from plugdeck.dialects.go.image import GoImage

MAX_TYPE_BYTES = 16 * 1024
"""Of one name: longer than what any person would write."""

MAX_METHODS = 1000

FUNC, INTERFACE, POINTER = 19, 20, 22
_KIND_MASK = 31
_HIGHEST_KIND = 26
_UNCOMMON, _EXTRA_STAR = 1, 2
_METHOD_WORDS = 4


class TypeData(NamedTuple):
    """``abi.Type``: where it is, its name, and what kind of type it is."""

    address: int
    name: str
    kind: int
    flags: int


class Types:
    """The types of one file, by their distance from ``start``."""

    def __init__(self, image: GoImage, start: int) -> None:
        self._image = image
        self._start = start
        self._word = image.word_bytes
        self._common_bytes = 4 * self._word + 16  # Size_, PtrBytes, Equal, GCData; Hash, four bytes, Str, PtrToThis

    def name(self, offset: int) -> str:
        """A name (``abi.Name``): flags, its length as a varint, its bytes."""
        if offset < 0:
            raise damaged("A name lies before the types")
        data = self._image.read_up_to(self._start + offset, 256, "a name")
        length, position = 0, 1
        for shift in range(0, 7 * min(5, len(data) - 1), 7):
            byte = data[position]
            length, position = length | (byte & 0x7F) << shift, position + 1
            if byte < 0x80:
                break
        if length > MAX_TYPE_BYTES:
            raise damaged(f"A name of {length:,} bytes is too long")
        if position + length <= len(data):
            self._image.spend(length)
            try:
                return data[position : position + length].decode()
            except UnicodeDecodeError as error:
                raise damaged("A name is no text") from error
        return self._image.text(self._start + offset + position, length, "a name")

    def at(self, offset: int) -> TypeData:
        """The type at this distance."""
        if offset <= 0:
            raise damaged("A type lies before the types")
        return self.at_address(self._start + offset)

    def at_address(self, address: int) -> TypeData:
        """The type at this address."""
        _, flags, _, _, kind = self._image.unpack("I4B", address + 2 * self._word, "a type")
        (name,) = self._image.unpack("i", address + 4 * self._word + 8, "a type")
        if not 0 < kind & _KIND_MASK <= _HIGHEST_KIND:
            raise damaged("A type is of no kind that exists", address)
        text = self.name(name)
        if flags & _EXTRA_STAR:
            if not text.startswith("*"):
                raise damaged("A type's name lacks the star that it should have", address)
            text = text[1:]
        return TypeData(address, text, kind & _KIND_MASK, flags)

    def methods_of_variables(self, pointers: Sequence[TypeData]) -> list[tuple[GoMethod, ...]]:
        """What can be called on each variable, given the types of the pointers to them.

        All at once, since each pointer that is followed costs a look at all relocations.
        """
        places = {each.address + self._common_bytes for each in pointers if not each.flags & _UNCOMMON}
        elements = {place: self.at_address(address) for place, address in self._image.pointers(places).items()}
        interfaces = [element.address for element in elements.values() if element.kind == INTERFACE]
        slices = self._image.pointers({address + self._common_bytes + self._word for address in interfaces})
        return [self._methods_of(each, elements, slices) for each in pointers]

    def _methods_of(
        self, pointer: TypeData, elements: Mapping[int, TypeData], slices: Mapping[int, int]
    ) -> tuple[GoMethod, ...]:
        if pointer.flags & _UNCOMMON:
            return self._methods(pointer.address, self._common_bytes + self._word)
        element = elements[pointer.address + self._common_bytes]
        if element.kind == INTERFACE:
            place = element.address + self._common_bytes + self._word
            (count,) = self._image.unpack(self._image.word_code, place + self._word, "an interface's methods")
            return self._listed(slices[place], count, 2)
        if element.kind == POINTER and element.flags & _UNCOMMON:
            return self._methods(element.address, self._common_bytes + self._word)
        return ()

    def _methods(self, address: int, uncommon: int) -> tuple[GoMethod, ...]:
        """The exported methods in ``UncommonType``, which follows the type's own fields."""
        _, _, count, distance, _ = self._image.unpack("iHHII", address + uncommon, "a type's methods")
        return self._listed(address + uncommon + distance, count, _METHOD_WORDS)

    def _listed(self, start: int, count: int, words: int) -> tuple[GoMethod, ...]:
        """Methods whose records begin with the offsets of a name and a type; -1 is a type that the linker dropped."""
        if count > MAX_METHODS:
            raise damaged(f"A type has {count:,} methods")
        numbers = self._image.unpack(f"{count * words}i", start, "a type's methods") if count else ()
        rows = ((self.name(numbers[index]), numbers[index + 1]) for index in range(0, len(numbers), words))
        return tuple(
            GoMethod(name, self.at(type_).name if type_ > 0 else "") for name, type_ in rows if name[:1].isupper()
        )
