"""Runs, how they used nodes, and what they logged."""

from __future__ import annotations

import json
import math
import mimetypes
from collections.abc import Sequence
from getpass import getuser
from typing import cast

import msgspec

from clew.adapters.stores.sql import logs, nodes, values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.logs import NAN, RUN_NAME, stored_number
from clew.adapters.stores.sql.tracking import datasets
from clew.adapters.stores.sql.tracking_tables import DEFAULT_EXPERIMENT
from clew.adapters.stores.sql.words import Words
from clew.entities import DatasetInput
from clew.errors import InvalidParameter, NotFound, StoreError
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.records import Decision, LogEntry, Reason, Run, Use, Value

_DECISIONS: tuple[Decision, ...] = ("computed", "reused", "pruned", "failed")
_RUN = (
    "id, coalesce((SELECT text FROM word WHERE n = flow), ''), status, started_ms, ended_ms, "
    "arguments, context, result, error"
)
_INSERT_USE = (
    "INSERT INTO use (run, seq, label, node, unknown, decision, code, text, fields, wall_s, "
    "saved_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, label) DO UPDATE SET "
    "seq = excluded.seq, node = excluded.node, unknown = excluded.unknown, "
    "decision = excluded.decision, code = excluded.code, text = excluded.text, "
    "fields = excluded.fields, wall_s = excluded.wall_s, saved_s = excluded.saved_s"
)
_INSERT = (
    'INSERT INTO run (id, flow, experiment, name, "user", status, started_ms, ended_ms, arguments, '
    "context, result, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def start(connection: Connection, words: Words, run: Run) -> None:
    """Add a run of a flow, to the experiment that is named after the flow.

    Raises
    ------
    StoreError
        When a run with this id is there.
    """
    if connection.execute("SELECT 1 FROM run WHERE id = ?", (run.id,)).fetchone():
        raise StoreError(f"run {run.id} was started before", hint="give every run its own ULID")
    name = run.flow.rpartition(":")[2] or run.id
    flow = words.number(connection, run.flow) if run.flow else None
    row = (run.id, flow, _experiment(connection, run), name, _user(), run.status)
    added = connection.execute(
        _INSERT,
        (*row, run.started_ms, run.ended_ms, run.arguments, run.context, run.result, run.error),
    ).lastrowid
    connection.execute(
        "INSERT INTO tag (run, key, value) VALUES (?, ?, ?)",
        (added, words.number(connection, RUN_NAME), name),
    )


def _experiment(connection: Connection, run: Run) -> int:
    """Return the experiment of a flow; one that was deleted comes back when its flow runs."""
    if not run.flow:
        return DEFAULT_EXPERIMENT
    row = connection.execute(
        "SELECT n, lifecycle FROM experiment WHERE name = ?", (run.flow,)
    ).fetchone()
    if row is None:
        return cast(
            int,
            connection.execute(
                "INSERT INTO experiment (name, created_ms, updated_ms) VALUES (?, ?, ?)",
                (run.flow, run.started_ms, run.started_ms),
            ).lastrowid,
        )
    if row[1]:
        connection.execute("UPDATE experiment SET lifecycle = 0 WHERE n = ?", (row[0],))
    return int(row[0])


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # No name for this user id, as in some containers.
        return ""


def finish(connection: Connection, run: Run) -> None:
    """Replace the status, end, result and error of a run."""
    connection.execute(
        "UPDATE run SET status = ?, ended_ms = ?, result = ?, error = ? WHERE n = ?",
        (run.status, run.ended_ms, run.result, run.error, _number(connection, run.id)),
    )


def add(
    connection: Connection,
    words: Words,
    run: str,
    uses: Sequence[Use],
    entries: Sequence[LogEntry],
) -> None:
    """Add uses of nodes and log entries to a run."""
    n = words.row("run", run) or words.remember("run", run, _number(connection, run))
    connection.executemany(
        _INSERT_USE,
        [(n, *_use_columns(connection, words, use)) for use in uses],
    )
    points: list[logs.MetricRow] = []
    for entry in entries:
        key = words.number(connection, entry.key)
        if entry.kind == "metric":
            value = stored_number(entry.number)
            points.append((n, key, entry.time_ms, entry.step, value, entry.node))
        elif entry.kind in ("param", "tag"):
            connection.execute(_TEXT.format(entry.kind), (n, key, entry.text or "", entry.node))
        elif entry.kind == "artifact":
            _add_artifact(connection, words, run, entry)
        elif entry.kind == "dataset":
            read = msgspec.json.decode(entry.text or "", type=DatasetInput)
            datasets.add_inputs(connection, words, (n, run, _place(connection, n)), [read])
        else:
            raise InvalidParameter("unknown kind of log entry", got=repr(entry.kind))
    if points:
        logs.add_metrics(connection, n, _place(connection, n), points)


def _place(connection: Connection, n: int) -> int:
    """Return the experiment of a run."""
    row = connection.execute("SELECT experiment FROM run WHERE n = ?", (n,)).fetchone()
    return int(row[0])


def _add_artifact(connection: Connection, words: Words, run: str, entry: LogEntry) -> None:
    content = ValueId(Digest(bytes.fromhex(entry.text or "")))
    size = None if entry.number is None else int(entry.number)
    if size is not None:
        shown = f"{entry.key.rpartition('/')[2]}, {size} bytes"[:200]
        values.add(connection, words, Value(content, "file", shown, "file", size, "stored"))
    connection.execute(
        _ARTIFACT,
        (
            run,
            entry.key,
            content,
            size or 0,
            mimetypes.guess_type(entry.key)[0] if size is not None else None,
            entry.time_ms,
            entry.node,
            int(size is None),
        ),
    )


def run(connection: Connection, words: Words, id: str) -> Run | None:
    """Return one run."""
    row = connection.execute(f"SELECT {_RUN} FROM run WHERE id = ?", (id,)).fetchone()
    return Run(*row) if row else None


def runs(connection: Connection, words: Words, flow: str | None, limit: int) -> tuple[Run, ...]:
    """Return the newest runs first."""
    where = "" if flow is None else "WHERE flow = (SELECT n FROM word WHERE text = ?)"
    rows = connection.execute(
        f"SELECT {_RUN} FROM run {where} ORDER BY started_ms DESC, id DESC LIMIT ?",
        (limit,) if flow is None else (flow, limit),
    ).fetchall()
    return tuple(Run(*row) for row in rows)


def uses(connection: Connection, words: Words, run: str) -> tuple[Use, ...]:
    """Return the uses of a run in order."""
    rows = connection.execute(
        "SELECT use.seq, use.label, coalesce(node.id, use.unknown), use.decision, use.code, "
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


def entries(connection: Connection, words: Words, run: str) -> tuple[LogEntry, ...]:
    """Return what a run logged: metrics, params, tags and artifacts, each by name."""
    found = []
    for kind in ("metric", "param", "tag"):
        rows = connection.execute(_ENTRIES[kind], (run,)).fetchall()
        named = [(words.text(connection, row[0]), *row[1:]) for row in rows]
        named.sort(key=lambda row: row[0])  # Stable: of a name by step, then time.
        found += [
            LogEntry(kind, key, text, math.nan if number == NAN else number, *rest)
            for key, text, number, *rest in named
            if kind != "tag" or key != RUN_NAME
        ]
    rows = connection.execute(_LOGGED_ARTIFACTS, (run,)).fetchall()
    found += [LogEntry("artifact", path, text.lower(), *rest) for path, text, *rest in rows]
    return tuple(found)


_ENTRIES = {
    "metric": "SELECT metric.key, NULL, metric.value, metric.step, metric.time_ms, metric.node "
    "FROM run JOIN metric ON metric.run = run.n WHERE run.id = ? "
    "ORDER BY metric.step, metric.time_ms",
    "param": "SELECT param.key, param.value, NULL, 0, 0, param.node FROM run "
    "JOIN param ON param.run = run.n WHERE run.id = ?",
    "tag": "SELECT tag.key, tag.value, NULL, 0, 0, tag.node FROM run "
    "JOIN tag ON tag.run = run.n WHERE run.id = ?",
}
_TEXT = (
    "INSERT INTO {} (run, key, value, node) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, node = excluded.node"
)
_ARTIFACT = (
    "INSERT INTO artifact (kind, owner, path, content, size_bytes, media_type, created_ms, node, "
    f"is_value) VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?) {logs.REPLACE_ARTIFACT}"
)
_LOGGED_ARTIFACTS = (
    "SELECT path, hex(content), CASE WHEN is_value = 0 THEN size_bytes * 1.0 END, "
    "0, created_ms, node FROM artifact WHERE kind = 0 AND owner = ? ORDER BY path"
)


def _number(connection: Connection, id: str) -> int:
    row = connection.execute("SELECT n FROM run WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound("no such run", got=id, hint="start the run before it logs or ends")
    return cast(int, row[0])


def _use_columns(connection: Connection, words: Words, use: Use) -> tuple[object, ...]:
    node = None if use.node is None else nodes.number_now(connection, words, use.node)
    fields = dict(use.reason.fields)
    return (
        use.seq,
        use.label,
        node,
        use.node if node is None else None,
        _DECISIONS.index(use.decision),
        words.number(connection, use.reason.code),
        use.reason.text,
        json.dumps(fields, ensure_ascii=False, default=str) if fields else None,
        use.wall_s,
        use.saved_s,
    )
