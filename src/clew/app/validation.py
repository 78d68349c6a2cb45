"""Tables in files against schemas and each other; what is found is kept as a node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from clew.app import facts
from clew.app.store import Store
from clew.data import schema as schemas
from clew.data.schema import Anomaly, Schema
from clew.lineage.fingerprint import fingerprint

SCHEMA, VALIDATION, DRIFT = "clew.data:schema", "clew.data:validation", "clew.data:drift"


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a table, and the node that holds it.

    Parameters
    ----------
    anomalies : tuple of Anomaly
        Errors first.
    node : str
        Id of the node.
    """

    anomalies: tuple[Anomaly, ...]
    node: str

    @property
    def errors(self) -> tuple[Anomaly, ...]:
        """Those that chance does not explain."""
        return tuple(one for one in self.anomalies if one.severity == "error")


def infer(store: Store, table: Path) -> tuple[Schema, str]:
    """Return the schema of a file, and the id of the node that holds it."""
    found = schemas.infer(table)
    return found, _kept(store, SCHEMA, {"table": table}, msgspec.to_builtins(found))


def validate(
    store: Store, table: Path, schema: Path, *, like: Path | None = None, alpha: float = 1e-3
) -> Findings:
    """Return what is wrong with a file by the schema in another.

    Parameters
    ----------
    like, alpha
        Of `clew.data.schema.validate`.
    """
    rules = schemas.read(schema)
    found = schemas.validate(table, rules, like=like, alpha=alpha)
    inputs: dict[str, Any] = {"table": table, "schema": msgspec.to_builtins(rules), "alpha": alpha}
    if like is not None:
        inputs["like"] = like
    return Findings(found, _kept(store, VALIDATION, inputs, msgspec.to_builtins(found)))


def drift(store: Store, before: Path, now: Path, **options: Any) -> Findings:
    """Return how one file is distributed otherwise than another.

    Parameters
    ----------
    options
        Of `clew.data.schema.drift`.
    """
    found = schemas.drift(before, now, **options)
    inputs: dict[str, Any] = {"before": before, "now": now, "options": options}
    return Findings(found, _kept(store, DRIFT, inputs, msgspec.to_builtins(found)))


def _kept(store: Store, operation: str, inputs: dict[str, Any], result: Any) -> str:
    """Keep what was found as a node, in which a file stands by its content."""
    named = {
        name: fingerprint(value) if isinstance(value, Path) else value
        for name, value in inputs.items()
    }
    kept = {"result": facts.stored(store, result)}
    return facts.record(store, operation, "finding", named, kept).hex()
