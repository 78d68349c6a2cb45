"""One tree of errors: every failure that clew raises on purpose is a `ClewError`.

Each class is also the built-in that a caller would expect (`KeyError` for something that is not
there, `TypeError` for a value of the wrong kind), so that code which knows nothing of clew still
catches the right thing. A message says what went wrong, what was given, what was expected, and a
hint. The edges (command line, HTTP) only translate.
"""

from __future__ import annotations


class ClewError(Exception):
    """Base of all errors that clew raises on purpose.

    Parameters
    ----------
    message : str
        What went wrong, in one sentence.
    got, expected : str, optional
        What was given and what would have been accepted.
    hint : str, optional
        What the user can do next.
    """

    def __init__(
        self,
        message: str,
        *,
        got: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.got is not None:
            parts.append(f"got: {self.got}")
        if self.expected is not None:
            parts.append(f"expected: {self.expected}")
        if self.hint is not None:
            parts.append(f"hint: {self.hint}")
        return "\n  ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        fields = {"got": self.got, "expected": self.expected, "hint": self.hint}
        return (_rebuild, (type(self), self.message, fields))


def _rebuild(cls: type[ClewError], message: str, fields: dict[str, str | None]) -> ClewError:
    return cls(message, **fields)


class Unhashable(ClewError, TypeError):
    """A value or a piece of code has no sound content id; the step that meets it executes."""


class InvalidParameter(ClewError, ValueError):
    """An option, argument or setting has a value that clew does not accept."""


class WrongType(ClewError, TypeError):
    """An argument has a type that clew does not accept."""


class NotFound(ClewError, KeyError):
    """No such run, node, value, flow, step, column or file in the place that was searched."""


class AlreadyExists(ClewError, ValueError):
    """Something with this name or id is there, perhaps soft-deleted."""


class InvalidState(ClewError, RuntimeError):
    """What is asked does not fit the state of the thing: it is deleted, or not deleted."""


class Ambiguous(ClewError, LookupError):
    """An abbreviated id names more than one thing."""


class StoreError(ClewError, OSError):
    """The store cannot be opened, read or written."""


class CorruptValue(StoreError):
    """Stored bytes do not match their content id; they were set aside, never returned."""


class UnsafeLoad(ClewError, PermissionError):
    """Reading a value would run code from a place that the user did not declare trusted."""


class UnsupportedValue(ClewError, TypeError):
    """No storage format can hold this value."""


class MissingExtra(ClewError, ImportError):
    """An optional part of clew is needed and not installed; the hint says which extra."""


class MutatedArgument(ClewError, RuntimeError):
    """A step changed one of its arguments in place."""


class PlanError(ClewError, RuntimeError):
    """A flow cannot be planned: a cycle, an unresolved reference, a value used too early."""


class StepFailed(ClewError, RuntimeError):
    """A step raised; the user's exception is the cause and keeps its traceback."""


class StepTimeout(StepFailed, TimeoutError):
    """A step ran longer than its `timeout_s`."""


class WorkerLost(ClewError, RuntimeError):
    """A worker process died before it delivered its result."""


class NotReproduced(ClewError, RuntimeError):
    """A rebuilt thread gave a content id that differs from the recorded one."""
