"""Databases as older versions of clew left them: `version_N.sql`, and the facts that they hold.

``python -m tests.adapters.stores.old_databases`` writes the one of the newest schema. A file that a
release has shipped with is never written again.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from clew.adapters.stores.sql import SqliteStore, schema
from clew.adapters.stores.sql.sqlite import version
from clew.lineage.records import Code, LogEntry, Node, Read, Reason, Run, Use, Value
from clew.testing.records import make_node, stored_value, value_id

HERE = Path(__file__).parent

RUN = Run("01RUN", "m:flow", "finished", 1000, 2000, '{"bins": 10}', "{}", value_id("model"))
LOAD = make_node("m:load", [], ["raw"], reads=[Read("file", "in.csv", value_id("file"))])
FIT = make_node("m:fit", ["raw", "bins"], ["model", "effects"], seed=7, made_by=[LOAD])
NODES: list[Node] = [LOAD, FIT]
VALUES: list[Value] = [stored_value("raw"), Value(value_id("model"), "m.Model")]
USES = (
    Use(0, "load", LOAD.id, "reused", Reason("same-call", "seen before", {"a": 1}), 0.5, 2.0),
    Use(1, "fit", FIT.id, "computed", Reason("new-call", ""), 1.0),
)
ENTRIES = (LogEntry("metric", "auc", number=0.5, step=1), LogEntry("tag", "note", text="Σ"))
CODE = Code(FIT.code or b"", "m:fit", b"{}")  # type: ignore[arg-type]


def fill(store: SqliteStore) -> None:
    """Add the facts."""
    store.add(NODES, VALUES)
    store.put_code(CODE)
    store.put_environment(FIT.environment or b"", {"python": "3.11"})  # type: ignore[arg-type]
    store.start(RUN)
    store.use(RUN.id, USES, ENTRIES)


def file_of(version: int) -> Path:
    """Return the dump of a version."""
    return HERE / f"version_{version}.sql"


def restore(version: int, path: Path) -> None:
    """Make the database of a version again."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(file_of(version).read_text(encoding="utf-8"))
    connection.close()


def dump(path: Path) -> str:
    """Return a database as SQL."""
    with sqlite3.connect(path) as connection:
        lines = [
            *connection.iterdump(),
            f"PRAGMA application_id = {version.APPLICATION_ID};",
            f"PRAGMA user_version = {version.version(connection)};",
        ]
    connection.close()
    return "\n".join(lines) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clew.db"
        with SqliteStore(path) as store:
            fill(store)
        file_of(schema.newest()).write_text(dump(path), encoding="utf-8")


if __name__ == "__main__":
    main()
