"""A dataset: versions of a table, by names, in the store."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from clew.app import facts
from clew.app.datasets.state import SUBJECT, State, keep, load, put, state
from clew.app.tracking import tracking_of
from clew.data import versions as v
from clew.data.tables import columns_of
from clew.data.versions import Conflict, Delta, Difference, History, Rows, Selected, Version
from clew.errors import InvalidParameter, InvalidState, NotFound

if TYPE_CHECKING:
    from clew.app.store import Store

MAIN = "main"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Dataset:
    """Versions of one table.

    Parameters
    ----------
    store : Store
    name : str
        Letters, digits, ``_``, ``-`` and ``.``.

    Notes
    -----
    A version is named by its number, a branch, a tag, the beginning of its node's id, or
    ``latest``: the newest of the branch ``main``.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.name = _checked(name, "dataset")
        self._store = store
        self._history: History | None = None

    def commit(
        self,
        table: Any,
        *,
        key: Sequence[str] | None = None,
        message: str = "",
        branch: str = MAIN,
    ) -> Version:
        """Make a version of a table; return it, or the newest one when nothing has changed.

        Parameters
        ----------
        table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
            All rows of the new version. Rows of the version before keep their ids, their order
            too; new rows stand behind them.
        key : sequence of str, optional
            Columns that tell rows apart; given with the first version. Without a key a row that
            changes is another row.
        message : str
        branch : str

        Raises
        ------
        InvalidParameter
            When two rows have one key, a row has none, a name is none, or the key is another.
        NotFound
            When there is no such branch.
        """
        arrow = _arrow(table)
        _checked(branch, "branch")
        with facts.holding(self._store, f"{SUBJECT}/{self.name}"):
            known = self._state()
            if known is None:
                return self._first(arrow, tuple(key or ()), message, branch)
            if key is not None and tuple(key) != known.key:
                raise InvalidParameter(
                    "a dataset keeps its key", got=", ".join(key), expected=", ".join(known.key)
                )
            parent = self._number(known, branch, only=known.branches)
            old = self.history.rows(parent)
            new = self._rows(old, arrow, known)
            delta = v.between(old, new)
            if delta.is_empty and delta.schema.equals(self.history.schema(parent)):
                return self.history.versions[parent]
            return self._add(known, delta, (parent,), len(new.ids), message, branch)

    def checkout(self, at: str | int = "latest", *, ids: bool = False) -> Any:
        """Return a version as an Arrow table; with ``ids`` the rows' ids as column ``row``."""
        rows = self.history.rows(self._at(at))
        if not ids:
            return rows.table
        import pyarrow as pa

        if "row" in rows.table.column_names:
            raise InvalidParameter(
                "the version has a column 'row'", hint="check it out without ids, or rename it"
            )
        return rows.table.add_column(0, "row", pa.array(rows.ids))

    def log(self, at: str | int | None = None) -> list[Version]:
        """Return the versions that one goes back to, newest first; without one all of them."""
        known = self._known()
        if at is None:
            return list(known.versions[::-1])
        waiting, seen = [self._at(at)], set()
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                waiting += self.history.versions[number].parents
        return [one for one in known.versions[::-1] if one.number in seen]

    def diff(self, a: str | int, b: str | int = "latest") -> Difference:
        """Return the rows and cells in which two versions differ."""
        return v.difference(self.history, self._at(a), self._at(b))

    def tag(self, tag: str, at: str | int = "latest", *, move: bool = False) -> Version:
        """Name a version for good.

        Raises
        ------
        InvalidState
            When another version has the tag, unless it may `move`.
        """
        return self._name("tags", tag, at, move=move)

    def branch(self, branch: str, at: str | int = "latest") -> Version:
        """Begin a branch at a version."""
        return self._name("branches", branch, at, move=False)

    @property
    def branches(self) -> dict[str, int]:
        """Numbers of the newest versions of branches."""
        return dict(self._known().branches)

    @property
    def tags(self) -> dict[str, int]:
        """Numbers of tagged versions."""
        return dict(self._known().tags)

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that tell rows apart."""
        return self._known().key

    def conflicts(self, other: str | int, into: str = MAIN) -> tuple[Conflict, ...]:
        """Return what stands against a merge."""
        known = self._known()
        ours = self._number(known, into, only=known.branches)
        return v.merge(self.history, ours, self._at(other), known.key)[1]

    def merge(
        self,
        other: str | int,
        into: str = MAIN,
        *,
        prefer: v.Side | None = None,
        message: str = "",
    ) -> Version:
        """Bring what another version changed into a branch.

        Parameters
        ----------
        prefer : {'ours', 'theirs'}, optional
            Whose side is taken where both changed the same.

        Raises
        ------
        InvalidState
            When there are conflicts and no side is preferred, or both changed the columns.
        """
        with facts.holding(self._store, f"{SUBJECT}/{self.name}"):
            known = self._known()
            ours = self._number(known, into, only=known.branches)
            theirs = self._at(other)
            if theirs in {one.number for one in self.log(ours)}:
                return self.history.versions[ours]
            delta, conflicts = v.merge(self.history, ours, theirs, known.key, prefer)
            if conflicts and prefer is None:
                shown = "; ".join(map(str, conflicts[:3]))
                raise InvalidState(
                    f"{len(conflicts)} conflicts",
                    got=shown,
                    hint="`clew data merge --prefer ours|theirs`, or commit the rows as they "
                    "should be",
                )
            rows = delta.apply(self.history.rows(ours))
            if known.key:
                v.check_unique(v.key_codes(rows.table, known.key), known.key)
            said = message or f"merge {other} into {into}"
            return self._add(known, delta, (ours, theirs), len(rows.ids), said, into)

    def union(self, *at: str | int) -> Selected:
        """Return the rows of any of some versions; other values of a row are another row."""
        return self.at_least(1, *at)

    def intersection(self, *at: str | int) -> Selected:
        """Return the rows that some versions share, with the same values."""
        return self.at_least(len(at), *at)

    def at_least(self, least: int, *at: str | int, plan: v.Plan | None = None) -> Selected:
        """Return the rows that at least so many of some versions have, with the same values."""
        return v.at_least(self.history, [self._at(one) for one in at], least, plan)

    def difference(self, at: str | int, *others: str | int, plan: v.Plan | None = None) -> Selected:
        """Return the rows of a version that none of the others has with the same values."""
        return v.without(self.history, self._at(at), [self._at(one) for one in others], plan)

    @property
    def history(self) -> History:
        """The versions and their deltas."""
        versions = v.numbers(self._known().versions)
        if self._history is None or self._history.versions != versions:
            self._history = History(versions, lambda version: load(self._store, version))
        return self._history

    def _state(self) -> State | None:
        return state(self._store, self.name)

    def _known(self) -> State:
        known = self._state()
        if known is None:
            names = datasets(self._store)
            raise NotFound(
                f"no dataset {self.name!r}",
                expected=", ".join(names) or None,
                hint=f"clew data commit {self.name} FILE",
            )
        return known

    def _at(self, at: str | int) -> int:
        return self._number(self._known(), at)

    def _number(self, known: State, at: str | int, only: dict[str, int] | None = None) -> int:
        if only is not None:
            if at not in only:
                raise NotFound(
                    f"no branch {at!r} of {self.name}",
                    expected=", ".join(only),
                    hint=f"clew data branch {self.name} {at}",
                )
            return only[str(at)]
        text = str(at)
        if text in known.branches | known.tags:
            return (known.branches | known.tags)[text]
        if text == "latest":
            return known.branches.get(MAIN, known.versions[-1].number)
        if text.isdigit() and int(text) in range(1, len(known.versions) + 1):
            return int(text)
        found = [one for one in known.versions if len(text) >= 4 and one.node.startswith(text)]
        if len({one.node for one in found}) == 1:
            return found[-1].number  # Two branches may have changed the same: one node.
        raise NotFound(
            f"no version {text!r} of {self.name}",
            expected=f"1 to {len(known.versions)}, "
            + ", ".join(["latest", *known.branches, *known.tags]),
        )

    def _rows(self, old: Rows, table: Any, known: State) -> Rows:
        missing = [name for name in known.key if name not in table.column_names]
        if missing:
            raise InvalidParameter(
                "the table lacks a column of the key",
                got=", ".join(table.column_names),
                expected=", ".join(known.key),
            )
        ids = v.matched(old, table, known.key)
        new = np.flatnonzero(ids < 0)
        ids[new] = known.next_row + np.arange(len(new))
        order = np.argsort(ids, kind="stable")
        if (order != np.arange(len(order))).any():
            return Rows(ids[order], table.take(order))
        return Rows(ids, table)

    def _first(self, table: Any, key: tuple[str, ...], message: str, branch: str) -> Version:
        unknown = [name for name in key if name not in table.column_names]
        if unknown:
            raise InvalidParameter(
                "a key is of columns",
                got=", ".join(unknown),
                expected=", ".join(table.column_names),
            )
        for name in table.column_names:
            v.codes_of(table.column(name).slice(0, 1))  # Refuses what cannot be compared.
        if key:
            v.check_unique(v.key_codes(table, key), key)
        rows = Rows(np.arange(table.num_rows), table)
        delta = Delta(np.empty(0, np.int64), rows, {}, table.schema)
        return self._add(State(key=key), delta, (), len(rows.ids), message, branch)

    def _add(
        self,
        known: State,
        delta: Delta,
        parents: tuple[int, ...],
        rows: int,
        message: str,
        branch: str,
    ) -> Version:
        before = {one.number: one for one in known.versions}
        node, value = keep(self._store, self.name, delta, tuple(before[one] for one in parents))
        version = Version(
            number=len(known.versions) + 1,
            node=node,
            parents=parents,
            delta=value,
            rows=rows,
            added=len(delta.added.ids),
            deleted=len(delta.deleted),
            changed=len(delta.touched()) - len(np.union1d(delta.added.ids, delta.deleted)),
            message=message,
            author=facts.user(),
            time_ms=time.time_ns() // 1_000_000,
        )
        after = msgspec.structs.replace(
            known,
            versions=(*known.versions, version),
            branches=known.branches | {branch: version.number},
            next_row=max([known.next_row, *(delta.added.ids[-1:] + 1).tolist()]),
        )
        put(self._store, self.name, after, "dataset.version", message)
        return version

    def _name(self, kind: str, name: str, at: str | int, *, move: bool) -> Version:
        _checked(name, "tag" if kind == "tags" else "branch")
        if name.isdigit() or name == "latest":
            raise InvalidParameter("that names a version already", got=name)
        with facts.holding(self._store, f"{SUBJECT}/{self.name}"):
            known = self._known()
            number = self._number(known, at)
            taken = (known.branches | known.tags).get(name)
            same_kind = name in getattr(known, kind)
            if taken is not None and taken != number and not (move and same_kind):
                raise InvalidState(
                    "the name is another version's",
                    got=f"{name}: {taken}",
                    hint="choose another name" + ("; --move moves a tag" if same_kind else ""),
                )
            names = getattr(known, kind) | {name: number}
            after = msgspec.structs.replace(known, **{kind: names})
            put(self._store, self.name, after, f"dataset.{kind}")
            return known.versions[number - 1]


def datasets(store: Store) -> list[str]:
    """Return the names of the store's datasets."""
    audit = tracking_of(store.runtime).audit
    found: set[str] = set()
    token: str | None = None
    while True:
        page = audit.events(subject=SUBJECT, limit=1000, page_token=token)
        found |= {event.subject.removeprefix(f"{SUBJECT}/") for event in page.items}
        token = page.next
        if token is None:
            return sorted(found)


def _checked(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"that is no name of a {what}",
            got=repr(name),
            expected="letters, digits, '_', '-' and '.', 100 at most",
        )
    return name


def _arrow(table: Any) -> Any:
    import pyarrow as pa

    columns = columns_of(table)
    if not columns.names:
        raise InvalidParameter("a version has columns", got="a table without any")
    found = {}
    for name in columns.names:
        values = columns.read(name)
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        # Texts are one type, whichever library they came from.
        is_text = str(values.type) in ("large_string", "string_view")
        found[name] = values.cast(pa.string()) if is_text else values
    return pa.table(found)
