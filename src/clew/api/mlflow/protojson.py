"""Proto3 JSON, as far as requests need it: decoded JSON in, checked fields out.

Follows ``google.protobuf.json_format.ParseDict`` with unknown fields ignored. A field may be
spelt in snake_case or camelCase (not both at once), an integer may be text, a float may be
``"NaN"`` or ``"Infinity"``, an enum its name or number, and null means that it was not given.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from clew.api.mlflow.failure import Failure

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]

Parsed = tuple[dict[str, Any], str | None]
_Convert = Callable[[object, str], Any]
_SKIP = object()


class _Mismatch(Exception):
    """A value that is not of its field's type."""


@cache
def camel(name: str) -> str:
    """Return the JSON name of a field."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


@cache
def snake(name: str) -> str:
    """Return the name of a field whose JSON name is given."""
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def parser(kind: type[msgspec.Struct]) -> Callable[[dict[str, object]], Parsed]:
    """Return the function that reads a message from decoded JSON.

    It returns the fields that were given and what the first field that cannot be read has wrong.
    """
    by_key = _fields(kind)

    def parse(raw: dict[str, object]) -> Parsed:
        fields: dict[str, Any] = {}
        try:
            _fill(raw, by_key, fields)
        except _Mismatch as error:
            return fields, str(error)
        return fields, None

    return parse


def repeated(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the fields of a message with what they are: a list, a bool or something else."""
    kinds = {}
    for name, hint in _hints(kind):
        core = _core(hint)
        if get_origin(core) is list:
            kinds[name] = "list"
        else:
            kinds[name] = "bool" if core is bool else "one"
    return kinds


def _fill(
    raw: dict[str, object],
    by_key: dict[str, tuple[str, _Convert]],
    fields: dict[str, Any],
    within: str = "",
) -> None:
    spelt: dict[str, str] = {}
    for key, value in raw.items():
        found = by_key.get(key)
        if found is None:
            continue
        name, convert = found
        if name in spelt:
            first, second = sorted((spelt[name], key), key=lambda k: k != name)
            raise Failure(
                f"Request specifies both '{first}' and '{second}'; provide only one of them."
            )
        spelt[name] = key
        if value is None:
            continue
        converted = convert(value, within + name)
        if converted is not _SKIP:
            fields[name] = converted


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, tuple[str, _Convert]]:
    by_key: dict[str, tuple[str, _Convert]] = {}
    for name, hint in _hints(kind):
        by_key[name] = by_key[camel(name)] = (name, _converter(hint))
    return by_key


def _hints(kind: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    return [(name, hints[name]) for name in kind.__struct_fields__]


def _core(hint: Any) -> Any:
    """Return a hint without ``| None`` and, but for enums, without its annotations."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Annotated:
        core = get_args(hint)[0]
        return hint if get_origin(core) is Literal or core is int else core
    return hint


def _converter(hint: Any) -> _Convert:
    hint = _core(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        core, meta = get_args(hint)[:2]
        if core is int:
            return _integer(meta.ge, meta.le)
        return _enum(get_args(core), meta.extra["numbers"])
    if origin is list:
        return _list(_converter(get_args(hint)[0]))
    if origin is dict:
        return _map(_converter(get_args(hint)[1]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _message(hint)
    return _SCALARS[hint]


def _wrong(name: str, value: object, expected: str) -> _Mismatch:
    shown = repr(value)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return _Mismatch(f"Failed to parse {name} field: expected {expected}, got {shown}.")


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _wrong(name, ascii(value), "valid Unicode") from None
    return value


def _float(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(name, value, "a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise _wrong(name, value, "a number") from None


def _bool(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return value


def _any(value: object, _name: str) -> object:
    return value


def _integer(low: int, high: int) -> _Convert:
    def convert(value: object, name: str) -> int:
        number: int | None = None
        if isinstance(value, float) and value.is_integer():
            number = int(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str) and len(value) <= 20 and value.strip() == value:
            try:
                number = int(value)
            except ValueError:
                number = None
        if number is None or not low <= number <= high:
            raise _wrong(name, value, f"an integer between {low} and {high}")
        return number

    return convert


def _enum(names: tuple[str, ...], numbers: dict[int, str]) -> _Convert:
    def convert(value: object, name: str) -> object:
        if isinstance(value, str):
            if value in names:
                return value
            # An unknown name is ignored, like an unknown field.
            return numbers.get(int(value), _SKIP) if value.isdecimal() and len(value) < 6 else _SKIP
        if isinstance(value, int) and not isinstance(value, bool) and value in numbers:
            return numbers[value]
        raise _wrong(name, value, f"one of {', '.join(names)}")

    return convert


def _list(convert: _Convert) -> _Convert:
    def convert_list(value: object, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(name, value, "a list")
        items = []
        for index, item in enumerate(value):
            if item is None:
                raise _wrong(f"{name}[{index}]", None, "a value")
            items.append(convert(item, f"{name}[{index}]"))
        return [item for item in items if item is not _SKIP]

    return convert_list


def _map(convert: _Convert) -> _Convert:
    def convert_map(value: object, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(name, value, "an object")
        return {_string(k, name): convert(v, f"{name}.{k}") for k, v in value.items()}

    return convert_map


def _message(kind: type[msgspec.Struct]) -> _Convert:
    # Looked up when it is used: messages may contain one another.
    def convert(value: object, name: str) -> msgspec.Struct:
        if not isinstance(value, dict):
            raise _wrong(name, value, "an object")
        fields: dict[str, Any] = {}
        _fill(value, _fields(kind), fields, f"{name}.")
        try:
            return kind(**fields)
        except TypeError:
            raise _wrong(name, value, "all of its required fields") from None

    return convert


_SCALARS: dict[Any, _Convert] = {
    str: _string,
    float: _float,
    bool: _bool,
    Any: _any,
    object: _any,
    int: _integer(-(2**63), 2**63 - 1),
}
