"""A model that is served by its own name, counted as a deployment's arms are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from clew.errors import ClewError
from clew.serve.deployment.running import Part
from clew.serve.hosted import Answered, Hosted


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
            if not isinstance(error, ClewError):
                self.part.meter.failed()
            raise
        self.part.meter.answered(len(rows), time.perf_counter() - began_s)
        return found
