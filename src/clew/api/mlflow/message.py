"""Requests: declared as structs, read at once when they are plain, leniently when they are not.

MLflow reads bodies as proto3 JSON: snake_case or camelCase, numbers as numbers or as text, enums by
name or number, null for "not given"; what is wrong is told in texts that its users know. A body
that has exactly the declared types (what the stock client sends) is decoded by msgspec in
microseconds. Anything else is read again the long way, which either understands it or raises the
text that MLflow has for it. So the struct's annotations must be at least as strict as the rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

import msgspec

from clew.api.mlflow import protojson
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.names import invalid_value, missing_value

_HINT = " See the API docs for more information about request parameters."

Rule = str | Callable[[str, object], str | None]
"""A word (`required`, `string`, `int`, `float`, `bool`, `array`, `strings`), or a function of name
and value that returns what is wrong: a whole text, or "" for MLflow's usual one."""

Rules = Mapping[str, Sequence[Rule]]


class Message(
    msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False, omit_defaults=True
):
    """Base of requests and of the messages within them."""

    rules: ClassVar[Rules] = {}


M = TypeVar("M", bound=Message)


class Reader:
    """Reads one kind of request.

    Parameters
    ----------
    kind : type of Message
        What it makes.
    """

    def __init__(self, kind: type[Message]) -> None:
        self.kind = kind
        self._decode = msgspec.json.Decoder(kind).decode
        self._parse = protojson.parser(kind)
        self._required = tuple(n for n, rules in kind.rules.items() if "required" in rules)
        self._repeated = protojson.repeated(kind)

    def body(self, data: bytes, params: Mapping[str, str]) -> Message:
        """Return the request that a JSON body and the path's parameters hold.

        Raises
        ------
        Failure
            With MLflow's text.
        """
        try:
            message: Message = self._decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self.plain(_loads(data), params)
        for name, value in params.items():
            setattr(message, name, value)
        for name in self._required:
            value = getattr(message, name)
            if (value is None or value == "") and not (
                name == "run_id" and getattr(message, "run_uuid", None)
            ):
                return self.plain(_loads(data), params)
        return message

    def query(self, pairs: Sequence[tuple[str, str]], params: Mapping[str, str]) -> Message:
        """Return the request that a query string and the path's parameters hold."""
        raw: dict[str, Any] = {}
        for name, value in pairs:
            kind = self._repeated.get(name)
            if kind is None:
                continue
            if kind == "list":
                raw.setdefault(name, []).append(value)
            elif name not in raw:
                raw[name] = _bool(value) if kind == "bool" else value
        return self.plain(raw, params)

    def plain(self, raw: object, params: Mapping[str, str]) -> Message:
        """Return the request that decoded JSON and the path's parameters hold."""
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise Failure(
                f"Invalid request: expected a JSON object, got {type(raw).__name__}.{_HINT}"
            )
        raw.update(params)
        try:
            fields, problem = self._parse(raw)
            check(raw, self.kind.rules, typed=problem is None)
        except RecursionError:
            raise Failure("Invalid request: nested too deeply.") from None
        if problem is not None:
            raise Failure(f"Invalid request: {problem}")
        try:
            return self.kind(**fields)
        except TypeError:
            raise Failure(f"Invalid request: a required field is missing.{_HINT}") from None


def check(raw: Mapping[str, object], rules: Rules, *, typed: bool) -> None:
    """Refuse what breaks the rules of a request; types only where they were not checked yet."""
    for name, wanted in rules.items():
        if name not in raw and "required" not in wanted:
            continue
        value = raw.get(name)
        if name == "run_id" and value is None:
            value = raw.get("run_uuid")
        if value is None and "required" in wanted:
            value = raw.get(protojson.camel(name))
        for rule in wanted:
            problem = _problem(rule, name, value, typed)
            if problem is not None:
                raise Failure(problem + _HINT)


def _problem(rule: Rule, name: str, value: object, typed: bool) -> str | None:
    if rule == "required":
        return missing_value(name) if value is None or value == "" else None
    if isinstance(rule, str):
        if typed or _TYPES[rule](value):
            return None
        text = ""
    else:
        found = rule(name, value)
        if found is None:
            return None
        text = found
    kind = type(value).__name__
    return text or invalid_value(name, value, f" Hint: Value was of type '{kind}'.")


def _is_int(value: object) -> bool:
    try:
        int(cast(Any, value))
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _is_float(value: object) -> bool:
    try:
        float(cast(Any, value))
    except (ValueError, TypeError, OverflowError):
        return False
    return True


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda v: isinstance(v, str),
    "int": _is_int,
    "float": _is_float,
    "bool": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "strings": lambda v: isinstance(v, list) and all(isinstance(item, str) for item in v),
}


def at_most(limit: int) -> Rule:
    """Return the rule that a number is not larger than `limit`."""

    def rule(_name: str, value: object) -> str | None:
        return None if not _is_int(value) or int(cast(Any, value)) <= limit else ""

    return rule


def each_has(*keys: str) -> Rule:
    """Return the rule that each element of a list has these fields."""

    def rule(name: str, value: object) -> str | None:
        if not isinstance(value, list):
            return None
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                return ""
            for key in keys:
                if item.get(key, item.get(protojson.camel(key))) in (None, ""):
                    return missing_value(f"{name}[{index}].{key}")
        return None

    return rule


def _loads(data: bytes) -> object:
    """Decode JSON as MLflow does: what is no JSON counts as nothing, text is decoded twice."""
    try:
        raw = json.loads(data)
        if isinstance(raw, str):
            raw = json.loads(raw)
        if b"\\u" in data:
            json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Failure("Invalid request: its text is not valid Unicode.") from None
    except (ValueError, RecursionError):
        return None
    return raw


def _bool(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise Failure(f"Invalid boolean value: {value}, must be 'true' or 'false'.")
    return value.lower() == "true"
