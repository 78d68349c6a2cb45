"""Everything else, by pickle: values of the user's own classes, functions, estimators of old.

Reading a pickle runs code. So these values are marked, and read only from a store that is trusted.
Buffers travel out of band (PEP 574): large arrays inside are neither copied nor parsed.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import cloudpickle

from clew.errors import StoreError, UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_PROTOCOL = 5


class OpaqueCodec:
    """Whatever cloudpickle can hold; never read without trust."""

    name = "pickle"
    exact = False

    def accepts(self, value: object) -> bool:
        """Return True: the registry checks what comes back."""
        return True

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the pickle and its buffers."""
        kept: list[pickle.PickleBuffer] = []
        try:
            content = io.BytesIO()
            _Pickler(content, protocol=_PROTOCOL, buffer_callback=kept.append).dump(value)
            buffers = tuple(buffer.raw().toreadonly() for buffer in kept)
        except Exception as error:  # Any class may refuse in its own way.
            raise UnsupportedValue(
                f"a {type(value).__qualname__} cannot be stored",
                got=f"{type(error).__name__}: {error}",
                hint="return plain data, arrays, tables or estimators from steps",
            ) from error
        return Encoded(self.name, b"1", (content.getvalue(), *buffers), trusted_only=True), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the value; its buffers are private."""
        content, *buffers = encoded.buffers
        private = [bytearray(b) if memoryview(b).readonly else b for b in buffers]
        try:
            return pickle.loads(content, buffers=private)  # noqa: S301
        except Exception as error:
            raise StoreError(
                "a stored value cannot be read with the code as it is now",
                got=f"{type(error).__name__}: {error}",
                hint="the class or function may have moved; run its step again",
            ) from error


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Writes arrays with gaps so that they come back with gaps: NumPy itself would close them."""

    def reducer_override(self, value: object) -> Any:
        kind = type(value)
        if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            from clew.adapters.formats.layout import describe, flatten, restore  # imports NumPy

            array: Any = value
            order = "C" if array.dtype.hasobject else describe(array)
            if not isinstance(order, str):
                return restore, (flatten(array, order), array.shape, order)
        return super().reducer_override(value)
