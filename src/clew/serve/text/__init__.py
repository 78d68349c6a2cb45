"""Pipelines of text without scikit-learn: a dictionary, weights, and one product.

`TextPlan` says what a pipeline of vectorizers and a linear model computes; its parts are held once
by content, so that many similar models take the room of their differences.
"""

from __future__ import annotations

from clew.serve.text.plan import TextPlan, text_plan_from, text_plan_of

__all__ = ["TextPlan", "text_plan_from", "text_plan_of"]
