"""A loaded SDK plugin as a transform: its host table, its variables with their ranges, and its calls."""

from __future__ import annotations

from typing import Any, Protocol

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.manifest import Area, Manifest, Parameter, ParameterKind
from plugdeck.dialects.sdk.host_table import Cancelled, HostTable, Log, Progress
from plugdeck.errors import ArgumentError, CallError, PictureError, SymbolNotFoundError
from plugdeck.image import ImageLayout
from plugdeck.runtime import Plugin, Variable
from plugdeck.runtime.native import ffi, unchanged_process_state
from plugdeck.runtime.values import to_c

TRANSFORM = "int(const pd_image *, pd_image *)"
INIT = "int(const pd_host *)"


class Buffer(Protocol):
    """Bytes in memory: ``bytes``, ``bytearray``, ``memoryview``, ``mmap``, …"""

    def __len__(self) -> int:
        """How many."""


def bind(plugin: Plugin, manifest: Manifest, *, log: Log, progress: Progress, cancelled: Cancelled) -> BoundTransform:
    """Makes the loaded plugin ready to transform: gives it the host's table, once, if it declares ``Init``.

    The three callbacks may be called on any thread, during every call until the process ends. A plugin that is bound
    again keeps its table, which then leads to the new callbacks.

    Raises:
        CallError: ``Init`` reported a failure; it is not called a second time.
        SymbolNotFoundError, SymbolTypeError: the plugin does not keep to the interface it declares.
    """
    table = plugin.once(HostTable, lambda: HostTable(plugin.path))
    table.connect(log, progress, cancelled)
    if failure := plugin.once("sdk.init", lambda: _initialise(plugin, manifest, table)):
        raise CallError(manifest.name, "Init", *failure)
    return BoundTransform(plugin, manifest, table)


def _initialise(plugin: Plugin, manifest: Manifest, table: HostTable) -> tuple[int, str] | None:
    """Calls Init; returns its code and message when it failed."""
    if "Init" not in manifest.types:
        return None
    initialise = plugin.lookup("Init").expect(INIT)
    with unchanged_process_state(), table.call() as call:
        code = initialise(table.pointer)
    return (code, call.message) if code else None


class BoundTransform:
    """An SDK plugin in this process. Calls run without the interpreter's lock, on the caller's thread.

    Calls at the same time are possible; a value that is written meanwhile is seen by the plugin at once.
    """

    def __init__(self, plugin: Plugin, manifest: Manifest, table: HostTable) -> None:
        self.manifest = manifest
        self._plugin = plugin
        self._table = table
        self._parameters = {parameter.name: parameter for parameter in manifest.parameters}
        self._variables: dict[str, Variable] = {}
        self._transform = plugin.lookup("Transform").expect(TRANSFORM) if manifest.is_transform else None

    def transform(self, source: Buffer, target: Buffer, layout: ImageLayout, scale: float = 1.0) -> None:
        """Runs the plugin over one picture: ``source`` is only read, ``target`` is written; both have ``layout``.

        Args:
            source: at least ``layout.size_bytes`` bytes.
            target: as many, writable, and apart from ``source``.
            layout: the shape of both.
            scale: 1 at full size, 0.5 for a preview at half the size.

        Raises:
            CallError: the plugin returned a failure. What ``target`` holds then is undefined.
            PictureError: a buffer is too small, or cannot be written.
        """
        if self._transform is None:
            raise SymbolNotFoundError("Transform", self.manifest.name, remedy="It is no image transform.")
        with (  # let go of the memory on return, also where an error is kept with its traceback
            _pixels(source, is_target=False) as given,
            _pixels(target, is_target=True) as result,
            self._table.call() as call,
            unchanged_process_state(),  # whoever computes here next rounds as before
        ):
            code = self._transform(_image(given, layout, scale), _image(result, layout, scale))
        if code:
            raise CallError(self.manifest.name, "Transform", code, call.message)

    def call(self, name: str, *arguments: object) -> object:
        """Calls another function of the plugin with plain values, by its declared type; see ``Symbol.call``.

        Raises:
            CallError: the plugin reported a failure through its host table.
        """
        with self._table.call() as call:
            result = self._plugin.lookup(name).call(*arguments)
        if call.message:
            raise CallError(self.manifest.name, name, result if isinstance(result, int) else 0, call.message)
        return result

    def read(self, name: str) -> int | float:
        """The plugin's variable as it is now: ``Priority``, a parameter, or another declared number."""
        value: int | float = self._variable(name).value
        return value

    def write(self, name: str, value: float) -> None:
        """Writes the plugin's own variable.

        Raises:
            ArgumentError: the value is not of the variable's type, or outside the parameter's range.
            SymbolNotFoundError: the plugin declares no such variable.
        """
        variable = self._variable(name)
        number = to_c(ffi.typeof(variable.pointer).item, value)
        if parameter := self._parameters.get(name):
            _check_range(parameter, number)
        variable.value = number

    @property
    def radius(self) -> float:
        """How many pixels around a pixel are read, at full size, with the values as they are; infinite for all."""
        match self.manifest.area:
            case Area.POINTWISE:
                return 0
            case Area.NEIGHBOURHOOD if self.manifest.area_radius in self._parameters:
                return max(0, self.read(self.manifest.area_radius))
            case Area.NEIGHBOURHOOD if self.manifest.area_radius.isdecimal():
                return int(self.manifest.area_radius)
        return float("inf")

    def _variable(self, name: str) -> Variable:
        known = self._variables.get(name)
        if known is None:
            known = self._variables.setdefault(name, self._find_variable(name))
        return known

    def _find_variable(self, name: str) -> Variable:
        symbol = self._plugin.lookup(name)
        if symbol.kind is SymbolKind.FUNCTION:
            raise ArgumentError(f"{name} is a function of {self.manifest.name}, not a variable.")
        variable: Variable = symbol.as_declared()
        if not isinstance(variable.value, int | float):
            raise ArgumentError(f"{name} is {symbol.c_type}, which is no number.")
        return variable


def _check_range(parameter: Parameter, number: float) -> None:
    lowest, highest = parameter.minimum, parameter.maximum
    if parameter.kind is ParameterKind.CHOICE:
        lowest, highest = 0, len(parameter.choices) - 1
    if not lowest <= number <= highest:  # also refuses NaN
        raise ArgumentError(
            f"{number:g} is out of range for {parameter.name}, which takes {lowest:g} to {highest:g}"
            f"{' ' + parameter.unit if parameter.unit else ''}."
        )


def _pixels(buffer: Buffer, *, is_target: bool) -> Any:
    """cffi's view of the buffer, which keeps it alive and in place until its ``with`` block ends."""
    try:
        return ffi.from_buffer("uint8_t[]", buffer, require_writable=is_target)
    except (TypeError, ValueError, BufferError) as error:
        raise PictureError(
            f"The memory for {'the result' if is_target else 'a picture'} is unusable: {error}"
        ) from error


def _image(pixels: Any, layout: ImageLayout, scale: float) -> Any:
    """A ``pd_image`` of the whole picture; the caller keeps ``pixels`` as long as it."""
    if len(pixels) < layout.size_bytes:
        raise PictureError(f"{len(pixels)} bytes of pixels where {layout.size_bytes} are needed.")
    return ffi.new(
        "pd_image *",
        {
            "data": pixels,
            "stride": layout.stride_bytes,
            "width": layout.width,
            "height": layout.height,
            "format": layout.pixel_format,
            "full_width": layout.width,
            "full_height": layout.height,
            "scale": scale,
        },
    )
