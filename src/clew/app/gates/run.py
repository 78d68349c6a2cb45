"""A gate is run: the set's budget is asked, labels are taken in, the verdict is recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clew.app.evidence import VERDICT
from clew.app.facts import record as keep
from clew.app.facts import stored
from clew.app.gates import record
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.debug.gates.gate import Gate
from clew.debug.gates.judge import BATCH, judge
from clew.debug.gates.ledger import RowSet, Step, admit, opened
from clew.debug.gates.plan import BY_ROW
from clew.debug.gates.rows import Rows, told
from clew.debug.gates.verdict import Outcome, Verdict
from clew.errors import InvalidState, NotFound
from clew.lineage.canonical import Digest, NodeId, digest


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a gate is about.

    Parameters
    ----------
    name : str
        As it was named: ``adult/3``, ``column prediction``.
    version : str
        ``NAME/VERSION`` where it is registered.
    content : str
        Content id where it is registered.
    """

    name: str
    version: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of running a gate.

    Parameters
    ----------
    outcome : {"PASS", "FAIL", "UNKNOWN", "NEEDS-LABELS"}
        The verdict.
    asked : tuple of str
        Ids of the rows to label next.
    verdict : Verdict
        With all numbers.
    set : RowSet
        What is left of the test set.
    node : str
        Id of the node that holds it all.
    """

    outcome: Outcome
    asked: tuple[str, ...]
    verdict: Verdict
    set: RowSet
    node: str


def run(
    store: Store,
    gate: Gate,
    rows: Rows,
    labels: Mapping[str, object] | None = None,
    *,
    new: Model,
    old: Model | None = None,
    facts: Mapping[str, float] | None = None,
    batch: int = BATCH,
    show: bool = False,
) -> Judged:
    """Judge a model with a test set of this store, and record what came of it.

    The same question gets the same answer, and counts once. Labels are kept: each is asked for
    once, whichever models need it.

    Parameters
    ----------
    labels : mapping, optional
        Labels that are new, by the ids of rows.
    show : bool
        Whether the numbers behind the verdict are shown to somebody: then the set judges no
        further model, unless nobody who sees them makes models (adaptivity ``none``).

    Raises
    ------
    InvalidState
        When the set is spent, was opened with another guarantee, shares rows with another one of
        the same gate, or has too few rows.
    NotFound
        When labels are of rows that are not in the set.
    """
    facts = facts or {}
    id = set_id(rows.ids)
    with store.runtime.claims.hold(NodeId(digest("gate", 1, [gate.name.encode()]))):
        tracking = tracking_of(store.runtime)
        known = record.find(tracking, gate.name, id)
        if known is None:
            _check_fresh(store, tracking, gate, rows.ids)
            known = opened(gate, id, len(rows))
        key = _key(gate, rows, facts)
        admit(known, gate, key)
        if not known.ids:
            judge(gate, rows, {}, facts=facts)  # Refused before anything is recorded.
            known = record.keep_rows(store, known, sorted(rows.ids))
            record.put(tracking, known, "gate.opened")
        given = {str(id): told(label) for id, label in (labels or {}).items()}
        _check_members(rows.ids, given)
        all_labels = record.keep_labels(store, id, given)
        before = known.step(key)
        if before is not None and before.outcome != "NEEDS-LABELS":
            known = _shown(tracking, known, show=show)
            plain = store.value(before.node)
            return Judged(before.outcome, (), told_before(plain), known, before.node)
        verdict = judge(gate, rows, all_labels, facts=facts, batch=batch)
        node = _recorded(store, gate, rows, all_labels, verdict, facts, new, old)
        step = Step(
            key=key,
            new=new.name,
            old="" if old is None else old.name,
            version=new.version,
            content=new.content,
            outcome=verdict.outcome,
            node=node.hex(),
            time_ms=time.time_ns() // 1_000_000,
        )
        kept = [one for one in known.judged if one.key != key]
        place = next((at for at, one in enumerate(known.judged) if one.key == key), len(kept))
        known = msgspec.structs.replace(
            known, judged=(*known.judged[:place], step, *known.judged[place + 1 :])
        )
        record.put(tracking, known, "gate.judged", f"{new.name}: {verdict.outcome}")
        if verdict.outcome != "NEEDS-LABELS":
            known = _shown(tracking, known, show=show)
        return Judged(verdict.outcome, verdict.asked, verdict, known, node.hex())


def told_before(plain: Any) -> Verdict:
    """Return a verdict as its node holds it."""
    return msgspec.convert(plain, Verdict)


def set_id(ids: Sequence[str]) -> str:
    """Return the id of a test set: a hash of the ids of its rows, whatever their order."""
    return digest("test set", 1, [id.encode() for id in sorted(ids)]).hex()


def _key(gate: Gate, rows: Rows, facts: Mapping[str, float]) -> str:
    """Return what tells one question from another: the conditions and what the models say."""
    estimated = [
        f"{name}={facts[name]!r}"
        for clause in gate.clauses
        if clause.tolerance is not None
        for name in (str(q) for _, q in clause.terms if q.metric not in BY_ROW)
        if name in facts
    ]
    said = [*rows.new, "", *(rows.old if rows.old is not None else ())]
    fields = [*gate.conditions, gate.test, repr(gate.disagreement), repr(gate.assumed)]
    fields += [repr(gate.early), *sorted(estimated), "", *said]
    for name, column in sorted(rows.columns.items()):
        fields += [name, *column]
    return digest("gate question", 1, [str(field).encode() for field in fields]).hex()


def _check_fresh(store: Store, tracking: Tracking, gate: Gate, ids: Sequence[str]) -> None:
    """Refuse rows that another test set of the gate holds: its verdicts tell of them."""
    here = set(ids)
    for other in record.sets(tracking, gate.name):
        shared = here & set(record.rows_of(store, other))
        if shared:
            raise InvalidState(
                "these rows are in another test set of this gate",
                got=f"{len(shared)} rows, {min(shared)!r} among them, of set {other.id[:12]}",
                expected="rows that the gate has not used",
                hint="ids tell rows apart: where they are counted anew, put the set's name before",
            )


def _check_members(ids: Sequence[str], given: Mapping[str, str]) -> None:
    strange = given.keys() - set(ids)
    if strange:
        raise NotFound(
            "a label is of a row that is not in the test set",
            got=repr(min(strange)),
            expected=f"ids such as {ids[0]!r}" if ids else "rows",
        )


def _recorded(
    store: Store,
    gate: Gate,
    rows: Rows,
    labels: Mapping[str, str],
    verdict: Verdict,
    asked: Mapping[str, float],
    new: Model,
    old: Model | None,
) -> NodeId:
    inputs: dict[str, Any] = {
        "gate": msgspec.to_builtins(gate),
        "rows": list(rows.ids),
        "new": list(rows.new),
        "old": [] if rows.old is None else list(rows.old),
        "labels": dict(sorted(labels.items())),
        "facts": dict(sorted(asked.items())),
    }
    for name, model in (("new_model", new), ("old_model", old)):
        if model is not None and model.content:
            inputs[name] = Digest(bytes.fromhex(model.content))
    result = stored(store, msgspec.to_builtins(verdict))
    return keep(store, VERDICT, "gate", inputs, {"result": result})


def _shown(tracking: Tracking, known: RowSet, *, show: bool) -> RowSet:
    if not show or known.kind == "none" or known.shown:
        return known
    known = msgspec.structs.replace(known, shown=True)
    record.put(tracking, known, "gate.shown", "the numbers behind a verdict were shown")
    return known
