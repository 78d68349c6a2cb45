"""Checkpoints: a long step saves where it is, and a later try goes on from there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cloudpickle

from clew.errors import ClewError
from clew.steps.context import executing
from clew.steps.observe import unobserved
from clew.steps.runtime import current


class Checkpoint:
    """The saved state of one call: the same code with the same inputs and seed.

    A state is a pickle, so it lies where only this user writes; it is removed when the call has a
    result.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, default: Any = None) -> Any:
        """Return the last saved state, or `default`."""
        try:
            with unobserved():
                data = self._path.read_bytes()
        except FileNotFoundError:
            return default
        return cloudpickle.loads(data)

    def save(self, state: Any) -> None:
        """Replace the saved state, atomically."""
        data = cloudpickle.dumps(state)
        with unobserved():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = self._path.with_suffix(f".{os.getpid()}.tmp")
            partial.write_bytes(data)
            partial.replace(self._path)

    def clear(self) -> None:
        """Remove the saved state."""
        self._path.unlink(missing_ok=True)


def checkpoint() -> Checkpoint:
    """Return the checkpoint of the step call that is running.

    Raises
    ------
    ClewError
        Outside a step, or in a step whose inputs have no content id: nothing names the call.

    Examples
    --------
    >>> import clew
    >>> from clew.steps import checkpoint
    >>> @clew.step
    ... def count(n: int) -> int:
    ...     saved = checkpoint()
    ...     done = saved.load(0)
    ...     while done < n:
    ...         done += 1
    ...         saved.save(done)
    ...     return done
    >>> count(3)
    3
    """
    execution = executing.get()
    if execution is None or execution.checkpoint_key is None:
        raise ClewError(
            "there is no step call to checkpoint",
            hint="call checkpoint() inside a step whose arguments all have content ids",
        )
    execution.checkpointed = True
    return of_call(current().states, execution.checkpoint_key)


def of_call(folder: str, key: str) -> Checkpoint:
    """Return the checkpoint of a call, by the folder of all states and the call's id."""
    return Checkpoint(Path(folder) / f"{key}.state")
