"""Where the running code is: inside a step, inside a flow's body, or in neither."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clew.steps.effects import Effects
    from clew.steps.graph import FlowGraph
    from clew.steps.observe import Observer
    from clew.steps.session import Session


class Execution:
    """The step call that is running in this context."""

    __slots__ = ("checkpoint_key", "checkpointed", "effects", "observer")

    def __init__(self, observer: Observer, effects: Effects, checkpoint_key: str | None) -> None:
        self.observer = observer
        self.effects = effects
        self.checkpoint_key = checkpoint_key
        self.checkpointed = False


executing: ContextVar[Execution | None] = ContextVar("clew_executing", default=None)
"""The step call in progress, if any."""

building: ContextVar[FlowGraph | None] = ContextVar("clew_building", default=None)
"""The graph of the flow whose body is running, if any."""

running: ContextVar[Session | None] = ContextVar("clew_running", default=None)
"""The run that log entries belong to, if any."""
