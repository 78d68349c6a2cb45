"""Repairs of tables in files: each is a node, and so is a table that they made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from clew.app.gates import record
from clew.app.store import Store
from clew.data import repair as repairs
from clew.data.repair import Repair
from clew.errors import InvalidParameter, MissingExtra
from clew.lineage.fingerprint import fingerprint

REPAIR, REPAIRED = "clew.data:repair", "clew.data:repaired"


@dataclass(frozen=True, slots=True)
class Found:
    """A repair, and the node that holds it.

    Parameters
    ----------
    repair : Repair
    node : str
        Id of the node.
    """

    repair: Repair
    node: str


def find(
    store: Store, table: Path, constraints: Path | None = None, *, least: float = 0.5
) -> tuple[Found, ...]:
    """Return the repairs of a file, each kept as a node that reads the file.

    Parameters
    ----------
    constraints, least
        Of `clew.data.repair.find`.
    """
    rules = repairs.dependencies(constraints) if constraints is not None else ()
    content = fingerprint(table)
    said = [str(rule) for rule in rules]
    found = []
    for one in repairs.find(table, rules, least=least):
        inputs = {"table": content, "constraints": said, "row": one.row, "column": one.column}
        kept = {"result": record.stored(store, msgspec.to_builtins(one))}
        found.append(Found(one, record.record(store, REPAIR, "repair", inputs, kept).hex()))
    return tuple(found)


def apply(
    store: Store, table: Path, made: Sequence[Repair], out: Path, *, revert: bool = False
) -> str:
    """Write a file's table with repairs, or without them; return the id of the node.

    Raises
    ------
    InvalidParameter
        When the repairs are of another table, or `out` is no name of a table.
    """
    writer = _writer(out)
    changed = (repairs.revert if revert else repairs.apply)(table, made)
    inputs: dict[str, Any] = {
        "table": fingerprint(table),
        "repairs": msgspec.to_builtins(tuple(made)),
        "revert": revert,
    }
    temporary = out.with_name(f".{out.name}.new")
    try:
        writer(changed, temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    return record.record(store, REPAIRED, "table", inputs, {"result": fingerprint(out)}).hex()


def _writer(out: Path) -> Any:
    try:
        from pyarrow import csv, parquet
    except ImportError as error:
        raise MissingExtra("tables need pyarrow", hint="pip install 'clew[tables]'") from error
    writers = {
        ".parquet": parquet.write_table,
        ".csv": csv.write_csv,
        ".tsv": lambda table, path: csv.write_csv(table, path, csv.WriteOptions(delimiter="\t")),
    }
    writer = writers.get(out.suffix.lower())
    if writer is None:
        raise InvalidParameter(
            "no table is written to such a file", got=out.name, expected=", ".join(writers)
        )
    return writer
