"""What gates have on record: test sets, labels, verdicts. Each is an event, and a node.

An event holds a test set whole, so that the newest one says what is left of it; a verdict's node
reads the gate, the answers of the models, the labels and the models, and gives the verdict.
"""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from clew.app.deployments.record import makers_of
from clew.app.evidence import LABELLED, ROWS
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.app.trail import tell
from clew.debug.gates.ledger import RowSet
from clew.errors import InvalidState
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, call_id

SUBJECT, LABELS = "gate", "labels"
_MOST = 10_000
_decode = msgspec.json.Decoder(RowSet).decode


def sets(tracking: Tracking, gate: str | None = None) -> list[RowSet]:
    """Return the test sets that gates have used as they stand now, last used first."""
    subject = SUBJECT if gate is None else f"{SUBJECT}/{gate}"
    found: dict[str, RowSet] = {}
    token: str | None = None
    while True:
        page = tracking.audit.events(subject=subject, limit=_MOST, page_token=token)
        for event in page.items:
            if event.subject not in found and event.after is not None:
                found[event.subject] = _decode(event.after)
        token = page.next
        if token is None:
            return list(found.values())


def find(tracking: Tracking, gate: str, id: str) -> RowSet | None:
    """Return a test set as it stands now, or None."""
    events = tracking.audit.events(subject=f"{SUBJECT}/{gate}/{id}", limit=1).items
    return _decode(events[0].after) if events and events[0].after else None


def put(tracking: Tracking, known: RowSet, action: str, reason: str | None = None) -> None:
    """Record a test set as it stands now."""
    plain = msgspec.to_builtins(known)
    subject = f"{SUBJECT}/{known.gate}/{known.id}"
    tell(tracking.audit, user(), action, subject, after=plain, reason=reason)


def keep_rows(store: Store, known: RowSet, ids: list[str]) -> RowSet:
    """Keep which rows a test set has; return it with their content id."""
    value = stored(store, ids)
    record(store, ROWS, "rows", {"gate": known.gate}, {"result": value})
    return msgspec.structs.replace(known, ids=value.hex())


def rows_of(store: Store, known: RowSet) -> list[str]:
    """Return the ids of the rows of a test set."""
    return list(store.runtime.vault.get(ValueId(Digest(bytes.fromhex(known.ids)))))


def labels(store: Store, set_id: str) -> dict[str, str]:
    """Return the labels of a test set that were ever given."""
    found: dict[str, str] = {}
    for value in _label_values(tracking_of(store.runtime), set_id):
        found |= dict(store.runtime.vault.get(value))
    return found


def keep_labels(store: Store, set_id: str, given: Mapping[str, str]) -> dict[str, str]:
    """Keep labels that are new; return all of the set.

    Raises
    ------
    InvalidState
        When a row has another label already: one that decided once does not change.
    """
    known = labels(store, set_id)
    changed = [id for id, label in given.items() if known.get(id, label) != label]
    if changed:
        raise InvalidState(
            "a row has another label already",
            got=f"{changed[0]}: {given[changed[0]]!r}",
            expected=repr(known[changed[0]]),
            hint="a label that verdicts stand on does not change; collect a new test set",
        )
    new = {id: label for id, label in sorted(given.items()) if id not in known}
    if new:
        value = stored(store, new)
        node = record(store, LABELLED, "label", {"set": set_id}, {"result": value})
        tracking = tracking_of(store.runtime)
        after = {"value": value.hex(), "node": node.hex(), "labels": len(new)}
        tell(tracking.audit, user(), "labels.given", f"{LABELS}/{set_id}", after=after)
    return known | new


def _label_values(tracking: Tracking, set_id: str) -> list[ValueId]:
    found: list[ValueId] = []
    token: str | None = None
    while True:
        page = tracking.audit.events(subject=f"{LABELS}/{set_id}", limit=1000, page_token=token)
        for event in page.items:
            if event.after:
                found.append(ValueId(Digest(bytes.fromhex(json.loads(event.after)["value"]))))
        token = page.next
        if token is None:
            return found[::-1]


def record(
    store: Store,
    operation: str,
    kind: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, ValueId],
) -> NodeId:
    """Record a fact as a node; return its id.

    Parameters
    ----------
    inputs : mapping
        By name: values, or ids of values that the store knows.
    outputs : mapping
        By name, ids of values that are stored.
    """
    edges = []
    for name, value in inputs.items():
        is_id = isinstance(value, bytes)
        content = ValueId(Digest(value)) if is_id else stored(store, value)
        makers = makers_of(store, content) if is_id else ()
        edges.append(Edge(name, content, makers[0] if makers else None))
    environment = store.runtime.environment[0]
    id = call_id(operation, None, environment, None, edges)
    node = Node(
        id=id,
        call=id,
        operation=operation,
        kind=kind,
        code=None,
        environment=environment,
        seed=None,
        inputs=tuple(edges),
        outputs=tuple(Edge(name, value) for name, value in outputs.items()),
        created_ms=time.time_ns() // 1_000_000,
    )
    store.runtime.store.add([node], [])
    return id


def stored(store: Store, value: object) -> ValueId:
    """Store a value, and describe it."""
    id = fingerprint(value)
    _, size_bytes = store.runtime.vault.put(value, id)
    encoded = store.runtime.vault.blobs.get(id)  # type: ignore[attr-defined]
    described = replace(
        describe(id, value),
        size_bytes=size_bytes,
        state="stored",
        format=encoded.format if encoded is not None else "",
    )
    store.runtime.store.update([described])
    return id


def user() -> str:
    """Return who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
