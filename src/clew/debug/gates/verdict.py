"""What a gate says, and what it says it of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["PASS", "FAIL", "UNKNOWN", "NEEDS-LABELS"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one clause.

    Parameters
    ----------
    clause : str
        As it was written.
    outcome : {"PASS", "FAIL", "UNKNOWN", "NEEDS-LABELS"}
        What came of it.
    method : str
        By which test.
    reason : str
        Why, in one sentence.
    evidence : mapping
        The numbers: rows, labels, wins, losses, the estimate, the cutoff, …
    asked : tuple of str
        Ids of the rows whose labels are needed next.
    """

    clause: str
    outcome: Outcome
    method: str
    reason: str
    evidence: Mapping[str, float | int | str | None] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a gate.

    Parameters
    ----------
    outcome : {"PASS", "FAIL", "UNKNOWN", "NEEDS-LABELS"}
        FAIL when one clause fails, PASS when all pass.
    findings : tuple of Finding
        One per clause.
    asked : tuple of str
        Ids of the rows whose labels are needed next, in the order in which to label them.
    labels : int
        How many labels the verdict stands on.
    """

    gate: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    asked: tuple[str, ...] = ()
    labels: int = 0


def combined(gate: str, findings: tuple[Finding, ...], labels: int) -> Verdict:
    """Return the verdict of all clauses together."""
    outcomes = {finding.outcome for finding in findings}
    order: tuple[Outcome, ...] = ("FAIL", "NEEDS-LABELS", "UNKNOWN")
    outcome: Outcome = next((one for one in order if one in outcomes), "PASS")
    asked: dict[str, None] = {}
    if outcome == "NEEDS-LABELS":
        for finding in findings:
            asked |= dict.fromkeys(finding.asked)
    return Verdict(gate, outcome, findings, tuple(asked), labels)
