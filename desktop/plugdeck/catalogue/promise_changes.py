"""What changed in a plugin's own words, its manifest: declared types, parameters, interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.catalogue.change import Change, ChangeKind, Effect, added, changed, removed
from plugdeck.dialects.manifest import Dialect, Manifest, Parameter
from plugdeck.dialects.sdk.declared_types import same_type

_TOLD = (("name", "The plugin's name"), ("version", "The plugin's version"), ("licence", "The licence"))


def promise_changes(old: Manifest | None, new: Manifest | None) -> Iterator[Change]:
    """What callers that go by the manifest find changed."""
    was, now = (str(manifest.dialect) if manifest else "" for manifest in (old, new))
    if was != now:
        effect = Effect.BREAKS if old and old.symbols else Effect.DIFFERS
        yield changed(ChangeKind.DIALECT, "", "The contract that it speaks", (was, now), effect)
    if old and new:
        yield from _interface_changes(old, new)
        yield from _type_changes(old, new)
        yield from _parameter_changes(old, new)
        yield from _sdk_changes(old, new)
        yield from _told_changes(old, new)


def _interface_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    for name in old.interfaces:
        if name not in new.interfaces:
            yield removed(ChangeKind.INTERFACE, name, f"The interface {name}")
    for name in new.interfaces:
        if name not in old.interfaces:
            yield added(ChangeKind.INTERFACE, name, f"The interface {name}")


def _type_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Declared types; what is no longer exported is told of as a symbol."""
    exported = {parameter.name for parameter in (*old.parameters, *new.parameters)}
    for name, c_type in old.types.items():
        what = f"The declared type of {name}"
        if name not in new.types:
            if name not in exported:
                yield removed(ChangeKind.TYPE, name, f"{what}, {c_type},", value=c_type)
        elif c_type != new.types[name] and (_is_go(old, new) or not same_type(c_type, new.types[name])):
            yield changed(ChangeKind.TYPE, name, what, (c_type, new.types[name]), Effect.BREAKS)
    for name, c_type in new.types.items():
        if name not in old.types and name not in exported:
            yield added(ChangeKind.TYPE, name, f"The declared type of {name}, {c_type},", value=c_type)


def _is_go(old: Manifest, new: Manifest) -> bool:
    """Whether the types are Go's, which are spelled in one way only."""
    return Dialect.GO in {old.dialect, new.dialect}


def _parameter_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    was, now = ({one.name: one for one in manifest.parameters} for manifest in (old, new))
    for name, parameter in was.items():
        if name not in now:
            yield removed(ChangeKind.PARAMETER, name, f"The parameter {name}", value=_words(parameter))
        elif parameter != now[name]:
            effect = _effect(parameter, now[name])
            words = _words(parameter), _words(now[name])
            yield changed(ChangeKind.PARAMETER, name, f"The parameter {name}", words, effect)
    for name, parameter in now.items():
        if name not in was:
            yield added(ChangeKind.PARAMETER, name, f"The parameter {name}", value=_words(parameter))


def _effect(old: Parameter, new: Parameter) -> Effect:
    """Whether every value that was good still is, and means the same."""
    is_narrower = new.minimum > old.minimum or new.maximum < old.maximum
    has_other_choices = new.choices[: len(old.choices)] != old.choices
    if old.kind is not new.kind or old.unit != new.unit or is_narrower or has_other_choices:
        return Effect.BREAKS
    return Effect.DIFFERS


def _words(parameter: Parameter) -> str:
    """``real from 0 to 10 px, 2 by default (Radius)``."""
    span = f"one of {', '.join(parameter.choices)}" if parameter.choices else _span(parameter)
    label = f" ({parameter.label})" if parameter.label else ""
    return f"{parameter.kind} {span}, {parameter.default:g} by default{label}"


def _span(parameter: Parameter) -> str:
    return f"from {parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}".rstrip()


def _sdk_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    was, now = (_version(manifest.abi_minimum or manifest.abi) for manifest in (old, new))
    if was != now:
        needs_more = (new.abi_minimum or new.abi or (0, 0)) > (old.abi_minimum or old.abi or (0, 0))
        effect = Effect.ASKS if needs_more else Effect.DIFFERS
        yield changed(ChangeKind.SDK, "", "The oldest SDK version of a host that it accepts", (was, now), effect)


def _version(numbers: tuple[int, int] | None) -> str:
    return ".".join(map(str, numbers)) if numbers else ""


def _told_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    for field, what in _TOLD:
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            yield changed(ChangeKind.PLUGIN, field, what, (was, now), Effect.DIFFERS)
    if old.is_transform and new.is_transform and (old.area, old.area_radius) != (new.area, new.area_radius):
        was, now = (f"{one.area} {one.area_radius}".rstrip() for one in (old, new))
        yield changed(ChangeKind.PLUGIN, "area", "What it reads around a pixel", (was, now), Effect.DIFFERS)
