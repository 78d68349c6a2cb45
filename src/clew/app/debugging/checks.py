"""Checks of a model of the store, kept as nodes: groups, monotone and smooth answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.app import facts
from clew.app.debugging.subject import subject_of
from clew.app.gates.tables import answers_of, demand, table_of
from clew.app.store import Store
from clew.debug.behaviour import Behaviour, check_monotone, check_smooth
from clew.debug.fairness import Fairness, by_group
from clew.debug.reports.parts import inputs_of
from clew.debug.reports.write import plain
from clew.errors import InvalidParameter
from clew.lineage.canonical import Digest

FAIRNESS, BEHAVIOUR = "clew.debug:fairness", "clew.debug:behaviour"


@dataclass(frozen=True, slots=True)
class Groups:
    """Metrics by group, and the node that holds them."""

    fairness: Fairness
    node: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How answers move with columns, and the node that holds what was found."""

    found: tuple[Behaviour, ...]
    node: str

    @property
    def holds(self) -> bool:
        """Whether all that was asked holds."""
        return all(one.holds for one in self.found)


def fairness(
    store: Store,
    spec: str,
    rows: Path,
    *,
    target: str,
    groups: Sequence[str],
    positive: str,
    least_rows: int = 30,
    trust: bool = False,
) -> Groups:
    """Return metrics by group on labelled rows in a file.

    Parameters
    ----------
    spec : str
        A model of the store, or ``column:NAME`` of the rows.
    target : str
        The column of labels.
    groups : sequence of str
        The columns that make groups.
    positive, least_rows
        Of `clew.debug.fairness.by_group`.
    """
    frame = table_of(rows)
    for column in (target, *groups):
        demand(frame, column, rows)
    frame = frame[frame[target].notna()]
    model, said = answers_of(store, frame, spec, rows, trust=trust)
    found = by_group(
        frame[target], said, frame[list(groups)], positive=positive, least_rows=least_rows
    )
    inputs: dict[str, Any] = {"rows": frame, "target": target, "model": spec}
    inputs["options"] = {"groups": list(groups), "positive": positive, "least_rows": least_rows}
    if model.content:
        inputs["content"] = Digest(bytes.fromhex(model.content))
    shown = [
        [list(one.values), one.rows, one.selected, one.accuracy, one.recall, one.false_positives]
        for one in found.groups
    ]
    gaps = [[one.metric, one.difference, one.low, one.high] for one in found.gaps]
    result = facts.stored(store, plain({"groups": shown, "gaps": gaps}))
    return Groups(found, facts.record(store, FAIRNESS, "finding", inputs, {"result": result}).hex())


def behaviour(
    store: Store,
    spec: str,
    rows: Path | None = None,
    *,
    directions: Mapping[str, Any] | None = None,
    smooth: Mapping[str, tuple[float, float]] | None = None,
    positive: str | None = None,
    trust: bool = False,
) -> Checked:
    """Say whether answers of a model only rise or fall, or move little, with columns.

    Parameters
    ----------
    spec : str
        A model of the store.
    rows : Path, optional
        Parquet or CSV file; by default rows that the model was fitted on.
    directions : mapping of str to {"rising", "falling"}, optional
    smooth : mapping of str to (float, float), optional
        By column, how much answers may move for how large a step.
    positive : str, optional
        Of classes the one whose probability counts.

    Raises
    ------
    InvalidParameter
        When nothing is asked, or `spec` names a column.
    """
    if not directions and not smooth:
        raise InvalidParameter("something to check", expected="a direction or a bound for a column")
    subject = subject_of(store, spec, trust=trust)
    if subject.found is None:
        raise InvalidParameter("answers in a column cannot be asked again", got=spec)
    frame = subject.found.sample if rows is None else table_of(rows)
    if not hasattr(frame, "columns"):
        raise InvalidParameter("rows with named columns", got=type(frame).__name__)
    asked = inputs_of(subject.model, frame, None)
    if not hasattr(asked, "columns"):
        raise InvalidParameter("a model that reads named columns", got=f"{spec} reads an array")
    model = subject.model
    found = [
        check_monotone(model, asked, column, direction, positive=positive)
        for column, direction in (directions or {}).items()
    ]
    found += [
        check_smooth(model, asked, column, most, per=per, positive=positive)
        for column, (most, per) in (smooth or {}).items()
    ]
    inputs: dict[str, Any] = {"rows": asked, "model": spec}
    inputs["content"] = Digest(bytes.fromhex(subject.content))
    options = {"directions": dict(directions or {}), "positive": positive or ""}
    inputs["options"] = plain(options | {"smooth": dict(smooth or {})})
    shown = [[one.column, one.asked, one.rows, one.violated, one.worst] for one in found]
    result = facts.stored(store, plain(shown))
    node = facts.record(store, BEHAVIOUR, "finding", inputs, {"result": result})
    return Checked(tuple(found), node.hex())
