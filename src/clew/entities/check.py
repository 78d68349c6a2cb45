"""Rules for names and texts that tracking and the registry share, with MLflow's messages."""

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache

from clew.errors import InvalidParameter, WrongType

_NAME = re.compile(r"[/\w.\- :]*")
MAX_KEY = 250
MAX_PATH_BYTES = 4_096
MAX_PART_BYTES = 255


@lru_cache(maxsize=65_536)
def name_problem(name: str) -> str | None:
    """Return what is wrong with the key of a metric, param or tag; None when nothing is."""
    if not _NAME.fullmatch(name):
        return (
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
            "spaces ( ), colon(:) and slashes (/)."
        )
    normal = posixpath.normpath(name)
    if normal != name or normal == "." or normal.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other names "
            f"when treated as such. This name would resolve to {normal!r}"
        )
    return None


def invalid_value(path: str, value: object, message: str = "") -> str:
    """Return MLflow's message for a value that is not accepted."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)
    end = f": {message}" if message else "."
    return f"Invalid value {shown} for parameter '{path}' supplied{end}"


def missing(path: str) -> InvalidParameter:
    """Return the error for something that must be given."""
    return InvalidParameter(f"Missing value for required parameter '{path}'.")


def check_key(key: object, path: str) -> str:
    """Return the key of a tag; what is none is refused."""
    if key is None:
        raise missing(path)
    if not isinstance(key, str):
        raise WrongType(invalid_value(path, key), got=type(key).__name__, expected="text")
    problem = name_problem(key)
    if problem:
        raise InvalidParameter(invalid_value(path, key, problem))
    return key


def check_length(what: str, limit: int, text: str) -> str:
    """Return a text that is no longer than `limit` characters."""
    if len(text) > limit:
        raise InvalidParameter(f"'{what}' exceeds the maximum length of {limit} characters")
    return text


def check_text(value: object, path: str) -> str:
    """Return a text that a store can hold: no NUL, no lone surrogate."""
    if not isinstance(value, str):
        raise WrongType(invalid_value(path, value), got=type(value).__name__, expected="text")
    if "\0" in value:
        raise InvalidParameter(f"'{path}' cannot contain NUL (0x00) characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidParameter(
            invalid_value(path, ascii(value)[:80], "It is not valid Unicode text")
        ) from None
    return value


def check_limit(limit: object, most: int) -> int:
    """Return how many results may be given at once."""
    shown = f"Invalid value {limit} for parameter 'max_results' supplied. It must be"
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise InvalidParameter(f"{shown} a positive integer")
    if limit > most:
        raise InvalidParameter(f"{shown} at most {most}")
    return limit


def artifact_path(path: object) -> str:
    """Return a path that stays below its owner's folder.

    Raises
    ------
    InvalidParameter
        When it is empty, absolute, holds ``..``, a backslash, NUL or another control character, or
        is too long.
    """
    bad = InvalidParameter(
        f"Invalid artifact path: {str(path)[:200]!r}",
        expected="a relative path with / between its parts, without . and ..",
    )
    if not isinstance(path, str) or not path:
        raise bad
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path:
        raise bad
    if not path.isprintable():
        raise bad
    check_text(path, "path")
    if len(path.encode()) > MAX_PATH_BYTES or any(
        len(part.encode()) > MAX_PART_BYTES for part in parts
    ):
        raise bad
    return path
