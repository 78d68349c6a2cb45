"""What came of one row: the tables that hold it, and what was made of them, down to predictions.

The question behind an erasure: which models must be made anew, and which answers were given by
models that have seen the row. Tables are searched by their content, so that copies and joins that
keep the column are found as well as sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from clew.app.impact import reached
from clew.app.serving import journal_of
from clew.app.source_rows import TABLES
from clew.app.store import Store
from clew.entities import LoggedModel, ModelVersion
from clew.errors import ClewError, NotFound
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.ports import BlobStore, Direction
from clew.lineage.records import Node
from clew.lineage.values import ValueVault

_MOST_BYTES = 1 << 30
_BOTH: tuple[Direction, ...] = ("up", "down")
_CONTAINERS = ("builtins.tuple", "builtins.list", "builtins.dict")
_MOST_PREDICTIONS = 100_000


@dataclass(frozen=True, slots=True)
class Holder:
    """A table with the row, or a value that holds such tables.

    Parameters
    ----------
    value : str
        Content id of the table.
    rows : int
        How many of its rows are it.
    """

    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class RowImpact:
    """What came of a row.

    Parameters
    ----------
    what : str
        The row, as it was named.
    tables : tuple of Holder
        Tables that hold it.
    nodes : tuple of Node
        What made or read them, and everything made from those: what must be made anew.
    models : tuple of LoggedModel
        Logged models among what was made.
    versions : tuple of ModelVersion
        Registered versions that are one of these.
    predictions : int
        How many answers these versions have given, of the newest 100,000.
    unread : tuple of str
        Content ids of tables that could not be searched: their bytes are gone, or too many.
    """

    what: str
    tables: tuple[Holder, ...]
    nodes: tuple[Node, ...]
    models: tuple[LoggedModel, ...]
    versions: tuple[ModelVersion, ...]
    predictions: int
    unread: tuple[str, ...]


def row_impact(store: Store, column: str, value: str) -> RowImpact:
    """Return what came of the rows that have a value in a column.

    Parameters
    ----------
    column : str
        A column that names rows, such as a customer's number.
    value : str
        The value, as text.

    Raises
    ------
    NotFound
        When no table of the store has such a row.
    InvalidState
        When the store is a server's.
    """
    blobs = cast(ValueVault, store.runtime.vault).blobs
    folder = store.path  # A server's store has none: its machine has to be asked.
    found: list[Holder] = []
    unread: list[str] = []
    for id, tables in _tables(store, blobs, unread):
        count = sum(
            int((one[column].astype(str) == value).sum()) for one in tables if column in one.columns
        )
        if count:
            found.append(Holder(id.hex(), count))
    if not found:
        raise NotFound(
            "no table of this store has such a row",
            got=f"{column}={value}",
            hint=f"{len(unread)} tables of {folder} could not be searched" if unread else None,
        )
    held = _holders(blobs, {ValueId(Digest(bytes.fromhex(one.value))) for one in found})
    near: dict[NodeId, None] = {}
    for id in held:
        for direction in _BOTH:
            near |= dict.fromkeys(store.runtime.store.linked(id, direction))
    whole = reached(store.runtime, f"row {column}={value}", list(near))
    return RowImpact(
        what=f"{column}={value}",
        tables=tuple(found),
        nodes=whole.downstream,
        models=whole.models,
        versions=whole.versions,
        predictions=_answers(store, whole.versions),
        unread=tuple(unread),
    )


def _tables(
    store: Store, blobs: BlobStore, unread: list[str]
) -> Iterator[tuple[ValueId, list[Any]]]:
    """Yield the values that are tables, or hold some, with these."""
    known: Mapping[ValueId, Any] = store.runtime.store.describe([id for id, _, _ in blobs.ids()])
    for id, described in sorted(known.items()):
        if not described.type_name.startswith((*TABLES, *_CONTAINERS)):
            continue
        try:
            if described.size_bytes > _MOST_BYTES:
                raise ClewError("too large")
            tables = list(_inside(store.runtime.vault.get(id)))
        except ClewError:
            unread.append(id.hex())
            continue
        if tables:
            yield id, tables


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for member in value:
            yield from _inside(member)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _inside(member)
    elif type(value).__module__.startswith(("pandas", "pyarrow", "polars")):
        table = value.to_pandas() if hasattr(value, "to_pandas") else value
        if hasattr(table, "columns"):
            yield table


def _holders(blobs: BlobStore, held: set[ValueId]) -> set[ValueId]:
    """Return values with all that hold them: a tuple of two tables holds both."""
    children = {id: set(blobs.children(id) or ()) for id, _, _ in blobs.ids()}
    while True:
        more = {id for id, inside in children.items() if inside & held} - held
        if not more:
            return held
        held = held | more


def _answers(store: Store, versions: tuple[ModelVersion, ...]) -> int:
    keys = {(one.name, str(one.version)) for one in versions}
    contents = {one.content for one in versions if one.content}
    count = 0
    for seen, one in enumerate(journal_of(store).backwards()):
        if seen == _MOST_PREDICTIONS:
            break
        count += one.content in contents or (one.model, one.version) in keys
    return count
