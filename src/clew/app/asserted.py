"""Assertions in a file, run on stored predictions or on a table; what they find is a node."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from clew.app import facts
from clew.app.gates.tables import demand, table_of
from clew.app.modules import module_from
from clew.app.serving import journal_of
from clew.app.store import Store
from clew.debug.assertions import Assertion, Report, Suite, choose
from clew.errors import NotFound

ASSERTED = "clew.debug:assertions"
_HINT = "clew assertions FILE.py MODEL"


@dataclass(frozen=True, slots=True)
class Asserted:
    """What assertions found in answers.

    Parameters
    ----------
    rows : int
        How many answers were looked at.
    fired : dict of str to int
        How many of these violate each assertion.
    worst : tuple of str
        The ids of the rows that violate any, the worst first.
    corrections : dict of str to object
        Proposed answers, by id: weak labels.
    to_label : tuple of str
        The ids of the rows to label next.
    node : str
        Id of the node that holds it.
    """

    rows: int
    fired: dict[str, int]
    worst: tuple[str, ...]
    corrections: dict[str, Any]
    to_label: tuple[str, ...]
    node: str


def suite_from(place: str) -> Suite:
    """Return the assertions of a file: its `Suite` if it has one, else all that it defines.

    Raises
    ------
    NotFound
        When there is no such file, or it has no assertions.
    """
    module = module_from(place, hint=_HINT)
    values = list(vars(module).values())
    for value in values:
        if isinstance(value, Suite):
            return value
    found: list[Assertion] = []
    for value in values:
        listed = value if isinstance(value, (tuple, list)) else [value]
        found += [one for one in listed if isinstance(one, Assertion) and one not in found]
    if not found:
        raise NotFound(f"{place} has no assertions", expected="a function with @clew.assertion")
    return Suite(found)


def stored(
    store: Store,
    place: str,
    model: str,
    *,
    limit: int = 10_000,
    count: int = 0,
    before: dict[str, int] | None = None,
) -> Asserted:
    """Run the assertions of a file on the newest predictions of a model.

    Parameters
    ----------
    model : str
        As clients call it.
    limit : int
        How many predictions.
    count : int
        How many rows to choose for labels.
    before : dict of str to int, optional
        How many rows violated each assertion before the last labels: see
        `clew.debug.assertions.choose`.

    Raises
    ------
    NotFound
        When the model has no predictions here.
    """
    newest = list(islice(journal_of(store).backwards(model=model), limit))
    if not newest:
        raise NotFound(f"{model!r} has no predictions here", hint="`clew predictions` lists them")
    newest.reverse()
    rows = [one.row for one in newest]
    answers = [one.answer for one in newest]
    known = [one.confidence for one in newest]
    sure = [c for c in known if c is not None]
    confidence = sure if len(sure) == len(known) else None
    ids = [one.id for one in newest]
    report = suite_from(place).check(rows, answers)
    return _kept(store, place, ids, answers, report, count, before, confidence)


def in_file(
    store: Store,
    place: str,
    rows: Path,
    *,
    id: str,
    answers: str,
    count: int = 0,
    before: dict[str, int] | None = None,
) -> Asserted:
    """Run the assertions of a file on the rows of another, whose columns hold ids and answers."""
    frame = table_of(rows)
    for column in (id, answers):
        demand(frame, column, rows)
    said = frame[answers].tolist()
    report = suite_from(place).check(frame.drop(columns=answers), said)
    ids = [str(one) for one in frame[id]]
    return _kept(store, place, ids, said, report, count, before, None)


def _kept(
    store: Store,
    place: str,
    ids: list[str],
    answers: list[Any],
    report: Report,
    count: int,
    before: dict[str, int] | None,
    confidence: list[float] | None,
) -> Asserted:
    next_ = choose(report, count, before=before, confidence=confidence) if count else ()
    worst = tuple(ids[at] for at in report.rows.tolist())
    corrections = {ids[at]: value for at, value in report.corrections.items()}
    path = Path(place)
    code = path.read_text(encoding="utf-8") if path.is_file() else place
    inputs = {"code": code, "rows": ids, "answers": answers}
    plain = {"fired": report.fired, "worst": list(worst), "corrections": corrections}
    node = facts.record(store, ASSERTED, "finding", inputs, {"result": facts.stored(store, plain)})
    to_label = tuple(ids[at] for at in next_)
    return Asserted(len(ids), report.fired, worst, corrections, to_label, node.hex())
