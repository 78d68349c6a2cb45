"""Repairs of tables in files: each is a node, and so is a table that they made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from clew.app import facts
from clew.app.store import Store
from clew.data import repair as repairs
from clew.data.repair import Repair
from clew.errors import InvalidParameter
from clew.lineage.fingerprint import fingerprint

_WRITTEN = (".parquet", ".csv", ".tsv")
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
        kept = {"result": facts.stored(store, msgspec.to_builtins(one))}
        found.append(Found(one, facts.record(store, REPAIR, "repair", inputs, kept).hex()))
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
    check_name(out)
    changed = (repairs.revert if revert else repairs.apply)(table, made)
    inputs: dict[str, Any] = {
        "table": fingerprint(table),
        "repairs": msgspec.to_builtins(tuple(made)),
        "revert": revert,
    }
    write_table(changed, out)
    return facts.record(store, REPAIRED, "table", inputs, {"result": fingerprint(out)}).hex()


def write_table(table: Any, out: Path) -> None:
    """Write an Arrow table to a Parquet, CSV or TSV file, whole or not at all.

    Raises
    ------
    InvalidParameter
        When `out` is no name of such a file.
    """
    from pyarrow import csv, parquet

    check_name(out)
    temporary = out.with_name(f".{out.name}.new")
    try:
        if out.suffix.lower() == ".parquet":
            parquet.write_table(table, temporary)
        else:
            delimiter = "\t" if out.suffix.lower() == ".tsv" else ","
            csv.write_csv(table, temporary, csv.WriteOptions(delimiter=delimiter))
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def check_name(out: Path) -> None:
    """Demand the name of a file to which a table is written."""
    if out.suffix.lower() not in _WRITTEN:
        raise InvalidParameter(
            "no table is written to such a file", got=out.name, expected=", ".join(_WRITTEN)
        )
