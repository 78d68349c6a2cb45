"""Studies of model selection: their trials, and what mattered."""

from __future__ import annotations

import re
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clew.api.rest.contract.studies import (
    ImportanceQuery,
    Mattered,
    RunningStudy,
    StudiesQuery,
    StudiesTable,
    StudyAccount,
    StudyDetail,
    StudyImportance,
    StudyRow,
    Together,
    Trial,
)
from clew.api.rest.dispatch import Handler
from clew.app.importance import STUDY, study_importance
from clew.app.served import Served
from clew.entities.number import Number, number
from clew.entities.overview import Cell
from clew.errors import ClewError, NotFound
from clew.lineage.canonical import NodeId
from clew.lineage.records import Node
from clew.select.live import Told, told

_MOST = 10_000
_FOLD = re.compile(r"split(\d+)_test_")

Table = Mapping[str, Sequence[Any]]


def listed(served: Served, query: StudiesQuery) -> StudiesTable:
    """List studies, newest first."""
    nodes = served.store.runtime.store.history(STUDY, _MOST)
    shown = nodes[query.offset : query.offset + query.limit]
    running = [_running(one) for one in _told(served) if not one.study]
    rows = [_row(served, node) for node in shown]
    return StudiesTable(total=len(nodes), rows=rows, running=running)


def _told(served: Served) -> list[Told]:
    runtime = served.store.runtime
    return told(runtime.folder) if runtime.location == runtime.folder else []


def _running(one: Told) -> RunningStudy:
    metrics = _metrics(one.table)
    means = [x for x in one.table[f"mean_test_{metrics[0]}"] if x == x] if metrics else []
    return RunningStudy(
        id=one.id,
        started_ms=one.started_ms,
        estimator=one.estimator,
        data=one.data,
        done=one.done,
        total=one.total,
        trials=len(one.table.get("rewrite", ())),
        metric=metrics[0] if metrics else None,
        best=number(max(means)) if means else None,
        elapsed_s=one.elapsed_s,
        saved_s=one.saved_s,
    )


_known: weakref.WeakKeyDictionary[Served, dict[NodeId, StudyRow]] = weakref.WeakKeyDictionary()
"""Lines of studies, which never change: their tables are long, and pages ask again and again."""


def _row(served: Served, node: Node) -> StudyRow:
    known = _known.setdefault(served, {})
    row = known.get(node.id) or _read(served, node)
    if row.trials is not None:
        known[node.id] = row
    return row


def _read(served: Served, node: Node) -> StudyRow:
    estimator, data = _inputs(served, node)
    table = _table(served, node)
    metrics = _metrics(table)
    ranked = [x for x in table.get(f"mean_test_{metrics[0]}", ()) if x == x] if metrics else []
    return StudyRow(
        id=node.id.hex(),
        created_ms=node.created_ms,
        estimator=estimator,
        data=data,
        trials=len(table[f"rank_test_{metrics[0]}"]) if metrics else None,
        metric=metrics[0] if metrics else None,
        best=number(max(ranked)) if ranked else None,
        wall_s=node.cost.wall_s,
        saved_s=_output(served, node, "account").get("saved_s"),
    )


def get(served: Served, id: str) -> StudyDetail:
    """Return a study with its trials, best first."""
    live = next((one for one in _told(served) if one.id == id), None)
    if live is not None and not live.study:
        return _live(live)
    if live is not None:
        id = live.study
    node = served.store.node(id)
    if node.operation != STUDY:
        raise NotFound(f"{id!r} is no study", hint="`clew study list` lists studies")
    estimator, data = _inputs(served, node)
    account = _output(served, node, "account")
    return _detail(
        _table(served, node),
        account.get("reused_folds", ()),
        id=node.id.hex(),
        created_ms=node.created_ms,
        estimator=estimator,
        data=data,
        wall_s=node.cost.wall_s,
        account=msgspec.convert(account, StudyAccount) if account else None,
    )


def _live(one: Told) -> StudyDetail:
    return _detail(
        one.table,
        one.table.get("reused_folds", ()),
        id=one.id,
        created_ms=one.started_ms,
        estimator=one.estimator,
        data=one.data,
        wall_s=one.elapsed_s,
        running=_running(one),
    )


def _detail(
    table: Table,
    reused: Sequence[int],
    *,
    id: str,
    created_ms: int,
    estimator: str,
    data: str,
    wall_s: float,
    account: StudyAccount | None = None,
    running: RunningStudy | None = None,
) -> StudyDetail:
    metrics, resource = _metrics(table), _resource(table)
    params = [name.removeprefix("param_") for name in table if name.startswith("param_")]
    params = [name for name in params if name != resource]
    return StudyDetail(
        id=id,
        created_ms=created_ms,
        estimator=estimator,
        data=data,
        params=params,
        metrics=metrics,
        folds=_folds(table),
        resource=resource,
        trials=_trials(table, params, metrics, reused),
        wall_s=wall_s,
        account=account,
        running=running,
    )


def _inputs(served: Served, node: Node) -> tuple[str, str]:
    shown = served.store.runtime.store.describe([edge.value for edge in node.inputs])
    by_name = {edge.name: shown[edge.value].preview for edge in node.inputs if edge.value in shown}
    return by_name.get("estimator", ""), by_name.get("X", "")


def _table(served: Served, node: Node) -> Table:
    return _output(served, node, "result")


def _output(served: Served, node: Node, name: str) -> Mapping[str, Any]:
    output = node.output(name)
    try:
        found = served.store.runtime.vault.get(output) if output is not None else {}
    except ClewError:
        return {}  # Its bytes were collected: the study is still listed.
    return found if isinstance(found, dict) else {}


def _metrics(table: Table) -> list[str]:
    return [name.removeprefix("mean_test_") for name in table if name.startswith("mean_test_")]


def _folds(table: Table) -> int | None:
    folds = [int(match[1]) for name in table if (match := _FOLD.match(name))]
    return max(folds) + 1 if folds else None


def _resource(table: Table) -> str:
    """Return the param that grows from rung to rung: the one that is the rung's resource."""
    sizes = [str(size) for size in table.get("n_resources", ())]
    grown = (name for name in table if name.startswith("param_") and list(table[name]) == sizes)
    return next(grown, "").removeprefix("param_") if sizes else ""


def _trials(
    table: Table, params: Sequence[str], metrics: Sequence[str], reused: Sequence[int]
) -> list[Trial]:
    if not metrics:
        return []
    ranks, folds = table[f"rank_test_{metrics[0]}"], _folds(table) or 0
    fits, rewrites = table.get("mean_fit_time"), table.get("rewrite")
    sizes, left_out = table.get("n_resources"), table.get("folds_left_out")
    trials = [
        Trial(
            number=index,
            rank=int(rank),
            params=[_cell(table[f"param_{name}"][index]) for name in params],
            means=[number(table[f"mean_test_{name}"][index]) for name in metrics],
            stds=[number(table[f"std_test_{name}"][index]) for name in metrics],
            folds=[_scores(table, name, index, folds) for name in metrics],
            fit_s=None if fits is None or fits[index] != fits[index] else float(fits[index]),
            rewrite=str(rewrites[index]) if rewrites is not None else "",
            resource=None if sizes is None else float(sizes[index]),
            stopped_after=folds - int(left_out[index]) if left_out and left_out[index] else None,
            reused_folds=reused[index] if index < len(reused) else None,
        )
        for index, rank in enumerate(ranks)
    ]
    return sorted(trials, key=lambda trial: (trial.rank, trial.number))


def _scores(table: Table, metric: str, index: int, folds: int) -> list[Number | None]:
    scores = (table[f"split{fold}_test_{metric}"][index] for fold in range(folds))
    return [number(score) if score == score else None for score in scores]


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return number(value)
    return str(value)


def importance(served: Served, id: str, query: ImportanceQuery) -> StudyImportance:
    """Say which params of a study mattered."""
    found = study_importance(served.store, id, query.metric or None)
    return StudyImportance(
        metric=found.metric,
        trials=found.trials,
        explained=found.explained,
        params=[Mattered(param=p.param, alone=p.alone, share=p.share) for p in found.params],
        pairs=[Together(params=list(p.params), share=p.share) for p in found.pairs],
    )


HANDLERS: dict[str, Handler] = {
    "studies.list": listed,
    "studies.get": get,
    "studies.importance": importance,
}
