"""What may be logged: limits and rules, with MLflow's messages.

Pure functions; every store calls them before it writes, so that all refuse the same things in the
same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from clew.entities import Dataset, DatasetInput, Metric, Owner
from clew.entities.check import (
    MAX_KEY,
    check_key,
    check_length,
    check_text,
    invalid_value,
    name_problem,
)
from clew.entities.check import (
    artifact_path as artifact_path,
)
from clew.errors import InvalidParameter, WrongType

MAX_PARAM = 6_000
MAX_TAG = 8_000
MAX_EXPERIMENT_TAG = 20_000
MAX_EXPERIMENT_NAME = 500
MAX_METRICS = 1_000
MAX_PARAMS = 100
MAX_BATCH = 1_000
MAX_RESULTS = 50_000
_LONG = 1 << 63
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_BAD_IN_MODEL_NAME = ("/", ":", ".", "%", '"', "'")

Pairs = Mapping[str, str] | Sequence[tuple[str, str]]


def run_id(id: object) -> str:
    """Return the id of a run."""
    if not isinstance(id, str) or not _RUN_ID.fullmatch(id):
        raise InvalidParameter(invalid_value("run_id", id))
    return id


def experiment_id(id: object) -> int:
    """Return the number of an experiment; one below 0 is none's, and not found."""
    try:
        number = int(cast(str, id))
    except (TypeError, ValueError):
        number = _LONG
    if isinstance(id, bool) or not -_LONG <= number < _LONG:
        raise InvalidParameter(
            f"Invalid experiment ID '{id}'. Experiment ID must be a valid integer."
        )
    return number


def experiment_name(name: object) -> str:
    """Return the name of an experiment."""
    if name is None or (isinstance(name, str) and not name.strip()):
        raise InvalidParameter(f"Invalid experiment name: '{name}'")
    if not isinstance(name, str):
        raise WrongType(f"Invalid experiment name: {name}. Expects a string.")
    return check_text(check_length("name", MAX_EXPERIMENT_NAME, name), "name")


def experiment_tag(key: object, value: object) -> tuple[str, str]:
    """Return a tag of an experiment."""
    name = check_length("key", MAX_KEY, check_key(key, "key"))
    return name, check_length("value", MAX_EXPERIMENT_TAG, check_text(value, "value"))


def model_name(name: str | None) -> None:
    """Refuse what cannot name a logged model."""
    if name is not None and (
        not isinstance(name, str) or not name or any(c in name for c in _BAD_IN_MODEL_NAME)
    ):
        raise InvalidParameter(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_BAD_IN_MODEL_NAME}"
        )


def metrics(found: Sequence[Metric]) -> None:
    """Refuse metrics that break a rule."""
    _few("metrics", MAX_METRICS, len(found))
    for index, metric in enumerate(found):
        key, value = metric.key, metric.value
        # The plain case first: a thousand of these are checked in a millisecond.
        if (
            key.__class__ is str
            and name_problem(key) is None
            and value.__class__ is float
            and metric.time_ms.__class__ is int
            and metric.step.__class__ is int
            and 0 <= metric.time_ms < _LONG
            and -_LONG <= metric.step < _LONG
            and len(key) <= MAX_KEY
        ):
            continue
        _metric(metric, "" if len(found) == 1 else f"metrics[{index}].")


def _metric(metric: Metric, at: str) -> None:
    key: object = metric.key
    if key is None:
        raise InvalidParameter(
            invalid_value(
                f"{at}name", None, "Metric name cannot be None. A key name must be provided."
            )
        )
    name = check_key(key, f"{at}name")
    shown = f"metric '{name}' (value={metric.value})."
    if not _is_number(metric.value):
        raise InvalidParameter(
            invalid_value(
                f"{at}value",
                metric.value,
                f"(timestamp={metric.time_ms}). Please specify value as a valid double "
                "(64-bit floating point)",
            )
        )
    if not _is_long(metric.time_ms) or metric.time_ms < 0:
        expected = f"{shown} Timestamp must be a nonnegative long (64-bit integer) "
        raise InvalidParameter(invalid_value(f"{at}timestamp", metric.time_ms, expected))
    if not _is_long(metric.step):
        expected = f"{shown} Step must be a valid long (64-bit integer)."
        raise InvalidParameter(invalid_value(f"{at}step", metric.step, expected))
    check_length("Metric name", MAX_KEY, name)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _is_long(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LONG <= value < _LONG


def params(found: Pairs) -> list[tuple[str, str]]:
    """Return params, each key once, long values cut at 6,000 characters."""
    pairs = list(found.items()) if isinstance(found, Mapping) else list(found)
    _few("params", MAX_PARAMS, len(pairs))
    alone = len(pairs) == 1
    kept = [
        (_param_key(key, "key" if alone else f"params[{index}].key"), _cut(value, MAX_PARAM))
        for index, (key, value) in enumerate(pairs)
    ]
    seen: set[str] = set()
    twice = [key for key, _ in kept if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise InvalidParameter(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request "
            "contains only one param value per param key."
        )
    return kept


def _param_key(key: object, path: str) -> str:
    if key is None:
        raise InvalidParameter(invalid_value(path, "", "A key name must be provided."))
    return check_length("Param key", MAX_KEY, check_key(key, path))


def tags(found: Pairs) -> dict[str, str]:
    """Return tags, the last of equal keys, long values cut at 8,000 characters."""
    pairs = list(found.items()) if isinstance(found, Mapping) else list(found)
    _few("tags", MAX_PARAMS, len(pairs))
    alone = len(pairs) == 1
    return dict(
        _tag(key, value, "key" if alone else f"tags[{index}].key")
        for index, (key, value) in enumerate(pairs)
    )


def _tag(key: object, value: object, path: str) -> tuple[str, str]:
    return check_length(path, MAX_KEY, check_key(key, path)), _cut(value, MAX_TAG)


def _cut(value: object, limit: int) -> str:
    """Return a text, cut to the limit: what MLflow's server does with long values."""
    text = check_text("" if value is None else value, "value")
    return text[:limit]


def batch(counts: Iterable[int]) -> None:
    """Refuse a batch of too many things in all."""
    _few("metrics, params, and tags", MAX_BATCH, sum(counts))


def _few(what: str, limit: int, count: int) -> None:
    if count > limit:
        raise InvalidParameter(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. "
            f"Please split up {what} across multiple requests and try again."
        )


_DATASET_LIMITS = {
    "name": 500,
    "digest": 36,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}


def datasets(inputs: Sequence[DatasetInput]) -> None:
    """Refuse datasets that lack something or are too long."""
    for one in inputs:
        _dataset(one.dataset)
        for key, value in one.tags.items():
            check_length("key", 255, check_text(key, "key"))
            check_length("value", 500, check_text(value, "value"))


def _dataset(dataset: Dataset) -> None:
    for field in ("name", "digest", "source_type", "source"):
        if getattr(dataset, field) is None:
            raise InvalidParameter(f"Dataset {field} cannot be None")
    for field, limit in _DATASET_LIMITS.items():
        text = getattr(dataset, field)
        if field == "digest" and dataset.content is not None and text == dataset.content:
            limit = 64  # clew's own digests are content ids.
        if text is not None:
            check_length(field, limit, check_text(text, field))


def owner(found: Owner) -> Owner:
    """Return an owner of artifacts; a free folder's name follows the rules of paths."""
    if found.kind == "folder":
        artifact_path(found.id)
    elif found.kind not in ("run", "model", "trace") or not _RUN_ID.fullmatch(found.id):
        raise InvalidParameter(invalid_value("owner", found.id))
    return found


def time_ms(value: int | None, path: str) -> int | None:
    """Return a time, or None."""
    if value is not None and (not _is_long(value) or value < 0):
        raise InvalidParameter(invalid_value(path, value))
    return value
