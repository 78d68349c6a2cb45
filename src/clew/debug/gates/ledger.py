"""What is left of a test set: which models it judged, and when it judges no more."""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.debug.gates.adaptivity import Adaptivity
from clew.debug.gates.gate import Gate
from clew.debug.gates.verdict import Outcome
from clew.errors import InvalidState


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a test set judges, or has judged.

    Parameters
    ----------
    key : str
        What is judged: a hash of what the models say and of the conditions.
    new, old : str
        The models, as they were named.
    version : str
        ``NAME/VERSION`` of the new model where it is registered, else "".
    content : str
        Content id of the new model where it is registered, else "".
    outcome : {"PASS", "FAIL", "UNKNOWN", "NEEDS-LABELS"}
        What came of it so far.
    node : str
        Id of the node that holds conditions, answers, labels and verdict.
    time_ms : int
        When.
    """

    key: str
    new: str
    old: str
    version: str
    content: str
    outcome: Outcome
    node: str
    time_ms: int


class RowSet(msgspec.Struct, frozen=True, kw_only=True):
    """A test set with the budget that it was opened with.

    Parameters
    ----------
    id : str
        Hash of the ids of its rows.
    gate : str
        Name of the gate that it belongs to.
    rows : int
        How many rows it has.
    reliability, mode, kind, steps, passes
        The guarantee (`clew.debug.gates.Gate`, `clew.debug.gates.Adaptivity`).
    ids : str
        Content id of the list of the ids of its rows.
    judged : tuple of Step
        One per model, in order; the last one may wait for labels.
    shown : bool
        Whether somebody was shown the numbers behind a verdict.
    """

    id: str
    gate: str
    rows: int
    reliability: float
    mode: str
    kind: Literal["none", "full", "hybrid", "retire"]
    steps: int
    passes: int
    ids: str = ""
    judged: tuple[Step, ...] = ()
    shown: bool = False

    @property
    def adaptivity(self) -> Adaptivity:
        """For how many models it is."""
        return Adaptivity(self.steps, self.kind, self.passes)

    @property
    def passed(self) -> int:
        """How many models passed."""
        return sum(step.outcome == "PASS" for step in self.judged)

    @property
    def left(self) -> int:
        """How many more models it judges; 0 when it is spent."""
        return 0 if self.spent else self.steps - len(self.judged)

    @property
    def spent(self) -> str | None:
        """Why it judges no further model, or None."""
        if self.shown:
            return "the numbers behind a verdict were shown"
        return self.adaptivity.is_spent(len(self.judged), self.passed)

    def step(self, key: str) -> Step | None:
        """Return what came of a model that it judged already."""
        return next((step for step in self.judged if step.key == key), None)


def opened(gate: Gate, id: str, rows: int) -> RowSet:
    """Return a test set that has judged nothing."""
    adaptivity = gate.adaptivity
    return RowSet(
        id=id,
        gate=gate.name,
        rows=rows,
        reliability=gate.reliability,
        mode=gate.mode,
        kind=adaptivity.kind,
        steps=adaptivity.steps,
        passes=adaptivity.passes,
    )


def admit(known: RowSet, gate: Gate, key: str) -> None:
    """Let a model be judged, if the set's budget holds one more, or began with this one.

    Raises
    ------
    InvalidState
        When the set is spent, or belongs to another guarantee.
    """
    now = opened(gate, known.id, known.rows)
    if (known.reliability, known.mode, known.adaptivity) != (
        now.reliability,
        now.mode,
        now.adaptivity,
    ):
        raise InvalidState(
            "this test set was opened with another guarantee",
            got=_guarantee(now),
            expected=_guarantee(known),
            hint="a test set keeps its guarantee: collect a new one, or keep the gate",
        )
    if known.step(key) is None and known.spent:
        raise InvalidState(
            f"the test set is spent: {known.spent}",
            got=f"set {known.id[:12]} of gate {known.gate}",
            expected="a new test set, of rows that no gate has used",
            hint="clew gate ledger lists what is left of each set",
        )


def _guarantee(known: RowSet) -> str:
    return (
        f"reliability {known.reliability:g}, {known.mode}, {known.steps} steps, "
        f"adaptivity {known.kind}" + (f" at {known.passes}" if known.kind == "retire" else "")
    )
