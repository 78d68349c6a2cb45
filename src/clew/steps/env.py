"""Environment variables, read so that the graph knows."""

from __future__ import annotations

import os

from clew.steps.context import executing


def env(name: str, default: str | None = None) -> str | None:
    """Return an environment variable, as a leaf of the lineage.

    Inside a step the variable's value becomes part of what the step read: when it differs next
    time, the step is executed again. Only a hash of the value is stored.

    Parameters
    ----------
    name : str
        The variable's name.
    default : str, optional
        What to return when it is not set.
    """
    value = os.environ.get(name)
    execution = executing.get()
    if execution is not None:
        execution.observer.read_env(name, value)
    return default if value is None else value
