"""Why a run computed, reused or pruned each of its steps."""

from __future__ import annotations

from dataclasses import dataclass

from clew.lineage.differences import Difference, differences, nearest
from clew.lineage.records import Node, Use
from clew.steps.runtime import Runtime

CANDIDATES = 50
"""How many earlier calls of an operation are compared."""


@dataclass(frozen=True, slots=True)
class Why:
    """The reason for one decision.

    Parameters
    ----------
    use : Use
        The decision as the run recorded it.
    compared : Node or None
        The earlier call that shares most with this one, for a computed step.
    changed : tuple of Difference
        Field by field, what differs from that call.
    """

    use: Use
    compared: Node | None
    changed: tuple[Difference, ...]

    def text(self) -> str:
        """Return the reason in one sentence."""
        if self.use.decision == "computed" and self.changed:
            return "; ".join(str(difference) for difference in self.changed)
        return self.use.reason.text


def why(runtime: Runtime, use: Use) -> Why:
    """Return the reason for one use of a node, compared with the nearest earlier call."""
    node = runtime.store.node(use.node) if use.node is not None else None
    if node is None or use.decision != "computed" or node.kind == "pick":
        return Why(use, None, ())
    before = runtime.store.history(node.operation, CANDIDATES, until_ms=node.created_ms)
    earlier = nearest(runtime.store, node, before)
    if earlier is None:
        return Why(use, None, ())
    return Why(use, earlier, differences(runtime.store, earlier, node))
