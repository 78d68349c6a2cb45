"""What two versions changed since a common one, put together; what both changed, shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from clew.data.versions.compare import codes_of, matched
from clew.data.versions.delta import Delta
from clew.data.versions.history import History
from clew.data.versions.rows import Ids, Patch, Rows, found, taken
from clew.errors import InvalidState

Side = Literal["ours", "theirs"]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """What two versions changed in different ways.

    Parameters
    ----------
    kind : {'cell', 'deleted here', 'deleted there', 'key'}
        A cell with two new values; a row that one side deleted and the other changed; a key that
        both added, with different rows.
    row : int
        Id of the row; of a key, of the other side's row.
    column : str or None
    ours, theirs : str or None
        The cell's values.
    """

    kind: Literal["cell", "deleted here", "deleted there", "key"]
    row: int
    column: str | None = None
    ours: str | None = None
    theirs: str | None = None

    def __str__(self) -> str:
        if self.kind == "cell":
            return f"row {self.row} {self.column}: {self.ours!r} here, {self.theirs!r} there"
        said = {"key": "both added its key", "deleted here": "deleted here, changed there"}
        return f"row {self.row}: {said.get(self.kind, 'changed here, deleted there')}"


def merge(
    history: History, ours: int, theirs: int, key: Sequence[str], prefer: Side | None = None
) -> tuple[Delta, tuple[Conflict, ...]]:
    """Return the delta that brings into one version what another changed, and the conflicts.

    Both are compared with the newest version that both go back to, by earlier merges too.

    Parameters
    ----------
    prefer : {'ours', 'theirs'}, optional
        Whose side a conflict is decided for. Without it the delta leaves it at ours.

    Raises
    ------
    InvalidState
        When both changed the columns, in different ways, or the versions have no common one.
    """
    base = history.merge_base(ours, theirs)
    if base is None:
        raise InvalidState(
            "the versions go back to no common one",
            got=f"{ours} and {theirs}",
            hint="merge versions of branches that began in one version",
        )
    here, there = history.between(base, ours), history.between(base, theirs)
    schema = _schema(history.schema(base), here.schema, there.schema)
    sides = _Sides(here, there, prefer == "theirs", [])
    mine = history.rows(ours, np.union1d(there.touched(), here.added.ids))
    deleted = _deleted(sides, mine)
    changed = _cells(sides, schema)
    new, replaced = _new(sides, key)
    lost = np.intersect1d(here.deleted, _edited(there))
    sides.conflicts.extend(Conflict(kind="deleted here", row=int(row)) for row in lost)
    back = history.rows(theirs, lost if sides.theirs_win else _none())
    added = there.added.of(new).patched(schema, {}).with_(back.patched(schema, {}))
    return Delta(np.union1d(deleted, replaced), added, changed, schema), tuple(sides.conflicts)


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """What each side changed since the common version, and who wins a conflict."""

    here: Delta
    there: Delta
    theirs_win: bool
    conflicts: list[Conflict]


def _deleted(sides: _Sides, mine: Rows) -> Ids:
    """Return the rows that the other side deleted, and that go here, too."""
    deleted = sides.there.deleted[found(mine.ids, sides.there.deleted) >= 0]
    clash = deleted[found(_edited(sides.here), deleted) >= 0]
    sides.conflicts.extend(Conflict(kind="deleted there", row=int(row)) for row in clash)
    return deleted if sides.theirs_win else np.setdiff1d(deleted, clash)


def _cells(sides: _Sides, schema: Any) -> dict[str, Patch]:
    """Return the cells that the other side changed, and that change here, too."""
    changed = {}
    for name, patch in sides.there.changed.items():
        if name not in schema.names:
            continue
        kept = found(sides.here.deleted, patch.ids) < 0
        rivals = sides.here.changed.get(name)
        if rivals is not None:
            sides.conflicts.extend(
                Conflict(kind="cell", row=row, column=name, ours=str(one), theirs=str(two))
                for row, one, two in _rivals(rivals, patch)
            )
            if not sides.theirs_win:
                kept &= found(rivals.ids, patch.ids) < 0
        if kept.any():
            changed[name] = patch.at(kept)
    return changed


def _new(sides: _Sides, key: Sequence[str]) -> tuple[Ids, Ids]:
    """Return the rows that the other side added and that come, and the ones here that go for them.

    A key that both sides added is one row: where both have the same, ours stays.
    """
    here, there = sides.here.added, sides.there.added
    same = matched(here, there.table, key) if key else np.full(len(there.ids), -1, np.int64)
    twice = np.flatnonzero(same >= 0)
    new = there.ids[same < 0]
    if not len(twice):
        return new, _none()
    twice = twice[np.argsort(same[twice])]
    ids, rivals = same[twice], there.ids[twice]
    differ = _differ(here.of(ids).table, there.table.take(twice))
    sides.conflicts.extend(Conflict(kind="key", row=int(row)) for row in rivals[differ])
    if not sides.theirs_win:
        return new, _none()
    return np.union1d(new, rivals[differ]), ids[differ]


def _schema(base: Any, here: Any, there: Any) -> Any:
    if there.equals(base) or here.equals(there):
        return here
    if here.equals(base):
        return there
    raise InvalidState(
        "both versions changed the columns since their common one",
        got=f"{', '.join(here.names)}; {', '.join(there.names)}",
        hint="give both the same columns, then merge",
    )


def _edited(delta: Delta) -> Ids:
    return np.unique(np.concatenate([_none(), *(patch.ids for patch in delta.changed.values())]))


def _rivals(here: Patch, there: Patch) -> Iterator[tuple[int, Any, Any]]:
    """Return the cells that two patches give different values: row, ours, theirs."""
    places = found(there.ids, here.ids)
    mine = np.flatnonzero(places >= 0)
    one, two = taken(here.values, mine), taken(there.values, places[mine])
    if one.type != two.type:
        differ = np.arange(len(mine))
    else:
        differ = np.flatnonzero(np.not_equal(*codes_of(one, two)))
    for at in differ:
        yield int(here.ids[mine[at]]), one[int(at)].as_py(), two[int(at)].as_py()


def _differ(one: Any, other: Any) -> Any:
    differ = np.zeros(one.num_rows, bool)
    for name in one.column_names:
        if name in other.column_names and one.column(name).type == other.column(name).type:
            differ |= np.not_equal(*codes_of(one.column(name), other.column(name)))
        else:
            differ[:] = True
    return differ


def _none() -> Ids:
    return np.empty(0, np.int64)
