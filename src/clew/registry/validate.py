"""What the registry accepts: names, tags, aliases, stages, with MLflow's messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from clew.entities import Stage
from clew.entities.check import (
    MAX_KEY,
    check_key,
    check_length,
    check_text,
    invalid_value,
    missing,
    name_problem,
)
from clew.errors import InvalidParameter

MAX_NAME = 256
MAX_TAG = 100_000
MAX_ALIAS = 255
STAGES: tuple[Stage, ...] = ("None", "Staging", "Production", "Archived")
ACTIVE: tuple[Stage, ...] = ("Staging", "Production")
_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"[vV]\d+")


def model_name(name: object, path: str = "name") -> str:
    """Return the name of a registered model."""
    if not isinstance(name, str) or not name.strip():
        raise missing(path)
    if "/" in name or ":" in name:
        raise InvalidParameter(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    problem = name_problem(name)
    if problem and "resolve" in problem:
        raise InvalidParameter(invalid_value("name", name, problem))
    return check_text(check_length("name", MAX_NAME, name), "name")


def version(number: object) -> int:
    """Return the number of a version."""
    try:
        found = int(cast(str, number))
    except (TypeError, ValueError):
        raise InvalidParameter(f"Parameter 'version' must be an integer, got '{number}'.") from None
    return found if -(1 << 63) <= found < 1 << 63 else -1


def tag(key: object, value: object) -> tuple[str, str]:
    """Return a tag."""
    name = check_length("key", MAX_KEY, check_key(key, "key"))
    if value is None:
        raise InvalidParameter("Tag value cannot be None")
    return name, check_length("value", MAX_TAG, check_text(value, "value"))


def tags(found: Mapping[str, str] | None) -> dict[str, str]:
    """Return tags."""
    return dict(tag(key, value) for key, value in (found or {}).items())


def alias(name: object) -> str:
    """Return an alias, a reserved one too."""
    if not isinstance(name, str) or not name:
        raise InvalidParameter("Registered model alias name cannot be empty.")
    if not _ALIAS.fullmatch(name):
        raise InvalidParameter(
            f"Invalid alias name: '{name}'. Names may only contain alphanumerics, underscores "
            "(_), and dashes (-)."
        )
    return check_length("Registered model alias name", MAX_ALIAS, name)


def free_alias(name: object) -> str:
    """Return an alias that may be set."""
    found = alias(name)
    if found.lower() == "latest":
        raise InvalidParameter("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(found):
        raise InvalidParameter(f"Version alias name '{found}' is reserved.")
    return found


def stage(name: object) -> Stage:
    """Return a stage by its name in any case."""
    for known in STAGES:
        if str(name).lower() == known.lower():
            return known
    raise InvalidParameter(
        f"Invalid Model Version stage: {name}. Value must be one of {', '.join(STAGES)}."
    )


def description(text: str | None) -> str | None:
    """Return a description."""
    return None if text is None else check_text(text, "description")
