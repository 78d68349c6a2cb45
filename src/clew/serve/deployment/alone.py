"""A model that is served by its own name, counted as a deployment's arms are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from clew.errors import ClewError
from clew.serve.deployment.running import Part
from clew.serve.hosted import Answered, Hosted, Values
from clew.serve.journal.frame import Decision
from clew.serve.service import Asked, ServiceFailed

SERVICE = "service"
"""Who decided, in the journal, where a service answered."""


class Alone(Hosted):
    """A hosted model that counts its requests in a `Part` of its own."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.started_ms = time.time_ns() // 1_000_000
        self.part = Part(f"{self.name}/{self.version}", self)

    async def answer(
        self, rows: Sequence[Any], context: Mapping[str, Any] | None = None
    ) -> Sequence[Answered]:
        """Return the answer to each row, in order; see `Hosted.answer`."""
        began_s = time.perf_counter()
        try:
            found = await super().answer(rows)
        except Exception as error:
            if not isinstance(error, ClewError) or isinstance(error, ServiceFailed):
                self.part.meter.failed()
            raise
        self.part.meter.answered(len(rows), time.perf_counter() - began_s)
        return found


class Composed(Alone):
    """A service: what its models said is kept with its answers.

    Parameters
    ----------
    used : mapping of str to str
        The models that it may ask, by the names in its `uses`: ``{"income": "adult/3"}``.
    noted : list of Asked
        Where the service notes which models it asks.
    """

    def __init__(
        self, *args: Any, used: Mapping[str, str], noted: list[Asked], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.used = dict(used)
        self.arms = tuple(dict.fromkeys(used.values()))
        self._noted = noted

    def _score(self, rows: Sequence[Values]) -> list[Answered]:
        self._noted.clear()
        return super()._score(rows)

    def _decided(self, n_rows: int, seconds: float) -> Decision:
        """Return what each model said; what was asked for some of the rows only is left out."""
        return Decision(
            self.name,
            SERVICE,
            self.arms,
            dict.fromkeys(self.arms, 1.0),
            [],
            [],
            {one.arm: one.predictions for one in self._noted if len(one.predictions) == n_rows},
            (),
            seconds,
        )
