"""The tables of tracking and the registry (schema version 3).

A run is numbered (`run.n`); what it logged refers to that number. Keys are interned in `word`. One
home for each thing: `metric` holds every point in the order of its history, `latest` the one that
counts (so that runs are ordered by an index, not by reading histories), `param`, `tag`, `artifact`.
NaN is the text ``'nan'``: SQLite would make NULL of it, and so it sorts behind every number.

`experiment` is repeated in `latest`: that index orders the runs of one experiment by one metric.
Numbers of experiments, runs and models are never given twice (AUTOINCREMENT), since other processes
may remember them.
"""

from __future__ import annotations

import time

from clew.adapters.stores.sql.connection import Connection

DEFAULT_EXPERIMENT = 0

_TABLES = """
CREATE TABLE experiment (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    lifecycle INTEGER NOT NULL DEFAULT 0, artifact_location TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
);
CREATE TABLE experiment_tag (
    experiment INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)
) WITHOUT ROWID;
CREATE TABLE tracked_run (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, flow INTEGER,
    experiment INTEGER NOT NULL, name TEXT NOT NULL, user TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL, lifecycle INTEGER NOT NULL DEFAULT 0, deleted_ms INTEGER,
    started_ms INTEGER NOT NULL, ended_ms INTEGER, artifact_uri TEXT,
    arguments TEXT NOT NULL DEFAULT '{}', context TEXT NOT NULL DEFAULT '{}',
    result BLOB, error TEXT
);
CREATE TABLE metric (
    run INTEGER NOT NULL, key INTEGER NOT NULL, time_ms INTEGER NOT NULL, step INTEGER NOT NULL,
    value NOT NULL, node BLOB, PRIMARY KEY (run, key, time_ms, step, value)
) WITHOUT ROWID;
CREATE TABLE latest (
    run INTEGER NOT NULL, key INTEGER NOT NULL, experiment INTEGER NOT NULL, value NOT NULL,
    step INTEGER NOT NULL, time_ms INTEGER NOT NULL, PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX latest_value ON latest (key, experiment, value);
CREATE TABLE param (
    run INTEGER NOT NULL, key INTEGER NOT NULL, value TEXT NOT NULL, node BLOB,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE tag (
    run INTEGER NOT NULL, key INTEGER NOT NULL, value TEXT NOT NULL, node BLOB,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE dataset (
    n INTEGER PRIMARY KEY, experiment INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
    source_type TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT,
    content BLOB NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (experiment, name, digest)
);
CREATE INDEX dataset_name ON dataset (name, digest);
CREATE TABLE input (
    run INTEGER NOT NULL, dataset INTEGER NOT NULL, PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE INDEX input_dataset ON input (dataset);
CREATE TABLE input_tag (
    run INTEGER NOT NULL, dataset INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, dataset, key)
) WITHOUT ROWID;
CREATE TABLE link (
    run INTEGER NOT NULL, output INTEGER NOT NULL, model TEXT NOT NULL, step INTEGER NOT NULL,
    PRIMARY KEY (run, output, model)
) WITHOUT ROWID;
CREATE TABLE model (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL,
    name TEXT NOT NULL, model_type TEXT, source_run TEXT, status TEXT NOT NULL,
    status_message TEXT, lifecycle INTEGER NOT NULL DEFAULT 0, artifact_location TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, content BLOB
);
CREATE INDEX model_created ON model (experiment, created_ms);
CREATE INDEX model_run ON model (source_run) WHERE source_run IS NOT NULL;
CREATE TABLE model_param (
    model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE model_tag (
    model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE model_metric (
    model TEXT NOT NULL, key INTEGER NOT NULL, dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL, step INTEGER NOT NULL, time_ms INTEGER NOT NULL, value NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (model, key, dataset_name, dataset_digest, step, time_ms, value)
) WITHOUT ROWID;
CREATE INDEX model_metric_run ON model_metric (run);
CREATE TABLE registered (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT,
    last_version INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE TABLE registered_tag (
    registered INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (registered, key)
) WITHOUT ROWID;
CREATE TABLE version (
    registered INTEGER NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL, description TEXT, user TEXT, stage TEXT NOT NULL,
    source TEXT NOT NULL, run_id TEXT, run_link TEXT, model_id TEXT, status TEXT NOT NULL,
    status_message TEXT, content BLOB, node BLOB, PRIMARY KEY (registered, version)
) WITHOUT ROWID;
CREATE INDEX version_updated ON version (updated_ms);
CREATE INDEX version_run ON version (run_id) WHERE run_id IS NOT NULL;
CREATE TABLE version_tag (
    registered INTEGER NOT NULL, version INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (registered, version, key)
) WITHOUT ROWID;
CREATE TABLE alias (
    registered INTEGER NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (registered, alias)
) WITHOUT ROWID;
CREATE TABLE artifact (
    kind INTEGER NOT NULL, owner TEXT NOT NULL, path TEXT NOT NULL, content BLOB NOT NULL,
    size_bytes INTEGER NOT NULL, media_type TEXT, created_ms INTEGER NOT NULL, node BLOB,
    is_value INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, owner, path)
) WITHOUT ROWID;
CREATE INDEX artifact_content ON artifact (content);
CREATE TABLE trace (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL,
    started_ms INTEGER NOT NULL, duration_ms INTEGER, state TEXT NOT NULL, info TEXT NOT NULL
);
CREATE INDEX trace_started ON trace (experiment, started_ms);
CREATE TABLE trace_tag (
    trace INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (trace, key)
) WITHOUT ROWID;
CREATE TABLE event (
    id TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT NOT NULL, before TEXT, after TEXT, reason TEXT
) WITHOUT ROWID;
CREATE INDEX event_subject ON event (subject, id)
"""

_CARRY_OVER = """
INSERT INTO experiment (name, created_ms, updated_ms)
SELECT DISTINCT word.text, min(run.started_ms), max(run.started_ms)
FROM run JOIN word ON word.n = run.flow GROUP BY word.text ORDER BY min(run.n);
INSERT INTO tracked_run (n, id, flow, experiment, name, status, started_ms, ended_ms, arguments,
    context, result, error)
SELECT run.n, run.id, run.flow, experiment.n, substr(word.text, instr(word.text, ':') + 1),
    run.status, run.started_ms, run.ended_ms, run.arguments, run.context, run.result, run.error
FROM run JOIN word ON word.n = run.flow JOIN experiment ON experiment.name = word.text
ORDER BY run.n;
DROP TABLE run;
ALTER TABLE tracked_run RENAME TO run;
CREATE INDEX run_started ON run (started_ms);
CREATE INDEX run_flow ON run (flow, started_ms) WHERE flow IS NOT NULL;
CREATE INDEX run_experiment ON run (experiment, started_ms);
INSERT OR IGNORE INTO word (text) VALUES ('mlflow.runName');
INSERT INTO tag (run, key, value)
SELECT run.n, (SELECT n FROM word WHERE text = 'mlflow.runName'), run.name FROM run;
INSERT OR IGNORE INTO metric (run, key, time_ms, step, value, node)
SELECT run, key, time_ms, step, number, node FROM entry
WHERE kind = (SELECT n FROM word WHERE text = 'metric') AND number IS NOT NULL;
INSERT OR REPLACE INTO latest (run, key, experiment, value, step, time_ms)
SELECT metric.run, metric.key, run.experiment, metric.value, metric.step, metric.time_ms
FROM metric JOIN run ON run.n = metric.run
ORDER BY metric.step, metric.time_ms, typeof(metric.value) <> 'text', metric.value;
INSERT OR REPLACE INTO param (run, key, value, node)
SELECT run, key, coalesce(text, ''), node FROM entry
WHERE kind = (SELECT n FROM word WHERE text = 'param') ORDER BY run, seq;
INSERT OR REPLACE INTO tag (run, key, value, node)
SELECT run, key, coalesce(text, ''), node FROM entry
WHERE kind = (SELECT n FROM word WHERE text = 'tag') ORDER BY run, seq
"""

_ARTIFACTS = (
    "SELECT run.id, word.text, entry.text, entry.time_ms, entry.node FROM entry "
    "JOIN run ON run.n = entry.run JOIN word ON word.n = entry.key "
    "WHERE entry.kind = (SELECT n FROM word WHERE text = 'artifact') ORDER BY entry.run, entry.seq"
)


def lay(connection: Connection) -> None:
    """Make the tables, and move what runs logged from `entry` into them."""
    now_ms = int(time.time() * 1000)
    _execute(connection, _TABLES)
    connection.execute(
        "INSERT INTO experiment (n, name, created_ms, updated_ms) VALUES (?, 'Default', ?, ?)",
        (DEFAULT_EXPERIMENT, now_ms, now_ms),
    )
    _execute(connection, _CARRY_OVER)
    rows = connection.execute(_ARTIFACTS).fetchall()
    connection.executemany(
        "INSERT OR REPLACE INTO artifact (kind, owner, path, content, size_bytes, created_ms, "
        "node, is_value) VALUES (0, ?, ?, ?, 0, ?, ?, 1)",
        [(id, key, bytes.fromhex(text), ms, node) for id, key, text, ms, node in rows if text],
    )
    connection.execute("DROP TABLE entry")


def _execute(connection: Connection, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)
