"""What a dataset's names stand for, and its versions' deltas in the store.

Branches and tags are one event of the audit trail, the newest of the dataset; who changes them
holds the dataset's claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from clew.app import facts
from clew.app.evidence import VERSION
from clew.app.tracking import tracking_of
from clew.app.trail import tell
from clew.data.versions import Delta, Ids, Patch, Rows, Version
from clew.lineage.canonical import Digest, ValueId

if TYPE_CHECKING:
    from clew.app.store import Store

SUBJECT = "dataset"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as it stands.

    Parameters
    ----------
    key : tuple of str
        Columns that tell rows apart; none where rows are known by all their values.
    versions : tuple of Version
    branches, tags : mapping of str to int
        Numbers of versions.
    next_row : int
        Smallest row id that no version has had.
    """

    key: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    branches: dict[str, int] = {}
    tags: dict[str, int] = {}
    next_row: int = 0


_decode = msgspec.json.Decoder(State).decode


def state(store: Store, name: str) -> State | None:
    """Return a dataset as it stands, or None when there is none of that name."""
    audit = tracking_of(store.runtime).audit
    events = audit.events(subject=f"{SUBJECT}/{name}", limit=1).items
    return _decode(events[0].after) if events and events[0].after else None


def put(store: Store, name: str, known: State, action: str, reason: str | None = None) -> None:
    """Record a dataset as it stands now."""
    audit = tracking_of(store.runtime).audit
    after = msgspec.to_builtins(known)
    tell(audit, facts.user(), action, f"{SUBJECT}/{name}", after=after, reason=reason)


def keep(store: Store, name: str, delta: Delta, parents: tuple[Version, ...]) -> tuple[str, str]:
    """Store a delta as a node that reads its parents' deltas; return their ids."""
    value = facts.stored(store, plain(delta))
    inputs: dict[str, Any] = {"dataset": name}
    inputs |= {
        f"parent{place}": ValueId(Digest(bytes.fromhex(parent.delta)))
        for place, parent in enumerate(parents)
    }
    inputs["came by"] = [parent.node for parent in parents]
    inputs["delta"] = value
    node = facts.record(store, VERSION, "version", inputs, {"result": value})
    return node.hex(), value.hex()


def load(store: Store, version: Version) -> Delta:
    """Return the delta of a version."""
    return delta_of(store.runtime.vault.get(ValueId(Digest(bytes.fromhex(version.delta)))))


def plain(delta: Delta) -> dict[str, Any]:
    """Return a delta in values that stores know, small: equal lists of ids stand once."""
    ids: list[Ids] = []
    changed = []
    for name, patch in delta.changed.items():
        place = next((at for at, one in enumerate(ids) if np.array_equal(one, patch.ids)), len(ids))
        ids += [patch.ids] if place == len(ids) else []
        changed.append([name, place, patch.values])
    return {
        "schema": delta.schema.empty_table(),
        "deleted": _packed(delta.deleted),
        "ids": _packed(delta.added.ids),
        "added": delta.added.table.combine_chunks(),
        "of": [_packed(one) for one in ids],
        "changed": changed,
    }


def delta_of(value: dict[str, Any]) -> Delta:
    """Return the delta that `plain` made a value of."""
    ids = [_unpacked(one) for one in value["of"]]
    return Delta(
        _unpacked(value["deleted"]),
        Rows(_unpacked(value["ids"]), value["added"]),
        {name: Patch(ids[place], values) for name, place, values in value["changed"]},
        value["schema"].schema,
    )


def _packed(ids: Ids) -> list[Any]:
    """Return ascending ids as how many, the first, and the steps, in the smallest type."""
    steps = np.diff(ids)
    if (steps == 1).all():
        return [len(ids), int(ids[0]) if len(ids) else 0, None]
    return [len(ids), int(ids[0]), steps.astype(np.min_scalar_type(int(steps.max())))]


def _unpacked(packed: list[Any]) -> Ids:
    many, first, steps = packed
    if steps is None:
        return np.arange(first, first + many, dtype=np.int64)
    return np.concatenate([[first], first + np.cumsum(steps, dtype=np.int64)])
