"""Cascades: a cheap model answers what it is sure of, the dear one the rest.

After NoScope (Kang et al., VLDB 2017): a difference detector repeats the answer while nothing
changes, a small model that was trained on the dear one's answers decides the easy rows, and the
dear model is asked only where neither is enough. Where to draw the lines is chosen on held rows:
the cheapest lines that keep a bound on the share of answers that differ from the dear model's.
"""

from __future__ import annotations

from clew.serve.cascade.calibrate import calibrate
from clew.serve.cascade.choose import Choice, Costs, choose
from clew.serve.cascade.difference import BlockDifference, Difference
from clew.serve.cascade.run import Cascade, Decided, Stream

__all__ = [
    "BlockDifference",
    "Cascade",
    "Choice",
    "Costs",
    "Decided",
    "Difference",
    "Stream",
    "calibrate",
    "choose",
]
