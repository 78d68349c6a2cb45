"""Why a request was not answered, in one form for HTTP and gRPC."""

from __future__ import annotations

import logging
import time

from clew.api.inference.limits import Limits
from clew.api.problem import Problem, Refused, of, unexpected
from clew.errors import ClewError
from clew.serve.batch import Overloaded
from clew.serve.service import ServiceFailed

_log = logging.getLogger("clew.serve")
_EVERY_S = 10.0
_said_s: dict[type[ClewError], float] = {}


def refusal(error: Exception, limits: Limits, asked: str) -> ClewError | None:
    """Return what a client is told; None for a defect, of which only the log knows more.

    Parameters
    ----------
    asked : str
        The request, for the log.
    """
    if isinstance(error, Overloaded):
        wait = (b"retry-after", b"%d" % max(1, round(error.retry_after_s)))
        return Refused(
            429, "Overloaded", error.message, got=error.got, hint=error.hint, headers=(wait,)
        )
    if isinstance(error, TimeoutError):
        return Refused(504, "Timeout", f"no answer within {limits.timeout_s:g} s")
    if isinstance(error, ServiceFailed):
        _log.error("%s: %s", asked, error)
        return Refused(500, "ServiceFailed", error.message, got=error.got, expected=error.expected)
    if isinstance(error, ClewError):
        if not isinstance(error, Refused) and of(error).status >= 500:
            _say(error)
        return error
    _log.error("%s", asked, exc_info=error)
    return None


def problem_of(error: ClewError | None) -> Problem:
    """Return a refusal as a problem, a defect as one without its details."""
    return unexpected() if error is None else of(error)


def _say(error: ClewError) -> None:
    """Log what no client can mend, such as a full disk: once in a while, not for each request."""
    now_s, kind = time.monotonic(), type(error)
    if now_s - _said_s.get(kind, -_EVERY_S) >= _EVERY_S:
        _said_s[kind] = now_s
        _log.error("%s", error)
