"""Views of runs and what they logged, of experiments, datasets, models and versions."""

from __future__ import annotations

from clew.adapters.stores.sql.view import View

_RUNS = View(
    "runs",
    (
        ("run", "text", "id (a ULID sorts by time)"),
        ("flow", "text", "module:name; null for what is no flow's run"),
        ("status", "text", "running, finished, failed, interrupted, lost, killed, scheduled"),
        ("started", "time", "when it started"),
        ("ended", "time", "when it ended"),
        ("wall_s", "real", "from start to end"),
        ("result", "text", "content id of what it returned"),
        ("error", "text", "what it failed with"),
        ("arguments", "text", "JSON object"),
        ("context", "text", "JSON object: command, git state, host, process"),
        ("experiment", "text", "name of the experiment"),
        ("name", "text", "name of the run"),
        ("user", "text", "who started it"),
        ("deleted", "boolean", "it was deleted, and can be restored"),
    ),
    "SELECT run.id, word.text, status, started_ms, ended_ms, (ended_ms - started_ms) / 1000.0, "
    'lower(hex(result)), error, arguments, context, experiment.name, run.name, "user", '
    "run.lifecycle FROM run JOIN experiment ON experiment.n = run.experiment "
    "LEFT JOIN word ON word.n = run.flow",
)
_PARAMS = View(
    "params",
    (
        ("run", "text", "id of the run"),
        ("flow", "text", "module:name"),
        ("key", "text", "name"),
        ("value", "text", "value, as text"),
    ),
    "SELECT run.id, word.text, argument.key, CASE argument.type WHEN 'true' THEN 'true' "
    "WHEN 'false' THEN 'false' ELSE CAST(argument.value AS TEXT) END FROM run "
    "JOIN word ON word.n = run.flow JOIN json_each("
    "CASE WHEN json_valid(run.arguments) THEN run.arguments ELSE '{}' END) AS argument "
    "UNION ALL SELECT run.id, flow.text, key.text, param.value FROM param "
    "JOIN run ON run.n = param.run LEFT JOIN word AS flow ON flow.n = run.flow "
    "JOIN word AS key ON key.n = param.key",
)
_METRICS = View(
    "metrics",
    (
        ("run", "text", "id of the run"),
        ("flow", "text", "module:name"),
        ("key", "text", "name"),
        ("value", "real", "value; NaN and infinities are kept"),
        ("step", "integer", "training step"),
        ("time", "time", "when it was logged"),
        ("node", "text", "node whose step logged it"),
    ),
    "SELECT run.id, flow.text, key.text, metric.value, step, nullif(time_ms, 0), "
    "lower(hex(metric.node)) FROM metric JOIN run ON run.n = metric.run "
    "LEFT JOIN word AS flow ON flow.n = run.flow JOIN word AS key ON key.n = metric.key",
)
_LATEST = View(
    "latest",
    (
        ("run", "text", "id of the run"),
        ("key", "text", "name"),
        ("value", "real", "of the highest step; of those the latest, of those the highest"),
        ("step", "integer", "training step"),
        ("time", "time", "when it was logged"),
    ),
    "SELECT run.id, key.text, latest.value, step, nullif(time_ms, 0) FROM latest "
    "JOIN run ON run.n = latest.run JOIN word AS key ON key.n = latest.key",
)
_TAGS = View(
    "tags",
    (("run", "text", "id of the run"), ("key", "text", "name"), ("value", "text", "value")),
    "SELECT run.id, key.text, tag.value FROM tag JOIN run ON run.n = tag.run "
    "JOIN word AS key ON key.n = tag.key",
)
_EXPERIMENTS = View(
    "experiments",
    (
        ("experiment", "text", "name"),
        ("id", "text", "number"),
        ("created", "time", "when it was made"),
        ("deleted", "boolean", "it was deleted, and can be restored"),
        ("runs", "integer", "how many runs it has"),
    ),
    "SELECT name, CAST(n AS TEXT), created_ms, lifecycle, "
    "(SELECT count(*) FROM run WHERE run.experiment = experiment.n) FROM experiment",
)
_DATASETS = View(
    "datasets",
    (
        ("run", "text", "id of the run that read it"),
        ("name", "text", "name"),
        ("digest", "text", "digest"),
        ("context", "text", "what it was read as: training, validation, …"),
        ("source_type", "text", "kind of its source"),
        ("source", "text", "where it came from"),
        ("schema", "text", "JSON of its columns"),
        ("profile", "text", "JSON of a few figures"),
        ("value", "text", "content id"),
    ),
    "SELECT run.id, dataset.name, digest, input_tag.value, source_type, source, schema, profile, "
    "lower(hex(content)) FROM input JOIN run ON run.n = input.run "
    "JOIN dataset ON dataset.n = input.dataset LEFT JOIN input_tag ON input_tag.run = input.run "
    "AND input_tag.dataset = input.dataset AND input_tag.key = 'mlflow.data.context'",
)
_ARTIFACTS = View(
    "artifacts",
    (
        ("kind", "text", "whose it is: run, model, trace, folder"),
        ("owner", "text", "id of the run, model or trace"),
        ("path", "text", "path, or name of a logged value"),
        ("size_bytes", "integer", "size"),
        ("media_type", "text", "what the name suggests"),
        ("value", "text", "content id"),
        ("created", "time", "when it was logged"),
    ),
    "SELECT CASE kind WHEN 0 THEN 'run' WHEN 1 THEN 'model' WHEN 2 THEN 'trace' ELSE 'folder' END, "
    "owner, path, size_bytes, media_type, lower(hex(content)), nullif(created_ms, 0) FROM artifact",
)
_MODELS = View(
    "models",
    (
        ("model", "text", "id of the logged model"),
        ("name", "text", "name"),
        ("experiment", "text", "name of the experiment"),
        ("run", "text", "id of the run that made it"),
        ("type", "text", "kind of model"),
        ("status", "text", "pending, ready, failed"),
        ("created", "time", "when it was logged"),
        ("value", "text", "content id of its files together"),
        ("deleted", "boolean", "it was deleted"),
    ),
    "SELECT id, model.name, experiment.name, source_run, model_type, status, model.created_ms, "
    "lower(hex(content)), model.lifecycle FROM model "
    "JOIN experiment ON experiment.n = model.experiment",
)
_VERSIONS = View(
    "versions",
    (
        ("name", "text", "name of the registered model"),
        ("version", "integer", "from 1"),
        ("stage", "text", "None, Staging, Production, Archived"),
        ("aliases", "text", "aliases, with commas between them"),
        ("description", "text", "what somebody wrote about it"),
        ("run", "text", "id of the run that made it"),
        ("model", "text", "id of the logged model"),
        ("source", "text", "where its files are"),
        ("value", "text", "content id"),
        ("node", "text", "node that made it"),
        ("user", "text", "who registered it"),
        ("created", "time", "when it was registered"),
    ),
    "SELECT registered.name, version.version, stage, (SELECT group_concat(alias, ',') FROM alias "
    "WHERE alias.registered = version.registered AND alias.version = version.version), "
    'version.description, run_id, model_id, source, lower(hex(content)), lower(hex(node)), "user", '
    "version.created_ms FROM version JOIN registered ON registered.n = version.registered",
)

VIEWS = (
    _RUNS,
    _PARAMS,
    _METRICS,
    _LATEST,
    _TAGS,
    _EXPERIMENTS,
    _DATASETS,
    _ARTIFACTS,
    _MODELS,
    _VERSIONS,
)
"""In the order in which they are documented."""
