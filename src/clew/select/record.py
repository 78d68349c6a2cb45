"""A finished study as a node of the graph: data, estimator and space in, a table out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clew.errors import ClewError
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge
from clew.select.persistent import RuntimeStudies


def keep(store: Any, parts: Mapping[str, Any], results: Mapping[str, Any]) -> str | None:
    """Record a study in the store of this place and return its id.

    Parameters
    ----------
    store : StudyStore or None
        Only the store of this place keeps studies; with any other nothing is recorded.
    parts : mapping
        What decides the study, by name: ``X``, ``y``, ``estimator``, ``space`` …
    results : mapping
        ``cv_results_``.

    Returns
    -------
    str or None
        Id of the node; None when something that decides the study has no content id.
    """
    if not isinstance(store, RuntimeStudies):
        return None
    try:
        inputs = tuple(Edge(name, fingerprint(part)) for name, part in parts.items())
        shown = [describe(edge.value, parts[edge.name]) for edge in inputs]
        return store.keep_study(inputs, shown, table_of(results))
    except ClewError:
        store.flush()
        return None


def table_of(results: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return ``cv_results_`` as plain lists: params as text, times left out, scores as floats."""
    table: dict[str, list[Any]] = {}
    for name, column in results.items():
        if name == "params" or name.endswith("_time"):
            continue
        if name.startswith("param_"):
            table[name] = ["" if v is np.ma.masked else str(v) for v in column]
        else:
            table[name] = [v.item() if isinstance(v, np.generic) else v for v in column]
    return table
