"""Runs in progress: ``with clew.run():`` and what can be logged to them.

A step that is called inside such a run is a node of its thread, as in a flow; `clew.log_metric` and
its sisters log to the innermost run.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import Token
from pathlib import PurePath
from types import TracebackType
from typing import Any, Literal

from clew.entities import Artifact, DatasetInput, Metric, Owner, Run
from clew.errors import AlreadyExists, ClewError, InvalidParameter
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.records import LogEntry
from clew.steps import log
from clew.steps.context import running
from clew.steps.observe import unobserved
from clew.steps.provenance import capture, redacted
from clew.steps.runtime import current as current_runtime
from clew.steps.session import Session
from clew.track import place, validate
from clew.track.dataset import describe, in_step, outside_steps
from clew.track.output import Capture
from clew.track.place import Ports

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
_MOST = 100
"""Params and tags in one call of the port."""

End = Literal["finished", "failed", "killed"]


class RunSession(Session):
    """The session of a tracked run: steps write uses, log entries go by tracking's rules."""

    def __init__(self, ports: Ports, id: str) -> None:
        runtime = current_runtime()
        record = runtime.store.run(id)
        if record is None:
            raise ClewError("the run is in another store", got=id)
        super().__init__(runtime, record, started=True)
        self._ports = ports

    def log(self, entries: Any) -> None:
        """Record log entries that belong to no step."""
        for entry in entries:
            _log(self._ports, self.id, entry)


def _log(ports: Ports, id: str, entry: LogEntry) -> None:
    if entry.kind == "metric":
        number = 0.0 if entry.number is None else entry.number
        point = Metric(entry.key, number, entry.time_ms, entry.step)
        ports.logging.log(id, metrics=[point])
    elif entry.kind == "param":
        ports.logging.log(id, params={entry.key: entry.text or ""})
    elif entry.kind == "tag":
        ports.logging.log(id, tags={entry.key: entry.text or ""})
    elif entry.number is not None:
        content = ValueId(Digest(bytes.fromhex(entry.text or "")))
        ports.artifacts.link(Owner("run", id), entry.key, content)
    else:
        current_runtime().store.use(id, [], [entry])


def run(
    name: str | None = None,
    *,
    experiment: str | None = None,
    id: str | None = None,
    tags: Mapping[str, str] | None = None,
    note: str | None = None,
    output: bool = True,
) -> ActiveRun:
    """Begin a tracked run: ``with clew.run("baseline"):``.

    Inside another run it becomes its child. It ends with the block: *finished*, *failed* when an
    exception leaves it, *killed* when that is Ctrl-C.

    Parameters
    ----------
    name : str, optional
        Made up by default.
    experiment : str, optional
        Name of the experiment, made where there is none; by default that of the enclosing run, else
        ``CLEW_EXPERIMENT``, else ``Default``.
    id : str, optional
        Go on with the run that has this id.
    tags : mapping, optional
        Its tags.
    note : str, optional
        Markdown.
    output : bool, default True
        Keep what is printed as artifacts (``output/stdout.txt``, ``output/stderr.txt``).

    Raises
    ------
    NotFound
        When there is no run with that id.

    Examples
    --------
    >>> import clew
    >>> with clew.run("baseline", experiment="adult") as run:
    ...     clew.log_param("depth", 3)
    ...     clew.log_metric("auc", 0.9)
    >>> run.record.status, run.record.metrics["auc"].value
    ('finished', 0.9)
    """
    with unobserved():
        ports = place.current()
        if id is not None:
            ports.runs.update(id, status="running")
        else:
            marks = {**(tags or {}), **({NOTE: note} if note else {})}
            marks = {key: redacted(key, str(value)) for key, value in marks.items()}
            id = _create(ports, name, experiment, marks, origin())
        return ActiveRun(ports, id, output=output)


def begin(name: str, context: str) -> ActiveRun:
    """Begin a run that nobody entered: an automatic one."""
    ports = place.current()
    return ActiveRun(ports, _create(ports, name, None, {}, context))


def origin() -> str:
    """Return, as JSON, where a run comes from: command, git state, host, process."""
    return json.dumps(capture())


def _create(
    ports: Ports, name: str | None, experiment: str | None, tags: Mapping[str, str], context: str
) -> str:
    parent = current()
    made = ports.runs.create(
        _experiment(ports, experiment, parent),
        name=name,
        user=_user(),
        tags={**_origin(parent, context), **tags},
        context=context,
    )
    return made.id


def current() -> ActiveRun | None:
    """Return the innermost ``with clew.run()`` in force here, or None."""
    return _active[-1] if _active and isinstance(running.get(), RunSession) else None


_active: list[ActiveRun] = []


class ActiveRun:
    """A run in progress; its record is `clew.entities.Run`.

    Attributes
    ----------
    id : str
        Id of the run.
    """

    def __init__(self, ports: Ports, id: str, *, output: bool = False) -> None:
        self.id = id
        self._ports = ports
        self._token: Token[Session | None] | None = None
        main = threading.current_thread() is threading.main_thread()
        self._capture = Capture() if output and main else None

    @classmethod
    def of(cls, id: str) -> ActiveRun:
        """Return a run of this place that goes on, by its id."""
        return cls(place.current(), id)

    @property
    def record(self) -> Run:
        """The run as it is in the store now."""
        return self._ports.runs.get(self.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.record.name

    def log_metric(self, key: str, value: float, step: int = 0) -> None:
        """Log a number under a name."""
        self.log_metrics({key: value}, step)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log several numbers of one step, in one transaction."""
        ms = time.time_ns() // 1_000_000
        self.log_points(
            [Metric(key, log.number(key, value), ms, step) for key, value in metrics.items()]
        )

    def log_points(self, points: Sequence[Metric]) -> None:
        """Log points of metrics, up to 1,000, in one transaction."""
        self._ports.logging.log(self.id, metrics=points)

    def log_param(self, key: str, value: object) -> None:
        """Log a parameter; it is fixed once logged. What is called like a secret is not kept."""
        self.log_params({key: value})

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log several parameters."""
        pairs = [(key, redacted(key, str(value))) for key, value in params.items()]
        for start in range(0, len(pairs), _MOST):
            self._ports.logging.log(self.id, params=pairs[start : start + _MOST])

    def set_tag(self, key: str, value: str) -> None:
        """Set a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set several tags."""
        pairs = {key: redacted(key, str(value)) for key, value in tags.items()}
        self._ports.logging.log(self.id, tags=pairs)

    def note(self, markdown: str) -> None:
        """Replace the note."""
        self.set_tags({NOTE: markdown})

    def log_artifact(self, *what: Any, artifact_path: str | None = None) -> None:
        """Store a file, a folder or any value (see `clew.log_artifact`)."""
        session = RunSession(self._ports, self.id)
        token = running.set(session)
        try:
            log.log_artifact(*what, artifact_path=artifact_path)
        finally:
            running.reset(token)

    def log_text(self, path: str, text: str) -> Artifact:
        """Store a text as a file among the artifacts."""
        writer = self._ports.artifacts.writer(Owner("run", self.id), path)
        writer.write(text.encode())
        return writer.commit()

    def log_input(
        self, data: Any, name: str = "dataset", *, context: str = "training", source: str = ""
    ) -> None:
        """Say that the run read a dataset: a table, an array, a path, or any value.

        Its content id is its digest, so that equal data are the same dataset wherever they are
        read; with it go a schema and a small profile.

        Raises
        ------
        Unhashable
            When the data have no sound content id.
        InvalidState
            Inside a step, for which there is `clew.track.log_input`.
        """
        outside_steps()
        self.log_inputs([describe(data, name, context=context, source=source)])

    def log_inputs(self, inputs: Sequence[DatasetInput]) -> None:
        """Say that the run read datasets that are described already."""
        self._ports.logging.log_inputs(self.id, datasets=inputs)

    def finish(self, status: End = "finished", *, error: str | None = None) -> Run:
        """End the run; with a ``with`` block that is done by the block."""
        if self._capture is not None:
            for stream, content in self._capture.stop().items():
                path = f"output/{stream}.txt"
                writer = self._ports.artifacts.writer(Owner("run", self.id), path)
                writer.write(content)
                writer.commit()
        return self._ports.runs.update(
            self.id, status=status, ended_ms=time.time_ns() // 1_000_000, error=error
        )

    def __enter__(self) -> ActiveRun:
        if self._token is not None:
            raise InvalidParameter("the run is in force already", got=self.id)
        with unobserved():
            self._token = running.set(RunSession(self._ports, self.id))
        _active.append(self)
        if self._capture is not None:
            self._capture.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            running.reset(self._token)
            self._token = None
        if self in _active:
            _active.remove(self)
        with unobserved():
            if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
                self.finish()
            elif isinstance(error, KeyboardInterrupt):
                self.finish("killed", error="interrupted")
            else:
                shown = redacted("error", f"{type(error).__name__}: {error}")
                self.finish("failed", error=shown[:2000].replace("\0", ""))

    def __repr__(self) -> str:
        return f"<run {self.id}>"


def _experiment(ports: Ports, name: str | None, parent: ActiveRun | None) -> str:
    if name is None and parent is not None:
        return parent.record.experiment_id
    wanted = name or os.environ.get("CLEW_EXPERIMENT")
    if not wanted:
        return "0"
    found = ports.experiments.by_name(wanted)
    if found is None:
        try:
            return ports.experiments.create(wanted).id
        except AlreadyExists:  # Another process made it this moment.
            found = ports.experiments.by_name(wanted)
    if found is None:
        raise ClewError(f"experiment {wanted!r} can neither be made nor found")
    if found.lifecycle == "deleted":
        raise InvalidParameter(
            f"experiment {wanted!r} is deleted", hint=f"clew experiments restore {found.id}"
        )
    return found.id


def _origin(parent: ActiveRun | None, context: str) -> dict[str, str]:
    marks = {"mlflow.user": _user(), "mlflow.source.type": "LOCAL"}
    git = json.loads(context).get("git") or {}
    marks["mlflow.source.git.commit"] = git.get("commit") or ""
    script = sys.argv[0] if sys.argv else ""
    if script and script != "-c":
        marks["mlflow.source.name"] = PurePath(script).name or script
    if parent is not None:
        marks[PARENT] = parent.id
    return {key: value for key, value in marks.items() if value}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def log_metrics(metrics: Mapping[str, float], step: int = 0) -> None:
    """Log several numbers of one step to the innermost run."""
    for key, value in metrics.items():
        log.log_metric(key, value, step)


def log_params(params: Mapping[str, object]) -> None:
    """Log several parameters to the innermost run."""
    for key, value in params.items():
        log.log_param(key, value)


def log_input(
    data: Any, name: str = "dataset", *, context: str = "training", source: str = ""
) -> None:
    """Say that the innermost run read a dataset (`ActiveRun.log_input`).

    Inside a step it is an effect of it: each run that reuses the step has read them, too.
    """
    found = describe(data, name, context=context, source=source)
    validate.datasets([found])
    if not in_step(data, found):
        running_here("log_input").log_inputs([found])


def running_here(verb: str) -> ActiveRun:
    """Return the innermost run, of a flow or of ``with clew.run()``.

    Raises
    ------
    ClewError
        When there is none.
    """
    found = run_here()
    if found is None:
        raise ClewError(
            f"{verb}: no run is in progress", hint="log inside `with clew.run():` or a flow"
        )
    return found


def run_here() -> ActiveRun | None:
    """Return the innermost run, of a flow or of ``with clew.run()``; None when there is none."""
    return None if (session := running.get()) is None else ActiveRun.of(session.id)
