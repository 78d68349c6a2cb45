"""The filter language of runs, experiments and logged models: MLflow's, to a small typed tree.

====================  ============================================================================
asked of runs         how
====================  ============================================================================
``metrics.KEY``       a number, with ``=  !=  <  <=  >  >=`` (the latest; NaN is ``!=`` to all)
``params.KEY``        text, with ``=  !=  LIKE  ILIKE``, ``IS NULL``, ``IS NOT NULL``
``tags.KEY``          the same
``attributes.KEY``    ``status``, ``run_id``, ``run_name``, ``user_id``, ``artifact_uri`` as text
                      (``run_id`` also ``IN (…)``), ``start_time``, ``end_time`` as numbers
``datasets.KEY``      ``name``, ``digest``, ``context``, with ``=  !=  LIKE  ILIKE  IN  NOT IN``
====================  ============================================================================

A key that was not logged meets no condition but ``IS NULL``. ``LIKE`` minds the case, ``ILIKE``
does not (ASCII); ``%`` stands for any characters, ``_`` for one. Comparisons are joined by ``AND``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from clew.entities.filter import Comparison, Grammar, Kind, Order, check_order
from clew.errors import InvalidParameter

_NUMBER = (">", ">=", "!=", "=", "<", "<=")
_TEXT = ("!=", "=", "LIKE", "ILIKE")
_NULLS = ("IS NULL", "IS NOT NULL")

_RUN_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), "parameter"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
    **dict.fromkeys(("dataset", "datasets"), "dataset"),
}
_RUN_ATTRIBUTES = (
    "artifact_uri",
    "end_time",
    "run_id",
    "run_name",
    "start_time",
    "status",
    "user_id",
)
_RUN_ALIASES = {
    "created": "start_time",
    "Created": "start_time",
    "run name": "run_name",
    "Run name": "run_name",
    "Run Name": "run_name",
}

RUNS = Grammar(
    what="run",
    kinds=_RUN_KINDS,
    kinds_error="Invalid entity type '{}'. Valid values are "
    "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    attributes=(*_RUN_ATTRIBUTES, *_RUN_ALIASES),
    orderable=(*_RUN_ATTRIBUTES, "created", "Created"),
    numeric=frozenset({"start_time", "end_time"}),
    lists=frozenset({"run_id"}),
    ops={
        "metric": _NUMBER,
        "parameter": (*_TEXT, *_NULLS),
        "tag": (*_TEXT, *_NULLS),
        "text": (*_TEXT, "IN", "NOT IN"),
        "number": _NUMBER,
        "dataset": (*_TEXT, "IN", "NOT IN"),
    },
    nullable="tags and params",
    aliases=_RUN_ALIASES,
    quote_invalid=True,
)
"""What can be asked of runs."""

_EXPERIMENT_ATTRIBUTES = ("name", "experiment_id", "creation_time", "last_update_time")


@dataclasses.dataclass(frozen=True, slots=True)
class _ExperimentGrammar(Grammar):
    def _check_op(self, group: str, kind: Kind, key: str, comparator: str, shown: str) -> None:
        if key == "experiment_id" and kind == "attribute":
            if comparator not in ("=", "!=", "IN", "NOT IN"):
                raise InvalidParameter(f"Invalid comparator for experiment_id: {comparator}")
        elif comparator not in self.ops[group]:
            named = {"text": "string attribute", "number": "numeric attribute"}.get(group, group)
            raise InvalidParameter(f"Invalid comparator for {named}: {comparator}")


EXPERIMENTS = _ExperimentGrammar(
    what="experiment",
    kinds={"attribute": "attribute", "attributes": "attribute", "tag": "tag", "tags": "tag"},
    kinds_error="Invalid entity type '{}'. Valid entity types are "
    "('attribute', 'attributes', 'tag', 'tags')",
    attributes=_EXPERIMENT_ATTRIBUTES,
    orderable=_EXPERIMENT_ATTRIBUTES,
    numeric=frozenset({"creation_time", "last_update_time"}),
    lists=frozenset({"experiment_id"}),
    ops={"tag": (*_TEXT, *_NULLS), "text": _TEXT, "number": _NUMBER},
    nullable="tags",
)
"""What can be asked of experiments."""

_MODEL_NUMBERS = {
    "creation_timestamp": "creation_timestamp",
    "creation_time": "creation_timestamp",
    "last_updated_timestamp": "last_updated_timestamp",
    "last_updated_time": "last_updated_timestamp",
}
_MODEL_ATTRIBUTES = ("name", "model_id", "model_type", "status", "source_run_id", *_MODEL_NUMBERS)


@dataclasses.dataclass(frozen=True, slots=True)
class _ModelGrammar(Grammar):
    def _check_op(self, group: str, kind: Kind, key: str, comparator: str, shown: str) -> None:
        if comparator not in self.ops[group]:
            field = f"{'params' if kind == 'parameter' else kind + 's'}.{key}"
            raise InvalidParameter(
                f"Invalid comparison operator for {field}: {comparator!r}. "
                f"Expected one of {tuple(self.ops[group])}."
            )


_MODEL_TEXT = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
_MODEL_NUMBER = ("<", "<=", ">", ">=", "=", "!=")

MODELS = _ModelGrammar(
    what="logged model",
    kinds={"attributes": "attribute", "metrics": "metric", "params": "parameter", "tags": "tag"},
    kinds_error="Invalid entity type: '{}'. Expected one of "
    "['attributes', 'metrics', 'params', 'tags'].",
    attributes=_MODEL_ATTRIBUTES,
    orderable=_MODEL_ATTRIBUTES,
    numeric=frozenset(_MODEL_NUMBERS.values()),
    lists=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    ops={
        "metric": _MODEL_NUMBER,
        "parameter": _MODEL_TEXT,
        "tag": _MODEL_TEXT,
        "text": _MODEL_TEXT,
        "number": _MODEL_NUMBER,
    },
    aliases=_MODEL_NUMBERS,
    listed=frozenset({"attribute", "parameter", "tag"}),
)
"""What can be asked of logged models."""


@dataclasses.dataclass(frozen=True, slots=True)
class ModelOrder:
    """One key to sort logged models by; a metric may be that of one dataset."""

    order: Order
    dataset_name: str | None = None
    dataset_digest: str | None = None


def parse_model_order(clauses: Iterable[Mapping[str, object]] | None) -> tuple[ModelOrder, ...]:
    """Return the keys of logged models' order_by mappings, each once.

    Raises
    ------
    InvalidParameter
        When one of them names no field, or one that there is not, or when they are too many.
    """
    found: dict[tuple[object, ...], ModelOrder] = {}
    for clause in clauses or ():
        one = _model_order(clause)
        key = (one.order.kind, one.order.key, one.dataset_name, one.dataset_digest)
        # To sort by the same again changes nothing.
        found.setdefault(key, one)
        check_order(found)
    return tuple(found.values())


def _model_order(clause: Mapping[str, object]) -> ModelOrder:
    if not isinstance(clause, Mapping):
        raise InvalidParameter("`order_by` must be a list of dictionaries.")
    field = clause.get("field_name")
    if not isinstance(field, str):
        raise InvalidParameter("`field_name` in the `order_by` clause must be specified.")
    ascending = clause.get("ascending", True)
    if not isinstance(ascending, bool):
        raise InvalidParameter(
            "Value of `ascending` in the `order_by` clause must be a boolean, got "
            f"{type(ascending)} for field {field}."
        )
    name, digest = clause.get("dataset_name") or None, clause.get("dataset_digest") or None
    if digest and not name:
        raise InvalidParameter(
            "`dataset_digest` can only be specified if `dataset_name` is also specified."
        )
    kind, dot, key = field.partition(".")
    if dot:
        if kind != "metrics":
            raise InvalidParameter(
                f"Invalid order by field name: {kind}, only `metrics.<name>` is allowed."
            )
        return ModelOrder(Order("metric", key, ascending), _text(name), _text(digest))
    field = _MODEL_NUMBERS.get(field.strip(), field.strip())
    if field not in _MODEL_ATTRIBUTES:
        raise InvalidParameter(f"Invalid order by field name: {field}.")
    return ModelOrder(Order("attribute", field, ascending))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


__all__ = [
    "EXPERIMENTS",
    "MODELS",
    "RUNS",
    "Comparison",
    "ModelOrder",
    "Order",
    "parse_model_order",
]
