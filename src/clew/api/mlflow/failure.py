"""Failures in MLflow's shape: a code, a text, and the status that goes with the code.

The codes, and the two fields by which newer clients classify a failure (``sqlstate`` and
``error_class``), are those of MLflow 3.18 (``databricks.proto``, ``error_classification.py``).
"""

from __future__ import annotations

import msgspec

from clew.errors import (
    AlreadyExists,
    Ambiguous,
    ClewError,
    CorruptValue,
    InvalidParameter,
    InvalidState,
    NotFound,
    StoreError,
    UnsupportedValue,
    WrongType,
)

INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
RESOURCE_ALREADY_EXISTS = "RESOURCE_ALREADY_EXISTS"
ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"
BAD_REQUEST = "BAD_REQUEST"
INVALID_STATE = "INVALID_STATE"
INTERNAL_ERROR = "INTERNAL_ERROR"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
PERMISSION_DENIED = "PERMISSION_DENIED"
TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"

_CLASSES: dict[str, tuple[int, str | None, str | None]] = {
    INVALID_PARAMETER_VALUE: (400, "KAM00", "INVALID_PARAMETER_VALUE"),
    BAD_REQUEST: (400, "KAM00", "INVALID_PARAMETER_VALUE"),
    RESOURCE_ALREADY_EXISTS: (400, "KAM00", "RESOURCE_ALREADY_EXISTS"),
    RESOURCE_DOES_NOT_EXIST: (404, "KAM00", "RESOURCE_NOT_FOUND"),
    ENDPOINT_NOT_FOUND: (404, "KAM00", "RESOURCE_NOT_FOUND"),
    PERMISSION_DENIED: (403, "KAM00", "PERMISSION_DENIED"),
    # MLflow answers 500 here, which its clients take for an outage and send again and again.
    INVALID_STATE: (400, "XXM00", "CLIENT_INTERNAL_ERROR"),
    INTERNAL_ERROR: (500, "XXM00", "CLIENT_INTERNAL_ERROR"),
    NOT_IMPLEMENTED: (501, None, None),
    TEMPORARILY_UNAVAILABLE: (503, "XXM00", "CLIENT_INTERNAL_ERROR"),
}


class Failure(Exception):
    """An answer that is not a success; raised by handlers, written by the server.

    Parameters
    ----------
    message : str
        MLflow's text, where MLflow has one.
    code : str
        One of MLflow's error codes.
    status : int, optional
        HTTP status, where it is not the code's own.
    error_class : str, optional
        A narrower class than the code's own.
    """

    def __init__(
        self,
        message: str,
        code: str = INVALID_PARAMETER_VALUE,
        *,
        status: int | None = None,
        error_class: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status or _CLASSES[code][0]
        self.error_class = error_class

    def body(self) -> bytes:
        """Return the JSON that MLflow's clients expect."""
        _, sqlstate, error_class = _CLASSES[self.code]
        # A text may quote what was sent, and that may be no valid Unicode.
        message = self.message.encode("utf-8", "replace").decode()
        fields = {"error_code": self.code, "message": message}
        if sqlstate is not None:
            fields["sqlstate"] = "KAM04" if self.error_class else sqlstate
        if self.error_class or error_class:
            fields["error_class"] = self.error_class or error_class or ""
        return msgspec.json.encode(fields)


def missing(what: str) -> Failure:
    """Return the failure of something that is not there."""
    return Failure(what, RESOURCE_DOES_NOT_EXIST)


def of(error: ClewError) -> Failure:
    """Translate an error of clew that no handler gave MLflow's text for."""
    text = error.message
    if isinstance(error, NotFound):
        return Failure(text, RESOURCE_DOES_NOT_EXIST)
    if isinstance(error, AlreadyExists):
        return Failure(text, RESOURCE_ALREADY_EXISTS)
    if isinstance(error, InvalidState):
        return Failure(text, INVALID_STATE)
    if isinstance(error, InvalidParameter | WrongType | Ambiguous | UnsupportedValue):
        return Failure(text, INVALID_PARAMETER_VALUE)
    if isinstance(error, StoreError) and not isinstance(error, CorruptValue):
        return Failure(text, TEMPORARILY_UNAVAILABLE)  # As of MLflow's own database.
    return Failure(text, INTERNAL_ERROR)
