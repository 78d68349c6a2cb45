"""What a run asked of estimators: the uses behind `clew why`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from clew.lineage.canonical import NodeId
from clew.lineage.records import Decision, Reason, Use


@dataclass(slots=True)
class _Row:
    subject: str
    decision: Decision
    hits: int = 0
    wall_s: float = 0.0
    saved_s: float = 0.0


class Journal:
    """Counts the calls of one run by node; safe to use from several threads."""

    def __init__(self) -> None:
        self._rows: dict[NodeId, _Row] = {}
        self._executed: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def hit(self, key: NodeId, subject: str, cost_s: float) -> None:
        """Note a call that was answered from an earlier result."""
        with self._lock:
            row = self._rows.setdefault(key, _Row(subject, "reused"))
            row.hits += 1
            row.saved_s += cost_s

    def miss(self, key: NodeId, subject: str, cost_s: float) -> None:
        """Note a call that was computed."""
        with self._lock:
            row = self._rows.setdefault(key, _Row(subject, "computed"))
            row.decision, row.wall_s = "computed", row.wall_s + cost_s

    def execute(self, subject: str, reason: str) -> None:
        """Note a call that is computed each time."""
        with self._lock:
            self._executed[subject, reason] += 1

    def uses(self) -> Iterator[Use]:
        """Yield one use for each node, and one for each reason to execute."""
        numbers: Counter[str] = Counter()
        seq = 0
        for node, row in self._rows.items():
            label = _label(row.subject, numbers)
            yield Use(seq, label, node, row.decision, _reason(row), row.wall_s, row.saved_s)
            seq += 1
        for (subject, why), count in self._executed.items():
            reason = Reason("executed", f"executed each time ({count} calls): {why}")
            yield Use(seq, _label(subject, numbers), None, "computed", reason)
            seq += 1


def _label(subject: str, numbers: Counter[str]) -> str:
    numbers[subject] += 1
    return subject if numbers[subject] == 1 else f"{subject}[{numbers[subject]}]"


def _reason(row: _Row) -> Reason:
    again = f", then reused {row.hits} times" if row.hits else ""
    if row.decision == "computed":
        return Reason("first-call", f"computed: no earlier call with the same inputs{again}")
    return Reason("same-inputs", f"reused {row.hits} times: same code, parameters and inputs")
