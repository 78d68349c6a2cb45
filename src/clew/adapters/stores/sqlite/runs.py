"""Runs, how they used nodes, and what they logged."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from typing import cast

from clew.adapters.stores.sqlite import nodes
from clew.adapters.stores.sqlite.words import Words
from clew.errors import NotFound, StoreError
from clew.lineage.records import Decision, LogEntry, Reason, Run, Use

_DECISIONS: tuple[Decision, ...] = ("computed", "reused", "pruned", "failed")
_NAN = "nan"
_RUN = "id, flow, status, started_ms, ended_ms, arguments, context, result, error"


def start(connection: sqlite3.Connection, words: Words, run: Run) -> None:
    """Add a run.

    Raises
    ------
    StoreError
        When a run with this id is there.
    """
    if connection.execute("SELECT 1 FROM run WHERE id = ?", (run.id,)).fetchone():
        raise StoreError(f"run {run.id} was started before", hint="give every run its own ULID")
    row = (run.id, words.number(connection, run.flow), run.status, run.started_ms, run.ended_ms)
    connection.execute(
        f"INSERT INTO run ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, run.arguments, run.context, run.result, run.error),
    )


def finish(connection: sqlite3.Connection, run: Run) -> None:
    """Replace the status, end, result and error of a run."""
    connection.execute(
        "UPDATE run SET status = ?, ended_ms = ?, result = ?, error = ? WHERE n = ?",
        (run.status, run.ended_ms, run.result, run.error, _number(connection, run.id)),
    )


def add(
    connection: sqlite3.Connection,
    words: Words,
    run: str,
    uses: Sequence[Use],
    entries: Sequence[LogEntry],
) -> None:
    """Add uses of nodes and log entries to a run."""
    n = words.row("run", run) or words.remember("run", run, _number(connection, run))
    connection.executemany(
        "INSERT OR REPLACE INTO use (run, seq, label, node, decision, code, text, fields, wall_s, "
        "saved_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(n, *_use_columns(connection, words, use)) for use in uses],
    )
    if not entries:
        return
    row = connection.execute("SELECT max(seq) FROM entry WHERE run = ?", (n,)).fetchone()
    first = 0 if row[0] is None else row[0] + 1
    connection.executemany(
        "INSERT INTO entry (run, seq, kind, key, text, number, step, time_ms, node) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (n, first + offset, *_entry_columns(connection, words, entry))
            for offset, entry in enumerate(entries)
        ],
    )


def run(connection: sqlite3.Connection, words: Words, id: str) -> Run | None:
    """Return one run."""
    row = connection.execute(f"SELECT {_RUN} FROM run WHERE id = ?", (id,)).fetchone()
    return _run(connection, words, row) if row else None


def runs(
    connection: sqlite3.Connection, words: Words, flow: str | None, limit: int
) -> tuple[Run, ...]:
    """Return the newest runs first."""
    where = "" if flow is None else "WHERE flow = (SELECT n FROM word WHERE text = ?)"
    rows = connection.execute(
        f"SELECT {_RUN} FROM run {where} ORDER BY started_ms DESC, id DESC LIMIT ?",
        (limit,) if flow is None else (flow, limit),
    ).fetchall()
    return tuple(_run(connection, words, row) for row in rows)


def uses(connection: sqlite3.Connection, words: Words, run: str) -> tuple[Use, ...]:
    """Return the uses of a run in order."""
    rows = connection.execute(
        "SELECT use.seq, use.label, coalesce(node.id, use.node), use.decision, use.code, "
        "use.text, use.fields, use.wall_s, use.saved_s FROM run JOIN use ON use.run = run.n "
        "LEFT JOIN node ON node.n = use.node WHERE run.id = ? ORDER BY use.seq, use.label",
        (run,),
    ).fetchall()
    return tuple(
        Use(
            seq,
            label,
            node,
            _DECISIONS[decision],
            Reason(words.text(connection, code), text, json.loads(fields) if fields else {}),
            wall_s,
            saved_s,
        )
        for seq, label, node, decision, code, text, fields, wall_s, saved_s in rows
    )


def entries(connection: sqlite3.Connection, words: Words, run: str) -> tuple[LogEntry, ...]:
    """Return what a run logged, in order."""
    rows = connection.execute(
        "SELECT entry.kind, entry.key, entry.text, entry.number, entry.step, entry.time_ms, "
        "entry.node FROM run JOIN entry ON entry.run = run.n WHERE run.id = ? ORDER BY entry.seq",
        (run,),
    ).fetchall()
    return tuple(
        LogEntry(
            words.text(connection, kind),
            words.text(connection, key),
            text,
            math.nan if number == _NAN else number,
            step,
            time_ms,
            node,
        )
        for kind, key, text, number, step, time_ms, node in rows
    )


def _number(connection: sqlite3.Connection, id: str) -> int:
    row = connection.execute("SELECT n FROM run WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound("no such run", got=id, hint="start the run before it logs or ends")
    return cast(int, row[0])


def _run(connection: sqlite3.Connection, words: Words, row: tuple[object, ...]) -> Run:
    id, flow, *rest = row
    return Run(id, words.text(connection, cast(int, flow)), *rest)  # type: ignore[arg-type]


def _use_columns(connection: sqlite3.Connection, words: Words, use: Use) -> tuple[object, ...]:
    node = None if use.node is None else nodes.number_now(connection, words, use.node) or use.node
    fields = dict(use.reason.fields)
    return (
        use.seq,
        use.label,
        node,
        _DECISIONS.index(use.decision),
        words.number(connection, use.reason.code),
        use.reason.text,
        json.dumps(fields, ensure_ascii=False, default=str) if fields else None,
        use.wall_s,
        use.saved_s,
    )


def _entry_columns(
    connection: sqlite3.Connection, words: Words, entry: LogEntry
) -> tuple[object, ...]:
    number: float | str | None = entry.number
    if entry.number is not None and math.isnan(entry.number):
        number = _NAN  # SQLite turns NaN into NULL, which would say that nothing was logged.
    return (
        words.number(connection, entry.kind),
        words.number(connection, entry.key),
        entry.text,
        number,
        entry.step,
        entry.time_ms,
        entry.node,
    )
