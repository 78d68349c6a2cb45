"""Rewrites: families of estimators that one computation answers.

Adds no facts of its own: a node computed by a rewrite says so in its reason and carries the
declared tolerance.
"""

from clew.reuse.rewrites.registry import Policy, Rewrite, register, rewrites_for, unregister

__all__ = ["Policy", "Rewrite", "register", "rewrites_for", "unregister"]
