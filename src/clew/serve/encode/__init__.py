"""From rows to the tensor that a model reads, without a frame in between.

A pipeline's transformers become a plan of array operations: dictionaries for categories, additions
and divisions for scalers, in the order and precision of the originals.
"""

from __future__ import annotations

from clew.serve.encode.plan import FramePlan, plan_of

__all__ = ["FramePlan", "plan_of"]
