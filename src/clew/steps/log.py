"""Log entries: metrics, params, tags and artifacts of a run.

Inside a step an entry is an effect of its node, so it is logged again when the step is reused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from clew.errors import ClewError, InvalidParameter, NotFound, WrongType
from clew.lineage.canonical import ValueId
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
    _log(LogEntry("metric", _name(key), None, number(key, value), int(step), _now_ms()))


def number(key: str, value: object) -> float:
    """Return the value of a metric.

    Raises
    ------
    WrongType
        When it is no number.
    """
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise WrongType(
            f"metric {key!r} is not a number", got=type(value).__name__, expected="a float"
        ) from None


def log_param(key: str, value: object) -> None:
    """Log a parameter of the run as text; what its name shows to be a secret is not kept."""
    _log(LogEntry("param", _name(key), redacted(key, str(value)), None, 0, _now_ms()))


def log_tag(key: str, value: str) -> None:
    """Log a tag of the run."""
    _log(LogEntry("tag", _name(key), redacted(key, str(value)), None, 0, _now_ms()))


def log_artifact(key: str, value: Any) -> None:
    """Store a file, a folder of files or any value as an artifact of the run, by content.

    What has the same content is stored once, however often it is logged.

    Parameters
    ----------
    key : str
        Name of the artifact; of a file its path among the artifacts (``plots/roc.png``).
    value : Path or any value
        A `Path` to a file or folder stands for its bytes, anything else for itself.
    """
    _name(key)
    if isinstance(value, PurePath):
        for path, content, size_bytes in _stored(Path(value), key):
            _log(LogEntry("artifact", path, content.hex(), float(size_bytes), 0, _now_ms()))
        return
    runtime = current()
    id = fingerprint(value)
    runtime.vault.put(value, id)
    runtime.store.update([describe(id, value)]) if not runtime.store.describe([id]) else None
    _log(LogEntry("artifact", key, id.hex(), None, 0, _now_ms()))


def _stored(path: Path, key: str) -> Iterator[tuple[str, ValueId, int]]:
    """Store a file, or all files of a folder; yield the name, content and size of each."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            yield from _stored(child, f"{key}/{child.name}")
        return
    receiver = current().streams.receive()
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                receiver.write(piece)
        yield key, *receiver.commit()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", got=str(path)) from None
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be read", got=str(error)) from error
    finally:
        receiver.abort()


def _log(entry: LogEntry) -> None:
    execution, session = executing.get(), running.get()
    if execution is not None:
        execution.effects.entries.append(entry)
    elif session is not None:
        session.log([entry])
    else:
        raise ClewError(
            f"{entry.kind} {entry.key!r} was logged outside a run",
            hint="log inside `with clew.run():`, inside a step, or inside a flow that runs",
        )


def _name(key: str) -> str:
    if not isinstance(key, str) or not key or len(key) > 250:
        raise InvalidParameter("a log entry's name", got=repr(key), expected="1 to 250 characters")
    return key


def _now_ms() -> int:
    return math.floor(time.time() * 1000)
