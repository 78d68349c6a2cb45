"""Arguments as canonical text: literals by their exact value, arrays as numbered holes.

The text is part of an item's hash and of its line in a serialised trace, so it is exact (floats in
hexadecimal, types told apart) and can be read back. A call ``np.sum(X, axis=0)`` has the text
``(@0,axis=i0)``, where ``@0`` is its first input.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, Unhashable

_PLAIN_TYPES: dict[type, str] = {float: "float", int: "int", bool: "bool", complex: "complex"}
_NAMED_TYPES = {name: kind for kind, name in _PLAIN_TYPES.items()}
_SCALAR_KINDS = "biufcmMSU"


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of an input in a call's arguments."""

    position: int


def encode(value: object) -> str:
    """Return the canonical text of a literal (arrays must have been replaced by holes).

    Raises
    ------
    Unhashable
        When the value has no exact text: a callable, an object of a user's class, …
    """
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    if isinstance(value, np.generic) and value.dtype.kind in _SCALAR_KINDS:
        return f"n{json.dumps(value.dtype.str)}{value.tobytes().hex()};"
    if isinstance(value, np.dtype):
        return _write_dtype(value)
    if isinstance(value, type):
        return _write_type(value)
    raise Unhashable(
        "An argument of a traced operation has no exact text.",
        got=type(value).__name__,
        expected="numbers, strings, slices, dtypes, tuples, lists, dicts and arrays",
    )


def encode_call(args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    """Return the text of a call's arguments; keywords are sorted, since their order has no effect.

    Examples
    --------
    >>> encode_call((Hole(0),), {"axis": 0})
    '(@0,axis=i0)'
    """
    parts = [encode(arg) for arg in args]
    parts.extend(f"{name}={encode(kwargs[name])}" for name in sorted(kwargs))
    return f"({','.join(parts)})"


def _write_float(value: float) -> str:
    if math.isnan(value):
        return f"f!{struct.pack('>d', value).hex()}"
    return f"f{value.hex()}"


def _write_complex(value: complex) -> str:
    return f"c{_write_float(value.real)};{_write_float(value.imag)}"


def _write_slice(value: slice) -> str:
    return f"S({encode(value.start)},{encode(value.stop)},{encode(value.step)})"


def _write_range(value: range) -> str:
    return f"R({encode(value.start)},{encode(value.stop)},{encode(value.step)})"


def _write_dict(value: dict[Any, Any]) -> str:
    return "{" + ",".join(f"{encode(k)}:{encode(v)}" for k, v in value.items()) + "}"


def _write_dtype(value: np.dtype[Any]) -> str:
    if value.kind not in _SCALAR_KINDS or value.metadata is not None:
        raise Unhashable("This dtype has no exact text.", got=value.str)
    return f"d{json.dumps(value.str)}"


def _write_type(value: type) -> str:
    if value in _PLAIN_TYPES:
        return f"t{json.dumps(_PLAIN_TYPES[value])}"
    if issubclass(value, np.generic) and getattr(np, value.__name__, None) is value:
        return f"t{json.dumps('numpy.' + value.__name__)}"
    raise Unhashable("This type has no exact text.", got=value.__qualname__)


def _write_ufunc(value: np.ufunc) -> str:
    if getattr(np, value.__name__, None) is not value:
        raise Unhashable("This ufunc is not NumPy's own.", got=value.__name__)
    return f"u{json.dumps(value.__name__)}"


def _sequence(opening: str, closing: str) -> Callable[[Any], str]:
    return lambda value: opening + ",".join(encode(v) for v in value) + closing


_WRITERS: dict[type, Callable[[Any], str]] = {
    Hole: lambda hole: f"@{hole.position}",
    float: _write_float,
    int: lambda value: f"i{value}",
    bool: lambda value: "T" if value else "F",
    type(None): lambda value: "N",
    type(Ellipsis): lambda value: "E",
    str: lambda value: f"s{json.dumps(value)}",
    bytes: lambda value: f"b{value.hex()};",
    complex: _write_complex,
    slice: _write_slice,
    range: _write_range,
    tuple: _sequence("(", ")"),
    list: _sequence("[", "]"),
    dict: _write_dict,
    np.ufunc: _write_ufunc,
}


def decode_call(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments that a text stands for, with holes.

    Raises
    ------
    InvalidParameter
        When the text is not one that `encode_call` writes.
    """
    reader = _Reader(text)
    try:
        reader.expect("(")
        args, kwargs = _read_call(reader)
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise InvalidParameter(
            "A trace line has arguments that cannot be read.", got=text
        ) from error
    return tuple(args), kwargs


class _Reader:
    """A cursor over a text."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def peek(self) -> str:
        return self.text[self.position]

    def take(self) -> str:
        self.position += 1
        return self.text[self.position - 1]

    def expect(self, character: str) -> None:
        if self.take() != character:
            raise ValueError(character)

    def until(self, stops: str) -> str:
        start = self.position
        while self.position < len(self.text) and self.text[self.position] not in stops:
            self.position += 1
        return self.text[start : self.position]

    def string(self) -> str:
        value, length = json.JSONDecoder().raw_decode(self.text[self.position :])
        self.position += length
        return str(value)


def _read_call(reader: _Reader) -> tuple[list[Any], dict[str, Any]]:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    while reader.peek() != ")":
        start = reader.position
        name = reader.until('=,()[]{}:"@')
        if name.isidentifier() and reader.peek() == "=":
            reader.expect("=")
            kwargs[name] = _read(reader)
        else:
            reader.position = start
            args.append(_read(reader))
        if reader.peek() == ",":
            reader.take()
    return args, kwargs


def _read(reader: _Reader) -> Any:
    return _READERS[reader.take()](reader)


def _read_many(closing: str) -> Callable[[_Reader], list[Any]]:
    def read(reader: _Reader) -> list[Any]:
        values = []
        while reader.peek() != closing:
            values.append(_read(reader))
            if reader.peek() == ",":
                reader.take()
        reader.take()
        return values

    return read


def _read_float(reader: _Reader) -> float:
    if reader.peek() == "!":
        reader.take()
        start = reader.position
        reader.position += 16
        return float(struct.unpack(">d", bytes.fromhex(reader.text[start : reader.position]))[0])
    return float.fromhex(reader.until(",()[]{}:;"))


def _read_complex(reader: _Reader) -> complex:
    reader.expect("f")
    real = _read_float(reader)
    reader.expect(";")
    reader.expect("f")
    return complex(real, _read_float(reader))


def _read_dict(reader: _Reader) -> dict[Any, Any]:
    pairs = {}
    while reader.peek() != "}":
        key = _read(reader)
        reader.expect(":")
        pairs[key] = _read(reader)
        if reader.peek() == ",":
            reader.take()
    reader.take()
    return pairs


def _read_scalar(reader: _Reader) -> np.generic:
    dtype = np.dtype(reader.string())
    raw = bytes.fromhex(reader.until(";"))
    reader.take()
    if dtype.itemsize == 0:
        return dtype.type()  # type: ignore[no-any-return]
    return np.frombuffer(raw, dtype=dtype)[0]  # type: ignore[no-any-return]


def _read_bytes(reader: _Reader) -> bytes:
    raw = bytes.fromhex(reader.until(";"))
    reader.take()
    return raw


def _read_type(reader: _Reader) -> Any:
    name = reader.string()
    if name in _NAMED_TYPES:
        return _NAMED_TYPES[name]
    kind = getattr(np, name.removeprefix("numpy."))
    if not (isinstance(kind, type) and issubclass(kind, np.generic)):
        raise ValueError(name)
    return kind


def _read_ufunc(reader: _Reader) -> np.ufunc:
    found = getattr(np, reader.string())
    if not isinstance(found, np.ufunc):
        raise TypeError("not a ufunc")
    return found


def _read_three(make: Callable[..., Any]) -> Callable[[_Reader], Any]:
    def read(reader: _Reader) -> Any:
        reader.expect("(")
        return make(*_read_many(")")(reader))

    return read


_READERS: dict[str, Callable[[_Reader], Any]] = {
    "@": lambda reader: Hole(int(reader.until(",()[]{}:"))),
    "f": _read_float,
    "i": lambda reader: int(reader.until(",()[]{}:")),
    "T": lambda reader: True,
    "F": lambda reader: False,
    "N": lambda reader: None,
    "E": lambda reader: Ellipsis,
    "s": _Reader.string,
    "b": _read_bytes,
    "c": _read_complex,
    "S": _read_three(slice),
    "R": _read_three(range),
    "(": lambda reader: tuple(_read_many(")")(reader)),
    "[": _read_many("]"),
    "{": _read_dict,
    "n": _read_scalar,
    "d": lambda reader: np.dtype(reader.string()),
    "t": _read_type,
    "u": _read_ufunc,
}


def _source_of_float(value: float) -> str:
    if math.isfinite(value):
        return float.__repr__(value)
    return f'struct.unpack(">d", bytes.fromhex("{struct.pack(">d", value).hex()}"))[0]'


def _source_of_scalar(value: np.generic) -> str:
    return f'numpy.frombuffer(bytes.fromhex("{value.tobytes().hex()}"), "{value.dtype.str}")[0]'


def source(value: object, names: Sequence[str]) -> str:
    """Return Python source of a decoded argument, with holes replaced by `names`.

    Only ``numpy`` and ``struct`` are referred to.
    """
    if isinstance(value, Hole):
        return names[value.position]
    if isinstance(value, np.generic):
        return _source_of_scalar(value)
    if isinstance(value, float):
        return _source_of_float(value)
    if isinstance(value, complex):
        return f"complex({_source_of_float(value.real)}, {_source_of_float(value.imag)})"
    if isinstance(value, (tuple, list)):
        inner = ", ".join(source(v, names) for v in value)
        closing = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"({inner}{closing})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, dict):
        pairs = (f"{source(k, names)}: {source(v, names)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (slice, range)):
        parts = (source(v, names) for v in (value.start, value.stop, value.step))
        return f"{type(value).__name__}({', '.join(parts)})"
    return _source_of_name(value)


def _source_of_name(value: object) -> str:
    if isinstance(value, np.dtype):
        return f'numpy.dtype("{value.str}")'
    if isinstance(value, np.ufunc):
        return f"numpy.{value.__name__}"
    if isinstance(value, type):
        return _PLAIN_TYPES.get(value) or f"numpy.{value.__name__}"
    if value is Ellipsis:
        return "..."
    # None, bool, int, str and bytes: Python's own literal is exact.
    return f"{value!r}"
