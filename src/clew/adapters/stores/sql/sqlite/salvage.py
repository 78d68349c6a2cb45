"""What can still be read of a damaged database, in a fresh one.

Rows are read one by one, past the pages that are damaged; the new database builds its own indexes.
A record counts only whole: a node whose id is not the hash of what is left of it, and whatever
refers to a row that is gone, is left out. The damaged file is moved aside, never deleted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clew.adapters.stores.sql import nodes, schema
from clew.adapters.stores.sql.audit import REFERENCES
from clew.adapters.stores.sql.sqlite.failures import explained
from clew.adapters.stores.sql.sqlite.version import upgrade, version
from clew.adapters.stores.sql.words import Words
from clew.errors import StoreError
from clew.lineage import trace
from clew.lineage.records import Node

_ALSO_NEED = (
    ("value", "format", "word"),
    ("edge", "source", "node"),
    ("use", "code", "word"),
    ("entry", "kind", "word"),
)
"""References that may be left empty, but must not lead nowhere."""

_FARTHEST = 1 << 40
_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was read.

    Parameters
    ----------
    aside : Path
        Where the damaged file is now.
    rows : dict of str to int
        Rows by table that are in the fresh database.
    left_out : dict of str to int
        Rows by table that could be read, but refer to what could not.
    gaps : int
        Places at which reading failed.
    """

    aside: Path
    rows: dict[str, int]
    left_out: dict[str, int]
    gaps: int


class _Gaps:
    count = 0


def salvage(path: Path) -> Salvaged:
    """Put a fresh database with all that can be read in the place of a damaged one.

    No process may use the store meanwhile.

    Raises
    ------
    StoreError
        When nothing can be read, or the fresh database cannot be written.
    """
    fresh = path.with_name(f"{path.name}.salvaged")
    for leftover in (fresh, *_beside(fresh)):
        leftover.unlink(missing_ok=True)
    gaps = _Gaps()
    with explained(fresh), contextlib.closing(sqlite3.connect(fresh)) as target:
        target.isolation_level = None
        target.execute("PRAGMA journal_mode = WAL")
        target.execute("BEGIN IMMEDIATE")
        with contextlib.closing(_open(path)) as source:
            upgrade(target, to=_version(source))
            _copy(source, target, gaps)
        left_out = _prune(target)
        rows = {name: _count(target, name) for name in _tables(target)}
        upgrade(target)
        target.execute("COMMIT")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if not rows["node"] and not rows["run"]:
        fresh.unlink()
        raise StoreError(
            f"nothing can be read of the database: {path}",
            hint="restore it from a copy; values of more than 1 kB are files beside it",
        )
    aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    for suffix in _SIDE_FILES:
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")  # noqa: PTH105
    path.replace(aside)
    for leftover in _beside(fresh):
        leftover.unlink(missing_ok=True)
    fresh.replace(path)
    return Salvaged(aside, rows, left_out, gaps.count)


def damage_of(path: Path) -> str:
    """Return what is wrong with a database that perhaps cannot be opened; empty if nothing is."""
    try:
        with contextlib.closing(_open(path)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.OperationalError:
        return ""  # Locked, or not there: no damage to the file.
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found)


def _beside(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + suffix) for suffix in _SIDE_FILES)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _version(source: sqlite3.Connection) -> int:
    try:
        return min(version(source), schema.newest()) or schema.newest()
    except sqlite3.DatabaseError:
        return schema.newest()


def _tables(target: sqlite3.Connection) -> list[str]:
    rows = target.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    return [row[0] for row in rows.fetchall()]


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, gaps: _Gaps) -> None:
    tables = {table: _columns(source, target, table) for table in _tables(target)}
    numbered = {table for table, columns in tables.items() if "n" in columns}
    for table in sorted(tables, key=lambda name: name not in numbered):
        columns = tables[table]
        if not columns:
            gaps.count += 1
        elif table in numbered:
            _insert(target, table, columns, _by_number(source, table, columns, gaps))
        else:
            owner = _first_of_key(target, table)
            rows = _of_all(source, target, table, columns, owner, gaps)
            _insert(target, table, columns, rows)


def _of_all(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    table: str,
    columns: list[str],
    owner: str,
    gaps: _Gaps,
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a table without numbers: owner by owner, where its key begins with one."""
    query = f"SELECT {', '.join(columns)} FROM {table}"
    if owner not in _tables(target):
        yield from _until_damaged(source, query, (), gaps)
        return
    for (n,) in target.execute(f"SELECT n FROM {owner}").fetchall():
        yield from _until_damaged(source, f"{query} WHERE {owner} = ?", (n,), gaps)


def _until_damaged(
    source: sqlite3.Connection, query: str, values: tuple[object, ...], gaps: _Gaps
) -> Iterator[tuple[object, ...]]:
    try:
        yield from source.execute(query, values)
    except sqlite3.DatabaseError:
        gaps.count += 1


def _first_of_key(target: sqlite3.Connection, table: str) -> str:
    rows = target.execute(f"PRAGMA table_info({table})").fetchall()
    return next(str(row[1]) for row in rows if row[5] == 1)


def _columns(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns that a table has in both (an older schema has fewer)."""
    try:
        here = {row[1] for row in source.execute(f"PRAGMA table_info({table})").fetchall()}
    except sqlite3.DatabaseError:
        return []
    there = [row[1] for row in target.execute(f"PRAGMA table_info({table})").fetchall()]
    return [name for name in there if name in here]


def _insert(
    target: sqlite3.Connection, table: str, columns: list[str], rows: Iterable[tuple[object, ...]]
) -> None:
    marks = ", ".join("?" for _ in columns)
    statement = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    for row in rows:
        # A damaged row may hold what the table does not take.
        with contextlib.suppress(sqlite3.IntegrityError, sqlite3.DataError):
            target.execute(statement, row)


def _by_number(
    source: sqlite3.Connection, table: str, columns: list[str], gaps: _Gaps
) -> Iterator[tuple[object, ...]]:
    """Yield rows in the order of their numbers; after a failure go on behind it."""
    query = f"SELECT n, {', '.join(columns)} FROM {table} WHERE n >= ? ORDER BY n"
    start, step = -_FARTHEST, 1
    while start < _FARTHEST:
        try:
            for n, *row in source.execute(query, (start,)):
                start, step = n + 1, 1
                yield tuple(row)
            return
        except sqlite3.DatabaseError:
            gaps.count += step == 1
            start = max(start, 0) + step
            step *= 2


def _prune(target: sqlite3.Connection) -> dict[str, int]:
    """Leave out what is not whole, and what refers to it, until everything holds."""
    left_out: dict[str, int] = {}
    while True:
        dangling = _drop_dangling(target)
        broken = _drop_broken(target)
        for table, count in (*dangling.items(), ("node", broken)):
            if count:
                left_out[table] = left_out.get(table, 0) + count
        if not broken:
            # How a run used a step is told even where its node is gone.
            target.execute(
                "UPDATE use SET node = NULL WHERE typeof(node) = 'integer' "
                "AND NOT EXISTS (SELECT 1 FROM node WHERE node.n = use.node)"
            )
            return left_out


def _drop_dangling(target: sqlite3.Connection) -> dict[str, int]:
    """Delete rows that refer to rows which are not there."""
    found: dict[str, int] = {}
    tables = _tables(target)
    again = True
    while again:
        again = False
        for table, column, owner in (*REFERENCES, *_ALSO_NEED):
            if table not in tables or owner not in tables or column not in _names(target, table):
                continue
            count = target.execute(
                f"DELETE FROM {table} WHERE {column} IS NOT NULL "
                f"AND NOT EXISTS (SELECT 1 FROM {owner} WHERE {owner}.n = {table}.{column})"
            ).rowcount
            if count:
                found[table] = found.get(table, 0) + count
                again = True
    return found


def _drop_broken(target: sqlite3.Connection) -> int:
    """Delete nodes that have lost edges: an id is the hash of what is left, or it names nothing."""
    words = Words()
    broken = []
    for n, id in target.execute("SELECT n, id FROM node").fetchall():
        node = nodes.node(target, words, id)
        if node is None or not _is_whole(node):
            broken.append((n,))
    target.executemany("DELETE FROM node WHERE n = ?", broken)
    return len(broken)


def _is_whole(node: Node) -> bool:
    if node.kind == "run":
        return True  # What a run read and made comes one by one: there may be none yet.
    if not node.outputs:
        return False
    return trace.is_event(node) or trace.expected_id(node) == node.id


def _names(target: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in target.execute(f"PRAGMA table_info({table})").fetchall()}


def _count(target: sqlite3.Connection, table: str) -> int:
    return int(target.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
