"""Log entries: metrics, params, tags and artifacts of a run.

Inside a step an entry is an effect of its node, so it is logged again when the step is reused.
"""

from __future__ import annotations

import math
import time
from typing import Any

from clew.errors import ClewError, InvalidParameter, WrongType
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import LogEntry
from clew.steps.context import executing, running
from clew.steps.provenance import redacted
from clew.steps.runtime import current


def log_metric(key: str, value: float, step: int = 0) -> None:
    """Log a number under a name; NaN and ±∞ are kept.

    Parameters
    ----------
    key : str
        The metric's name.
    value : float
        Its value.
    step : int, default 0
        Position of the value in the metric's history (an epoch, a round).

    Raises
    ------
    ClewError
        Outside a run: there is nothing to log to.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise WrongType(
            f"metric {key!r} is not a number", got=type(value).__name__, expected="a float"
        ) from None
    _log(LogEntry("metric", _name(key), None, number, int(step), _now_ms()))


def log_param(key: str, value: object) -> None:
    """Log a parameter of the run as text; what its name shows to be a secret is not kept."""
    _log(LogEntry("param", _name(key), redacted(key, str(value)), None, 0, _now_ms()))


def log_tag(key: str, value: str) -> None:
    """Log a tag of the run."""
    _log(LogEntry("tag", _name(key), redacted(key, str(value)), None, 0, _now_ms()))


def log_artifact(key: str, value: Any) -> None:
    """Store any value as an artifact of the run, by content: stored once however often logged."""
    runtime = current()
    id = fingerprint(value)
    runtime.vault.put(value, id)
    runtime.store.update([describe(id, value)]) if not runtime.store.describe([id]) else None
    _log(LogEntry("artifact", _name(key), id.hex(), None, 0, _now_ms()))


def _log(entry: LogEntry) -> None:
    execution, session = executing.get(), running.get()
    if execution is not None:
        execution.effects.entries.append(entry)
    elif session is not None:
        session.log([entry])
    else:
        raise ClewError(
            f"{entry.kind} {entry.key!r} was logged outside a run",
            hint="log inside a step or inside a flow that runs",
        )


def _name(key: str) -> str:
    if not isinstance(key, str) or not key or len(key) > 250:
        raise InvalidParameter("a log entry's name", got=repr(key), expected="1 to 250 characters")
    return key


def _now_ms() -> int:
    return math.floor(time.time() * 1000)
