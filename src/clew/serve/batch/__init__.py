"""Requests answered together: how many at once, and when.

- `Batcher`: collects what arrives while a batch runs, and runs it as the next one.
- `LatencyFit`, `Aimd`, `Fixed`: how many rows a batch may hold so that a latency objective is kept.
"""

from __future__ import annotations

from clew.serve.batch.batcher import Batcher, Overloaded
from clew.serve.batch.limit import Aimd, BatchLimit, Fixed, LatencyFit

__all__ = ["Aimd", "BatchLimit", "Batcher", "Fixed", "LatencyFit", "Overloaded"]
