"""Tracked runs on the lineage graph.

A run that read datasets or made models is a node of kind ``run``: an event, so its id comes from
the run's id and it is never reused. Its inputs are the datasets' contents, its outputs the models'.
They come one after another while the run goes on, so edges are added to a node that is there.
"""

from __future__ import annotations

from clew.adapters.stores.sql import nodes, values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.schema import READ_SLOT
from clew.adapters.stores.sql.tracking.experiments import now_ms
from clew.adapters.stores.sql.words import Words
from clew.lineage.canonical import DIGEST_BYTES, Digest, NodeId, ValueId, digest
from clew.lineage.records import Node, Value

FORMAT = 1
_DIGITS = frozenset("0123456789abcdef")
_MADE = "SELECT max(node) FROM edge WHERE value = ? AND slot < 0 AND source IS NULL AND node <> ?"
_USE = (
    "INSERT INTO use (run, label, seq, node, decision, code, text, fields, wall_s, "
    "saved_s) VALUES (?, 'run', (SELECT coalesce(max(seq) + 1, 0) FROM use WHERE run = ?), ?, 0, "
    "?, 'logged by the run', NULL, 0, 0) ON CONFLICT DO NOTHING"
)


def run_node(run_id: str) -> NodeId:
    """Return the id of a run's node."""
    return NodeId(digest("run", FORMAT, [run_id.encode()]))


def content_of(name: str, text: str, content: str | None = None) -> ValueId:
    """Return the content id of a dataset: clew's own, or one derived from another's digest."""
    for known in (content, text):
        if known and len(known) == 2 * DIGEST_BYTES and _DIGITS.issuperset(known):
            return ValueId(Digest(bytes.fromhex(known)))
    return ValueId(digest("dataset", FORMAT, [name.encode(), text.encode()]))


def model_content(files: list[tuple[str, bytes]]) -> ValueId:
    """Return the content id of a model: that of its files together, by path."""
    fields = [field for path, content in sorted(files) for field in (path.encode(), content)]
    return ValueId(digest("model", FORMAT, fields))


def read(
    connection: Connection,
    words: Words,
    run: tuple[int, str],
    name: str,
    value: Value,
) -> None:
    """Say that a run read a value; where a node made it, the thread goes on from there."""
    node, number = _node(connection, words, run), values.add(connection, words, value)
    if connection.execute(
        "SELECT 1 FROM edge WHERE node = ? AND value = ? AND slot >= 0", (node, number)
    ).fetchone():
        return
    (maker,) = connection.execute(_MADE, (number, node)).fetchone()
    connection.execute(
        "INSERT INTO edge (node, slot, name, value, source) SELECT ?1, coalesce(max(slot) + 1, 0), "
        f"?2, ?3, ?4 FROM edge WHERE node = ?1 AND slot BETWEEN 0 AND {READ_SLOT - 1}",
        (node, words.number(connection, name), number, maker),
    )


def made(
    connection: Connection,
    words: Words,
    run: tuple[int, str],
    name: str,
    value: Value,
) -> None:
    """Say that a run made a value."""
    node, number = _node(connection, words, run), values.add(connection, words, value)
    if connection.execute(
        "SELECT 1 FROM edge WHERE node = ? AND value = ? AND slot < 0", (node, number)
    ).fetchone():
        return
    connection.execute(
        "INSERT INTO edge (node, slot, name, value) SELECT ?1, coalesce(min(slot), 0) - 1, ?2, ?3 "
        "FROM edge WHERE node = ?1 AND slot < 0",
        (node, words.number(connection, name), number),
    )


def _node(connection: Connection, words: Words, run: tuple[int, str]) -> int:
    n, run_id = run
    id = run_node(run_id)
    found = nodes.number_now(connection, words, id)
    if found is None:
        node = Node(id, id, "clew.track:run", "run", None, None, None, (), (), created_ms=now_ms())
        found = nodes.add(connection, words, node)
        connection.execute(_USE, (n, n, found, words.number(connection, "logged")))
    return found
