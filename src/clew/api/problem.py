"""Errors as problems: `clew.errors` to an HTTP status and JSON."""

from __future__ import annotations

import msgspec

from clew.errors import (
    AlreadyExists,
    Ambiguous,
    ClewError,
    InvalidParameter,
    InvalidState,
    MissingExtra,
    NotFound,
    StoreError,
    UnsafeLoad,
    UnsupportedValue,
    WrongType,
)

MEDIA = b"application/problem+json"

_STATUS: tuple[tuple[type[ClewError], int], ...] = (
    (NotFound, 404),
    (AlreadyExists, 409),
    (InvalidState, 409),
    (Ambiguous, 409),
    (UnsafeLoad, 403),
    (InvalidParameter, 400),
    (WrongType, 400),
    (UnsupportedValue, 422),
    (MissingExtra, 501),
    (StoreError, 503),
)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not answered.

    Parameters
    ----------
    status : int
        The HTTP status.
    kind : str
        Name of the error (`NotFound`, `InvalidParameter`, ...), for programs.
    what : str
        What went wrong, in one sentence.
    got, expected : str or None
        What was given and what would have been accepted.
    hint : str or None
        What to do next.
    """

    status: int
    kind: str
    what: str
    got: str | None
    expected: str | None
    hint: str | None


class Refused(ClewError):
    """A request that is answered with a status of its own.

    Parameters
    ----------
    status : int
        The HTTP status.
    kind : str
        What stands for the error's name in the answer.
    headers : sequence of (bytes, bytes)
        Headers that the status calls for (``Allow``, ``WWW-Authenticate``).
    """

    def __init__(
        self,
        status: int,
        kind: str,
        what: str,
        *,
        got: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(what, got=got, expected=expected, hint=hint)
        self.status = status
        self.kind = kind
        self.headers = headers

    def __reduce__(self) -> tuple[object, ...]:
        return (str, (str(self),))


def of(error: ClewError) -> Problem:
    """Return the problem that an error is."""
    if isinstance(error, Refused):
        status, kind = error.status, error.kind
    else:
        kind = type(error).__name__
        status = next((code for cls, code in _STATUS if isinstance(error, cls)), 422)
    return Problem(
        status=status,
        kind=kind,
        what=error.message,
        got=error.got,
        expected=error.expected,
        hint=error.hint,
    )


def unexpected() -> Problem:
    """Return the problem of a defect: what happened stands in the server's log alone."""
    return Problem(
        status=500,
        kind="Defect",
        what="the server failed to answer; this is a defect of clew",
        got=None,
        expected=None,
        hint="its log has the traceback",
    )


def encode(problem: Problem) -> bytes:
    """Return a problem as JSON."""
    return msgspec.json.encode(problem)
