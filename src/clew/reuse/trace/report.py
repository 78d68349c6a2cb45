"""What a session says about its decisions: counts, reasons, notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an array's value is what it is: computed, reused, rewritten, put off, or left.

    Parameters
    ----------
    kind : str
        ``"leaf"``, ``"computed"``, ``"reused"``, ``"recalled"`` from a store, ``"rewritten"``,
        ``"deferred"``.
    rule : str
        Name of the rewrite rule, where one was used.
    tolerance : float
        Relative deviation that the rule declares; 0 where it is bit-identical.
    """

    kind: str
    rule: str = ""
    tolerance: float = 0.0

    def __str__(self) -> str:
        if not self.rule:
            return self.kind
        how = f"within {self.tolerance:g}" if self.tolerance else "bit-identical"
        return f"{self.kind} by {self.rule} ({how})"


LEAF = Reason("leaf")
COMPUTED = Reason("computed")
REUSED = Reason("reused")
RECALLED = Reason("recalled")
DEFERRED = Reason("deferred")


@dataclass(frozen=True, slots=True)
class Note:
    """An operation that left the trace, with the reason."""

    operation: str
    reason: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


@dataclass(slots=True)
class Stats:
    """Counts of a session.

    Attributes
    ----------
    hits, misses : int
        Operations found by their lineage; operations executed.
    partial : int
        Operations answered by a rewrite.
    function_hits : int
        Calls of ``@function`` answered whole.
    kept, recalled : int
        Results that the store took; operations and calls that were found there.
    deferred, forced : int
        Copies put off; those that had to be made after all.
    fallbacks : int
        Operations that left the trace.
    computed_s, saved_s : float
        Seconds spent in operations; seconds that the reused ones had cost.
    rules : Counter of str
        How often each rewrite answered.
    """

    hits: int = 0
    misses: int = 0
    partial: int = 0
    function_hits: int = 0
    kept: int = 0
    recalled: int = 0
    deferred: int = 0
    forced: int = 0
    fallbacks: int = 0
    computed_s: float = 0.0
    saved_s: float = 0.0
    rules: Counter[str] = field(default_factory=Counter)
