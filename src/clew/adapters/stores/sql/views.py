"""The graph as tables, for analysis: the documented schema behind `clew sql`.

============  ====================================================================================
view          a row is
============  ====================================================================================
runs          one execution: of a flow, a ``with clew.run()`` block, or a client
params        one argument of a run's flow, or one param that the run logged
metrics       one metric that a run logged, at one step
latest        one metric of a run: the value that counts
tags          one tag of a run
experiments   one experiment
datasets      one dataset as one run read it
artifacts     one file of a run or model
models        one logged model
versions      one version of a registered model
nodes         one call, and what it cost when it was computed
edges         one input, output or observed read of a node
values        one value that is known (write ``"values"``: the word is reserved in SQL)
uses          what one run did about one step, and why
costs         one operation: how often it was computed and reused, the seconds that took and saved
============  ====================================================================================

Ids are hexadecimal text. Times are UTC. Seconds are `*_s`, bytes `*_bytes`.
"""

from __future__ import annotations

from clew.adapters.stores.sql import tracking_views
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.schema import READ_SLOT
from clew.adapters.stores.sql.view import View


def rows(connection: Connection, view: View) -> list[tuple[object, ...]]:
    """Return the rows of a view."""
    return connection.execute(view.query).fetchall()


_NODES = View(
    "nodes",
    (
        ("node", "text", "id"),
        ("call", "text", "id without what was read besides arguments"),
        ("operation", "text", "module:qualname of the step"),
        ("kind", "text", "step, event, pick, …"),
        ("code", "text", "fingerprint of its code"),
        ("environment", "text", "id of the environment"),
        ("seed", "text", "recorded seed"),
        ("wall_s", "real", "seconds to compute it"),
        ("cpu_s", "real", "CPU seconds to compute it"),
        ("size_bytes", "integer", "size of its outputs"),
        ("created", "time", "when it was computed"),
        ("irreproducible", "boolean", "it once gave two different results"),
    ),
    "SELECT lower(hex(node.id)), lower(hex(coalesce(node.call, node.id))), operation.text, "
    "kind.text, lower(hex(code.id)), lower(hex(environment.id)), CAST(seed AS TEXT), wall_s, "
    "cpu_s, size_bytes, created_ms, irreproducible FROM node "
    "JOIN word AS operation ON operation.n = node.operation "
    "JOIN word AS kind ON kind.n = node.kind LEFT JOIN code ON code.n = node.code "
    "LEFT JOIN environment ON environment.n = node.environment",
)
_EDGES = View(
    "edges",
    (
        ("node", "text", "id of the node"),
        ("direction", "text", "in, out, or read (observed besides the arguments)"),
        ("position", "integer", "from 0"),
        ("name", "text", "argument, result, or kind:name of what was read"),
        ("value", "text", "content id"),
        ("literal", "boolean", "an input that no node made"),
    ),
    "SELECT lower(hex(node.id)), CASE WHEN slot < 0 THEN 'out' "
    f"WHEN slot < {READ_SLOT} THEN 'in' ELSE 'read' END, "
    f"CASE WHEN slot < 0 THEN -1 - slot ELSE (slot % {READ_SLOT}) / 2 END, word.text, "
    f"lower(hex(value.id)), source IS NULL AND slot BETWEEN 0 AND {READ_SLOT - 1} FROM edge "
    "JOIN node ON node.n = edge.node JOIN value ON value.n = edge.value "
    "JOIN word ON word.n = edge.name",
)
_VALUES = View(
    "values",
    (
        ("value", "text", "content id"),
        ("type", "text", "module.QualName"),
        ("preview", "text", "a literal, or a shape"),
        ("format", "text", "storage format"),
        ("size_bytes", "integer", "stored size"),
        ("state", "text", "stored, absent, erased, corrupt"),
    ),
    "SELECT lower(hex(id)), type.text, coalesce(preview, ''), coalesce(format.text, ''), "
    "size_bytes, CASE state WHEN 0 THEN 'absent' WHEN 1 THEN 'stored' WHEN 2 THEN 'erased' "
    "ELSE 'corrupt' END FROM value JOIN word AS type ON type.n = value.type "
    "LEFT JOIN word AS format ON format.n = value.format",
)
_DECISION = (
    "CASE use.decision WHEN 0 THEN 'computed' WHEN 1 THEN 'reused' WHEN 2 THEN 'pruned' "
    "ELSE 'failed' END"
)
_USES = View(
    "uses",
    (
        ("run", "text", "id of the run"),
        ("position", "integer", "from 0"),
        ("step", "text", "label within the run"),
        ("node", "text", "id of the node, where it is known"),
        ("decision", "text", "computed, reused, pruned, failed"),
        ("reason", "text", "stable word"),
        ("explanation", "text", "one sentence"),
        ("wall_s", "real", "seconds that the run spent on it"),
        ("saved_s", "real", "seconds that reuse saved"),
    ),
    f"SELECT run.id, use.seq, use.label, lower(hex(coalesce(node.id, use.unknown))), {_DECISION}, "
    "word.text, use.text, use.wall_s, use.saved_s FROM use JOIN run ON run.n = use.run "
    "JOIN word ON word.n = use.code LEFT JOIN node ON node.n = use.node",
)
_COSTS = View(
    "costs",
    (
        ("operation", "text", "module:qualname of the step"),
        ("nodes", "integer", "how many nodes it has"),
        ("wall_s", "real", "seconds to compute them"),
        ("cpu_s", "real", "CPU seconds to compute them"),
        ("size_bytes", "integer", "size of their outputs"),
        ("reused", "integer", "how often runs reused one"),
        ("saved_s", "real", "seconds that this saved"),
    ),
    "SELECT word.text, count(*), sum(node.wall_s), sum(node.cpu_s), sum(node.size_bytes), "
    "coalesce(sum(hit.reused), 0), coalesce(sum(hit.saved_s), 0.0) FROM node "
    "JOIN word ON word.n = node.operation LEFT JOIN (SELECT node, count(*) AS reused, "
    "sum(saved_s) AS saved_s FROM use WHERE decision = 1 AND node IS NOT NULL GROUP BY node) "
    "AS hit ON hit.node = node.n GROUP BY word.text",
)

VIEWS: dict[str, View] = {
    view.name: view for view in (*tracking_views.VIEWS, _NODES, _EDGES, _VALUES, _USES, _COSTS)
}
"""All views by name."""
