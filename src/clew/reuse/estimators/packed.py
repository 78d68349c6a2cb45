"""Results as bytes: pickled so that the layout of arrays survives, in values of the store.

Reading a pickle runs code. So a `Packed` is itself a value that only pickle holds, and the store
reads it where it is trusted, never elsewhere.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.reuse.estimators.checks import check_of
from clew.reuse.estimators.results import Result


@dataclass(frozen=True, slots=True)
class Packed:
    """Results of calls, each as the bytes of a pickle.

    Parameters
    ----------
    content : ndarray of uint8
        The pickles, one after the other.
    parts : dict of str to (int, int)
        Where the result of a call lies, by the call's id in hex: first byte and number of bytes.
    """

    content: np.ndarray[Any, Any]
    parts: dict[str, tuple[int, int]]

    def part(self, key: bytes) -> Any | None:
        """Return the bytes of one result, or None."""
        found = self.parts.get(key.hex())
        return None if found is None else self.content[found[0] : found[0] + found[1]].data


def pack(parts: dict[bytes, bytes]) -> Packed:
    """Return results as one value."""
    places, start = {}, 0
    for key, content in parts.items():
        places[key.hex()] = (start, len(content))
        start += len(content)
    return Packed(np.frombuffer(b"".join(parts.values()), dtype=np.uint8), places)


def dump(result: Result, cost_s: float) -> bytes | None:
    """Return a result and the seconds that it took as bytes, or None if that cannot be."""
    buffer = io.BytesIO()
    output = dataclasses.replace(result.output, check=None)
    try:
        written = (dataclasses.replace(result, output=output), cost_s)
        _Pickler(buffer, protocol=5).dump(written)
    except Exception:  # not every fitted state can be pickled
        return None
    return buffer.getvalue()


def load(content: Any) -> tuple[Result, float] | None:
    """Return what `dump` wrote, or None where its code is not here any more."""
    try:
        result, cost_s = pickle.loads(content)  # noqa: S301 - the store demanded trust
    except Exception:
        return None
    output = result.output
    if output.kind == "shared":
        output = dataclasses.replace(output, check=check_of(output.value))
    return dataclasses.replace(result, output=output), cost_s


class _Pickler(pickle.Pickler):
    """Keeps the layout of arrays: a strided column stays one, a read-only array too."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not np.ndarray or value.dtype.hasobject:
            return NotImplemented
        if value.flags.c_contiguous and value.flags.writeable:
            return NotImplemented
        if any(stride <= 0 for stride in value.strides) or value.size == 0:
            return NotImplemented
        head = (value.dtype, value.shape, value.strides, bool(value.flags.writeable))
        return (_rebuild, (*head, value.tobytes()))


def _rebuild(
    dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool, items: bytes
) -> Any:
    extent = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + dtype.itemsize
    memory = np.zeros(extent, dtype=np.uint8)
    made: Any = np.ndarray(shape, dtype, buffer=memory.data, strides=strides)
    made[...] = np.frombuffer(items, dtype).reshape(shape)
    made.flags.writeable = writeable
    return made
