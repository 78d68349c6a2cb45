"""A finished study as a node of the graph: data, estimator and space in, a table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clew.errors import ClewError
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge
from clew.select.persistent import STUDY, RuntimeStudies

if TYPE_CHECKING:
    from clew.select.evaluate import Account
    from clew.select.results import Explanation


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that an earlier study found best.

    Parameters
    ----------
    parameters : mapping
        The configuration.
    study : str
        Id of that study's node.
    table : ValueId
        Id of its table, which the new study's edge ``proposal`` names.
    """

    parameters: Mapping[str, Any]
    study: str
    table: ValueId


_PLAIN = (type(None), bool, int, float, str)
_DECIDING = ("X", "y", "estimator")
_LOOKED_AT = 200


def propose(store: Any, parts: Mapping[str, Any]) -> Proposal | None:
    """Return the best configuration of earlier studies with the same rows, targets and estimator.

    Parameters
    ----------
    store : StudyStore or None
        Only the store of this place remembers studies.
    parts : mapping
        What decides the study, by name.

    Returns
    -------
    Proposal or None
        None when there is no such study, or its best configuration is not made of plain values.
    """
    if not isinstance(store, RuntimeStudies):
        return None
    try:
        wanted = {name: fingerprint(parts[name]) for name in _DECIDING}
    except ClewError:
        return None
    found: tuple[float, Proposal] | None = None
    for node in store.runtime.store.history(STUDY, _LOOKED_AT):
        inputs = {edge.name: edge.value for edge in node.inputs}
        table = node.output("result")
        if table is None or any(inputs.get(name) != id for name, id in wanted.items()):
            continue
        try:
            kept = store.runtime.vault.get(table)
        except ClewError:
            continue
        best = kept.get("best_params")
        if best and (found is None or kept["best_score"] > found[0]):
            found = (kept["best_score"], Proposal(best, node.id.hex(), table))
    return found[1] if found else None


def keep(
    store: Any,
    parts: Mapping[str, Any],
    results: Mapping[str, Any],
    best: Mapping[str, Any] | None = None,
    proposal: Proposal | None = None,
    account: Account | None = None,
    explanations: Sequence[Explanation] = (),
) -> str | None:
    """Record a study in the store of this place and return its id.

    Parameters
    ----------
    store : StudyStore or None
        Only the store of this place keeps studies; with any other nothing is recorded.
    parts : mapping
        What decides the study, by name: ``X``, ``y``, ``estimator``, ``space`` …
    results : mapping
        ``cv_results_``.
    best : mapping, optional
        The best configuration.
    proposal : Proposal, optional
        What an earlier study proposed: its table becomes an input.
    account : Account, optional
        What the study cost: kept beside the table, as it was when the study was first made.
    explanations : sequence of Explanation
        How each configuration was evaluated.

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
        if proposal is not None:
            source = NodeId(Digest(bytes.fromhex(proposal.study)))
            inputs = (*inputs, Edge("proposal", proposal.table, source))
        table = {**table_of(results), **_best(results, best)}
        cost = Cost(account.elapsed_s if account else 0.0)
        return store.keep_study(inputs, shown, table, cost, _told(account, explanations))
    except ClewError:
        store.flush()
        return None


def _told(account: Account | None, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return counts of the whole study, and by configuration how many folds were reused."""
    if account is None:
        return {}
    return {**asdict(account), "reused_folds": [each.reused for each in explanations]}


def _best(results: Mapping[str, Any], best: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the best configuration, where plain values make it, and its mean score."""
    if best is None or not all(type(value) in _PLAIN for value in map(_item, best.values())):
        return {}
    means = next(results[name] for name in results if name.startswith("mean_test_"))
    ranks = next(results[name] for name in results if name.startswith("rank_test_"))
    parameters = {name: _item(value) for name, value in best.items()}
    return {"best_params": parameters, "best_score": float(means[np.argmin(ranks)])}


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


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
