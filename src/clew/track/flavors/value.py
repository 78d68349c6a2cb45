"""Anything else, as a value of the store: by content, in whatever format holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.errors import NotFound
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.steps.runtime import current
from clew.track.flavors import Saved

FILE = "value.txt"


def accepts(model: Any) -> bool:
    """Everything."""
    return True


def save(model: Any, folder: Path, example: Any = None) -> Saved:
    """Store the value, and write its content id.

    Raises
    ------
    UnsupportedValue
        When no format can hold it.
    """
    runtime, id = current(), fingerprint(model)
    runtime.vault.put(model, id)
    if not runtime.store.describe([id]):
        runtime.store.update([describe(id, model)])
    (folder / FILE).write_text(id.hex())
    root = type(model).__module__.partition(".")[0]
    return Saved({"clew.value": {"data": FILE, "value": id.hex()}}, (root,))


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the value from the store of this place."""
    id = ValueId(Digest(bytes.fromhex(str(entry["value"]))))
    if not current().vault.has(id):
        raise NotFound(
            "the model is a value of another store",
            got=id.hex(),
            hint="bring it here with `clew export` and `clew import`",
        )
    return current().vault.get(id)
