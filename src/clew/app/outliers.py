"""Outliers of a table in a file, kept as a node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.app import facts
from clew.app.gates.tables import table_of
from clew.app.store import Store
from clew.data.outliers import Outlier, find_outliers

OPERATION = "clew.data:outliers"


@dataclass(frozen=True, slots=True)
class Found:
    """Outliers, the columns that were not looked at, and the node that holds them."""

    outliers: tuple[Outlier, ...]
    left_out: tuple[str, ...]
    node: str


def outliers(store: Store, table: Path, **options: Any) -> Found:
    """Return the rows of a file that are most unlike the others.

    Parameters
    ----------
    options
        Of `clew.data.outliers.find_outliers`.
    """
    frame = table_of(table)
    found = find_outliers(frame, **options)
    plain = [[o.row, o.score, list(o.families), list(o.columns)] for o in found.rows]
    inputs = {"rows": frame, "options": options}
    node = facts.record(store, OPERATION, "finding", inputs, {"result": facts.stored(store, plain)})
    return Found(found.rows, found.left_out, node.hex())
