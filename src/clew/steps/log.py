"""Log entries: metrics, params, tags and artifacts of a run.

Inside a step an entry is an effect of its node, so it is logged again when the step is reused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from clew.entities.check import MAX_KEY, name_problem
from clew.entities.check import artifact_path as artifact_name
from clew.errors import ClewError, InvalidParameter, NotFound, WrongType
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import LogEntry
from clew.steps.context import executing, running
from clew.steps.provenance import redacted
from clew.steps.runtime import current

_NOTHING: Any = object()


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


def log_artifact(name: Any, value: Any = _NOTHING, *, artifact_path: str | None = None) -> None:
    """Store a file, a folder of files or any value as an artifact of the run, by content.

    What has the same content is stored once, however often it is logged.

    Parameters
    ----------
    name : str or Path
        Name of the artifact; of a file its path among the artifacts (``plots/roc.png``). Alone:
        the path of a file or folder, which is logged under its own name.
    value : Path, str or any value, optional
        The path of a file or folder that is there stands for its bytes, anything else for itself
        (a text that happens to be such a path: ``run.log_text``).
    artifact_path : str, optional
        Folder among the artifacts in which it goes.

    Raises
    ------
    NotFound
        When the path leads nowhere.
    InvalidParameter, WrongType
        When it has no name, or one that is no path below the artifacts.

    Examples
    --------
    >>> import clew, pathlib
    >>> _ = pathlib.Path("notes.txt").write_text("a thread")
    >>> with clew.run() as run:
    ...     clew.log_artifact("notes.txt")
    ...     clew.log_artifact("classes", ["cat", "dog"])
    """
    key, logged = _named(name, value)
    key = artifact_name(key if artifact_path is None else f"{artifact_path}/{key}")
    if isinstance(logged, PurePath):
        for path, content, size_bytes in _stored(Path(logged), key):
            _log(LogEntry("artifact", path, content.hex(), float(size_bytes), 0, _now_ms()))
        return
    runtime = current()
    id = fingerprint(logged)
    runtime.vault.put(logged, id)
    runtime.store.update([describe(id, logged)]) if not runtime.store.describe([id]) else None
    _log(LogEntry("artifact", key, id.hex(), None, 0, _now_ms()))


def log_dataset(name: str, record: str) -> None:
    """Log that the step in progress read a dataset, as the JSON of its record."""
    _log(LogEntry("dataset", name, record, None, 0, _now_ms()))


def _named(name: Any, value: Any) -> tuple[str, Any]:
    """Return the name of an artifact, and what it is: a path of what is there, or a value."""
    alone = value is _NOTHING
    if not isinstance(name, str | PurePath):
        raise WrongType(
            "a value needs a name" if alone else "the name of an artifact",
            got=type(name).__name__,
            expected="log_artifact(PATH) or log_artifact(NAME, VALUE)",
        )
    if alone:
        path = Path(name)
        if not _is_there(path):
            raise NotFound(
                f"there is no file or folder {str(name)!r}",
                hint="a value needs a name: log_artifact(NAME, VALUE)",
            )
        return path.name or path.resolve().name, path
    if isinstance(value, str):
        if _is_there(value):
            return str(name), Path(value)
        if _is_there(name):
            raise InvalidParameter(
                f"{str(name)!r} is a file or folder, and {value[:80]!r} is none",
                expected="log_artifact(PATH, artifact_path=FOLDER) or log_artifact(NAME, VALUE)",
                hint="for a text of that name: run.log_text(NAME, TEXT)",
            )
    return str(name), value


def _is_there(path: str | PurePath) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False  # A text that no path can be.


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
    """Return the name of a metric, param or tag; every store and MLflow's clients take it."""
    if not isinstance(key, str) or not key or len(key) > MAX_KEY:
        raise InvalidParameter("a log entry's name", got=repr(key), expected="1 to 250 characters")
    problem = name_problem(key)
    if problem is not None:
        raise InvalidParameter("a log entry's name", got=repr(key), expected=problem)
    return key


def _now_ms() -> int:
    return math.floor(time.time() * 1000)
