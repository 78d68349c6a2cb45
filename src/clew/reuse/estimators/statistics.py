"""What a context did, and why: hits, misses, executions with their reasons, seconds saved."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Row:
    """What happened to one method of one class.

    Parameters
    ----------
    hits, misses : int
        Calls answered from an earlier result; calls computed and kept.
    executed : Counter
        Calls computed and not kept, by reason.
    saved_s : float
        Seconds that the hits' first computation took, less what the hits took.
    """

    hits: int = 0
    misses: int = 0
    executed: Counter[str] = field(default_factory=Counter)
    saved_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stats:
    """Sums over all classes.

    Parameters
    ----------
    hits, misses, executed : int
        As in `Row`.
    saved_s : float
        Seconds saved.
    reasons : dict
        Number of executed calls by reason.
    size_bytes : int
        Bytes that are kept now.
    shared : int
        Operations inside estimators that were answered from an earlier result.
    slices : int
        Slices that were named by what they are slices of.
    """

    hits: int
    misses: int
    executed: int
    saved_s: float
    reasons: dict[str, int]
    size_bytes: int
    shared: int
    slices: int


class Statistics:
    """Counts calls; safe to use from several threads."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.shared = 0
        self.slices = 0
        self._lock = threading.Lock()

    def hit(self, subject: str, saved_s: float) -> None:
        """Count a call that was answered from an earlier result."""
        with self._lock:
            row = self.rows.setdefault(subject, Row())
            row.hits += 1
            row.saved_s += saved_s

    def miss(self, subject: str) -> None:
        """Count a call that was computed and kept."""
        with self._lock:
            self.rows.setdefault(subject, Row()).misses += 1

    def execute(self, subject: str, reason: str) -> None:
        """Count a call that was computed and not kept."""
        with self._lock:
            self.rows.setdefault(subject, Row()).executed[reason] += 1

    def add(self, other: Statistics) -> None:
        """Take in what another process counted."""
        with self._lock:
            for subject, found in other.rows.items():
                row = self.rows.setdefault(subject, Row())
                row.hits += found.hits
                row.misses += found.misses
                row.executed.update(found.executed)
                row.saved_s += found.saved_s
            self.shared += other.shared
            self.slices += other.slices

    def __getstate__(self) -> dict[str, object]:
        return {"rows": self.rows, "shared": self.shared, "slices": self.slices}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self.__dict__.update(state)

    def total(self, size_bytes: int) -> Stats:
        """Return the sums."""
        with self._lock:
            reasons: Counter[str] = Counter()
            for row in self.rows.values():
                reasons.update(row.executed)
            rows = list(self.rows.values())
        return Stats(
            hits=sum(row.hits for row in rows),
            misses=sum(row.misses for row in rows),
            executed=sum(reasons.values()),
            saved_s=sum(row.saved_s for row in rows),
            reasons=dict(reasons),
            size_bytes=size_bytes,
            shared=self.shared,
            slices=self.slices,
        )

    def explain(self) -> str:
        """Return one line for each method that was called, most seconds saved first.

        Examples
        --------
        >>> found = Statistics()
        >>> found.hit("Ridge.fit", 1.5)
        >>> found.execute("Ridge.fit", "warm start")
        >>> print(found.explain())
        Ridge.fit: 1 reused (1.50 s saved), 0 computed, 1 executed (warm start: 1)
        """
        lines = []
        for subject, row in sorted(self.rows.items(), key=lambda item: -item[1].saved_s):
            text = (
                f"{subject}: {row.hits} reused ({row.saved_s:.2f} s saved), {row.misses} computed"
            )
            if row.executed:
                reasons = ", ".join(f"{why}: {n}" for why, n in sorted(row.executed.items()))
                text += f", {sum(row.executed.values())} executed ({reasons})"
            lines.append(text)
        return "\n".join(lines) if lines else "no estimator was called"
