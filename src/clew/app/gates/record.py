"""What gates have on record: test sets, labels, verdicts. Each is an event, and a node.

An event holds a test set whole, so that the newest one says what is left of it; a verdict's node
reads the gate, the answers of the models, the labels and the models, and gives the verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from clew.app import facts
from clew.app.evidence import LABELLED, ROWS
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.app.trail import tell
from clew.debug.gates.ledger import RowSet
from clew.errors import InvalidState
from clew.lineage.canonical import Digest, ValueId

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
    tell(tracking.audit, facts.user(), action, subject, after=plain, reason=reason)


def keep_rows(store: Store, known: RowSet, ids: list[str]) -> RowSet:
    """Keep which rows a test set has; return it with their content id."""
    value = facts.stored(store, ids)
    facts.record(store, ROWS, "rows", {"gate": known.gate}, {"result": value})
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
        value = facts.stored(store, new)
        node = facts.record(store, LABELLED, "label", {"set": set_id}, {"result": value})
        tracking = tracking_of(store.runtime)
        after = {"value": value.hex(), "node": node.hex(), "labels": len(new)}
        tell(tracking.audit, facts.user(), "labels.given", f"{LABELS}/{set_id}", after=after)
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
