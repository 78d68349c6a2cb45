"""Two models of the store row by row, and where their threads part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.app import facts
from clew.app.debugging.subject import Subject, data_of, model_of, subject_of
from clew.app.gates.tables import COLUMN
from clew.app.store import Store
from clew.debug.comparison import Comparison, compare
from clew.debug.reports.parts import answers_of, parts_of
from clew.debug.reports.write import plain, task_of
from clew.errors import ClewError, NotFound
from clew.lineage.canonical import Digest

COMPARISON = "clew.debug:comparison"
_FLIPS = 10_000


@dataclass(frozen=True, slots=True)
class Parted:
    """A pair of calls at which the threads of the models part, and why."""

    operation: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the rows of a part, and the node that holds what was found.

    Parameters
    ----------
    part : str
        Which rows: ``test``, or another part where there is no test.
    parted : tuple of Parted
        Why the models differ, by their lineage.
    """

    comparison: Comparison
    part: str
    parted: tuple[Parted, ...]
    node: str


def compared(
    store: Store,
    old: str,
    new: str,
    rows: Path | None = None,
    *,
    target: str | None = None,
    id: str | None = None,
    without: tuple[str, ...] = (),
    numbers: bool | None = None,
    count: int = 5,
    trust: bool = False,
) -> Compared:
    """Compare two models, and keep what is found.

    Parameters
    ----------
    old, new : str
        Models of the store, or ``column:NAME`` of the rows.
    rows : Path, optional
        Parquet or CSV file with labelled rows; by default those that the lineage of `new` holds.
    target : str, optional
        The column of labels.
    numbers : bool, optional
        Answers are numbers; by default what models and labels look like.

    Raises
    ------
    NotFound
        When a file, a column or a model is not there, or no labelled rows are.
    """
    sides = [subject_of(store, spec, trust=trust) for spec in (old, new)]
    files = {} if rows is None else {"test": rows}
    data, target = data_of(store, sides[1], files, target)
    data.pop("production", None)
    name = "test" if "test" in data else next(iter(data))
    frame = data[name]
    dropped = [one.spec.removeprefix(COLUMN) for one in sides if one.found is None]
    part = parts_of({name: frame}, target, split="", id=id, without=(*without, *dropped))[name]
    if not part.labelled.any():
        raise NotFound("no row has a label", got=repr(target))
    models = [model_of(one, {name: frame}) for one in sides]
    answers = [answers_of(model, part, None) for model in models]
    if numbers is None:
        numbers = task_of(models[1], [part], answers) == "regression"
    told = part.labelled
    found = compare(
        part.rows[told],
        part.truth[told],
        answers[0].said[told],
        answers[1].said[told],
        ids=[one for one, known in zip(part.ids, told, strict=True) if known],
        numbers=numbers,
        count=count,
    )
    parted = _parted(store, *sides)
    inputs: dict[str, Any] = {"rows": frame, "target": target, "old": old, "new": new}
    inputs["options"] = {"id": id, "without": list(without), "numbers": numbers, "count": count}
    for label, one in zip(("old_model", "new_model"), sides, strict=True):
        if one.content:
            inputs[label] = Digest(bytes.fromhex(one.content))
    result = facts.stored(store, _document(found, parted))
    node = facts.record(store, COMPARISON, "finding", inputs, {"result": result})
    return Compared(found, name, parted, node.hex())


def _parted(store: Store, old: Subject, new: Subject) -> tuple[Parted, ...]:
    if not (old.content and new.content):
        return ()
    try:
        found = store.diff(old.content, new.content)
    except ClewError:
        return ()  # Models that no step has made have no thread.
    return tuple(Parted(one.operation, tuple(map(str, one.why))) for one in found)


def _document(found: Comparison, parted: tuple[Parted, ...]) -> Any:
    """Return what is found as plain data."""
    changes = {
        name: [
            [str(one), one.rows, one.won, one.lost, one.gain, one.low, one.high]
            for one in getattr(found, name)
        ]
        for name in ("gained", "slipped")
    }
    flips = [
        [one.row, one.truth, one.old, one.new, one.kind, one.gain] for one in found.flips[:_FLIPS]
    ]
    counts = {name: getattr(found, name) for name in ("rows", "same", "won", "lost", "changed")}
    gain = {name: getattr(found, name) for name in ("gain", "low", "high", "p_value")}
    why = [[one.operation, list(one.why)] for one in parted]
    return plain(counts | gain | changes | {"flips": flips, "parted": why})
