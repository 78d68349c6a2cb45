"""Debugging and validation: is a model right, where is it wrong, and may it be promoted.

Adds the facts of a gate: verdicts, with the rows and labels that they stand on.

- `clew.debug.gates`: conditions on a model, the labels that they need, and the verdict.
"""
