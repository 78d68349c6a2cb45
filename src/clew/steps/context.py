"""Where the running code is: inside a step, inside a flow's body, or in neither."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from clew.steps.effects import Effects

if TYPE_CHECKING:
    from clew.steps.graph import FlowGraph
    from clew.steps.observe import Observer
    from clew.steps.session import Session


class Execution:
    """A step call that is running.

    Parameters
    ----------
    outer : Execution or None
        The call in whose body this one was made.

    Attributes
    ----------
    accompanied : bool
        Another step ran in this process meanwhile, not called by this one.
    drew : bool
        A seeded step drew from a global generator.
    """

    __slots__ = (
        "accompanied",
        "checkpoint_key",
        "checkpointed",
        "drew",
        "effects",
        "observer",
        "outer",
    )

    def __init__(
        self, observer: Observer, checkpoint_key: str | None, outer: Execution | None = None
    ) -> None:
        self.observer = observer
        self.effects = Effects()
        self.checkpoint_key = checkpoint_key
        self.outer = outer
        self.checkpointed = False
        self.accompanied = False
        self.drew = False


executing: ContextVar[Execution | None] = ContextVar("clew_executing", default=None)
"""The step call in progress, if any."""

building: ContextVar[FlowGraph | None] = ContextVar("clew_building", default=None)
"""The graph of the flow whose body is running, if any."""

running: ContextVar[Session | None] = ContextVar("clew_running", default=None)
"""The run that log entries belong to, if any."""
