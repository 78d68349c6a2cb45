"""Names, keys and values as MLflow accepts them, with its texts (``utils/validation.py``)."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from clew.api.mlflow.failure import Failure

MAX_KEY = 250
MAX_PARAM = 6000
MAX_TAG = 8000
MAX_EXPERIMENT_NAME = 500
MAX_EXPERIMENT_TAG = 20_000
MAX_REGISTRY_TAG = 100_000
MAX_ALIAS = 255
MAX_METRICS = 1000
MAX_PARAMS_TAGS = 100
MAX_BATCH = 1000

_NAME = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_BAD_CHARACTER = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.),"
    " spaces ( ), colon(:) and slashes (/)."
)


def invalid_value(path: str, value: object, message: str | None = None) -> str:
    """Return MLflow's text for a value that it refuses."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    text = f"Invalid value {shown} for parameter '{path}' supplied"
    return f"{text}: {message}" if message else f"{text}."


def missing_value(path: str) -> str:
    """Return MLflow's text for a parameter that is not there."""
    return f"Missing value for required parameter '{path}'."


@lru_cache(maxsize=16_384)
def _problem(name: str) -> str | None:
    if _NAME.fullmatch(name) is None:
        return _BAD_CHARACTER
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other names"
            f" when treated as such. This name would resolve to {plain!r}"
        )
    return None


def check_name(name: str, path: str) -> None:
    """Refuse a key of a metric, param or tag that MLflow refuses."""
    problem = _problem(name)
    if problem is not None:
        raise Failure(invalid_value(path, name, problem))


def check_length(what: str, limit: int, value: str) -> None:
    """Refuse what is longer than MLflow stores."""
    if len(value) > limit:
        raise Failure(f"'{what}' exceeds the maximum length of {limit} characters")


def check_metric(key: str, timestamp: int, value: float, path: str = "") -> None:
    """Refuse a metric that MLflow refuses."""
    check_name(key, f"{path}.name" if path else "name")
    if timestamp < 0:
        raise Failure(
            invalid_value(
                f"{path}.timestamp" if path else "timestamp",
                timestamp,
                f"metric '{key}' (value={value}). "
                "Timestamp must be a nonnegative long (64-bit integer) ",
            )
        )
    check_length("Metric name", MAX_KEY, key)


def checked_param(key: str, value: str, path: str = "") -> str:
    """Refuse a param that MLflow refuses; return the value, cut to what MLflow keeps of it."""
    check_name(key, f"{path}.key" if path else "key")
    check_length("Param key", MAX_KEY, key)
    return value[:MAX_PARAM]


def checked_tag(key: str, value: str, path: str = "") -> str:
    """Refuse a run's tag that MLflow refuses; return the value, cut to what MLflow keeps of it."""
    where = f"{path}.key" if path else "key"
    check_name(key, where)
    check_length(where, MAX_KEY, key)
    return value[:MAX_TAG]


def check_experiment_tag(key: str, value: str) -> None:
    """Refuse an experiment's tag that MLflow refuses."""
    check_name(key, "key")
    check_length("key", MAX_KEY, key)
    check_length("value", MAX_EXPERIMENT_TAG, value)


def check_registry_tag(key: str, value: str) -> None:
    """Refuse a tag of a registered model or version that MLflow refuses."""
    check_name(key, "key")
    check_length("key", MAX_KEY, key)
    check_length("value", MAX_REGISTRY_TAG, value)


def check_run_id(run_id: str) -> None:
    """Refuse what cannot be a run's id."""
    if _RUN_ID.fullmatch(run_id) is None:
        raise Failure(invalid_value("run_id", run_id))


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Refuse a batch that is larger than MLflow takes."""
    _limit("metrics", MAX_METRICS, metrics)
    _limit("params", MAX_PARAMS_TAGS, params)
    _limit("tags", MAX_PARAMS_TAGS, tags)
    _limit("metrics, params, and tags", MAX_BATCH, metrics + params + tags)


def _limit(what: str, limit: int, length: int) -> None:
    if length > limit:
        raise Failure(
            f"A batch logging request can contain at most {limit} {what}. Got {length} {what}."
            f" Please split up {what} across multiple requests and try again."
        )


def check_unique_params(keys: Sequence[str]) -> None:
    """Refuse a batch that logs a param twice."""
    if len(set(keys)) == len(keys):
        return
    seen: set[str] = set()
    twice: list[str] = []
    for key in keys:
        if key in seen:
            twice.append(key)
        seen.add(key)
    raise Failure(
        f"Duplicate parameter keys have been submitted: {twice}. Please ensure "
        "the request contains only one param value per param key."
    )


def check_experiment_name(name: str) -> None:
    """Refuse what cannot be an experiment's name."""
    if not name.strip():
        raise Failure(f"Invalid experiment name: '{name}'")
    check_length("name", MAX_EXPERIMENT_NAME, name)


def check_model_name(name: str, path: str = "name") -> None:
    """Refuse what cannot be a registered model's name."""
    if not name.strip():
        raise Failure(missing_value(path))
    if "/" in name or ":" in name:
        raise Failure(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(".."):
        raise Failure(
            invalid_value(
                "name",
                name,
                "Names may be treated as files in certain cases, and must not resolve to other "
                f"names when treated as such. This name would resolve to {plain!r}",
            )
        )


def version_number(version: str) -> int:
    """Return a model version's number."""
    try:
        return int(version)
    except ValueError:
        raise Failure(f"Parameter 'version' must be an integer, got '{version}'.") from None


def check_alias(alias: str) -> None:
    """Refuse what cannot be an alias of a registered model."""
    if not alias:
        raise Failure("Registered model alias name cannot be empty.")
    if _ALIAS.fullmatch(alias) is None:
        raise Failure(
            f"Invalid alias name: '{alias}'. "
            "Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    check_length("Registered model alias name", MAX_ALIAS, alias)


def check_alias_is_free(alias: str) -> None:
    """Refuse aliases that would be read as something else."""
    if alias.lower() == "latest":
        raise Failure("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise Failure(
            f"Version alias name '{alias}' is reserved.",
        )


def check_logged_model_name(name: str | None) -> None:
    """Refuse what cannot be a logged model's name."""
    if name is None:
        return
    if not name or any(c in name for c in "/:.%\"'"):
        raise Failure(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string "
            "and cannot contain the following characters: " + str(("/", ":", ".", "%", '"', "'"))
        )


def unique(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return pairs as a dict, the last of equal keys winning."""
    return dict(items)
