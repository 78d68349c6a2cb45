"""What each figure means, and what is asked of it. The listing and README's table follow this."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Asked:
    """A figure's meaning, and the bound that it is to keep: ``"<= 0.03"``."""

    what: str
    bound: str

    def met_by(self, value: float) -> bool:
        """Tell whether `value` keeps the bound."""
        sign, number = self.bound.split()
        return _COMPARE[sign](value, float(number))


ASKED: dict[str, Asked] = {
    "staleness.stale": Asked("stale results in the staleness suite", "== 0"),
    "staleness.needless": Asked("harmless edits that recomputed something", "== 0"),
    "plan.optimal": Asked("random graphs on which the plan costs what brute force finds", "== 1"),
    "demo.second_run": Asked("time of the demo flow's second run, to the first's", "<= 0.03"),
    "helix.vs_none": Asked("ten edits of the Adult flow: time without reuse, to clew's", ">= 5"),
    "helix.vs_joblib": Asked("the same: time with joblib.Memory everywhere, to clew's", ">= 2"),
    "steps.overhead_10ms": Asked("overhead of 1,000 steps of 10 ms, never reused", "<= 0.05"),
    "steps.overhead_ms_per_step": Asked("overhead of 10,000 steps of 1 ms, each", "<= 1"),
    "graph.ancestors_ms": Asked("100,000 nodes: CPU time of all ancestors of a node", "<= 50"),
    "graph.why_ms": Asked("100,000 nodes: CPU time of `why`", "<= 50"),
    "graph.open_ms": Asked("100,000 nodes: CPU time of opening the store", "<= 50"),
    "graph.bytes_per_node": Asked("size of a lineage record on disk", "<= 400"),
    "chaos.lost": Asked("results lost that were acknowledged, workers being killed", "== 0"),
    "chaos.corrupt": Asked("corrupt values read, workers being killed", "== 0"),
    "chaos.double": Asked("steps computed twice at once, workers being killed", "== 0"),
    "cli.help_ms": Asked("CPU time of `clew --help`", "<= 120"),
}
