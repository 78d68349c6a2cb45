"""One run, and changes of one or many."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from clew.api.access import Caller
from clew.api.rest.contract.basis import Done, TagChange
from clew.api.rest.contract.run import (
    BulkChange,
    BulkDone,
    Environment,
    GitState,
    Rejected,
    RunChange,
    RunDetail,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.app.trail import tell
from clew.entities import Run
from clew.entities.overview import RunRow
from clew.errors import ClewError, InvalidState

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
_CHILDREN = 1000
_SHOWN_ELSEWHERE = frozenset({NOTE, PARENT, "mlflow.runName"})
_LIVE = ("running", "scheduled")


def get(served: Served, id: str) -> RunDetail:
    """Return a run."""
    run = served.tracking.runs.get(id)
    (row,) = served.run_pages.rows([run.id])
    parent = served.run_pages.rows([row.parent_id]) if row.parent_id else ()
    record = served.store.runtime.store.run(run.id)
    context = _object(record.context) if record else {}
    return RunDetail(
        id=run.id,
        name=run.name,
        experiment_id=run.experiment_id,
        experiment_name=row.experiment_name,
        status=run.status,
        lifecycle=run.lifecycle,
        user=run.user,
        flow=run.flow,
        started_ms=run.started_ms,
        ended_ms=run.ended_ms,
        error=run.error,
        note=run.tags.get(NOTE, ""),
        params={**_arguments(record.arguments if record else "{}"), **run.params},
        tags={key: value for key, value in run.tags.items() if key not in _SHOWN_ELSEWHERE},
        metrics=list(served.run_pages.summaries(run.id)),
        datasets=list(run.datasets),
        model_inputs=list(run.model_inputs),
        model_outputs=list(run.model_outputs),
        parent=parent[0] if parent else None,
        children=list(served.run_pages.children(run.id, limit=_CHILDREN)),
        steps=row.steps,
        environment=_environment(context, run.tags),
        artifact_uri=run.artifact_uri,
        result=record.result.hex() if record and record.result else None,
        rebuild=_rebuild(row, run),
    )


def _rebuild(row: RunRow, run: Run) -> str | None:
    has_steps = run.flow is not None and row.steps is not None
    return f"clew rebuild {run.id}" if has_steps else None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _arguments(text: str) -> dict[str, str]:
    """Return a flow's arguments as params."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in _object(text).items()
    }


def _environment(context: Mapping[str, Any], tags: Mapping[str, str]) -> Environment:
    """Return where a run took place, from what clew captured and from MLflow's tags."""
    git = context.get("git") or {}
    commit = git.get("commit") or tags.get("mlflow.source.git.commit")
    state = None
    if commit or git:
        dirty = git.get("dirty")
        state = GitState(
            commit=commit,
            branch=git.get("branch") or tags.get("mlflow.source.git.branch"),
            dirty=dirty if isinstance(dirty, bool) else None,
            repository=tags.get("mlflow.source.git.repoURL"),
        )
    versions = context.get("versions")
    listed = versions.items() if isinstance(versions, dict) else ()
    return Environment(
        command=_text(context.get("command")),
        directory=_text(context.get("directory")),
        host=_text(context.get("host")),
        python=_text(context.get("python")),
        source=tags.get("mlflow.source.name"),
        git=state,
        versions={str(name): str(version) for name, version in listed},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def change(served: Served, id: str, body: RunChange, caller: Caller) -> RunDetail:
    """Rename a run, write its note, or end it."""
    runs = served.tracking.runs
    with served.tracking.transaction():
        if body.name is not None:
            runs.update(id, name=body.name)
        if body.note is not None:
            served.tracking.logging.log(id, tags={NOTE: body.note})
        if body.status is not None:
            before = runs.get(id).status
            if before not in _LIVE:
                raise InvalidState(
                    "only a run that goes on can be ended",
                    got=f"status {before}",
                    expected=" or ".join(_LIVE),
                )
            runs.update(id, status=body.status, ended_ms=time.time_ns() // 1_000_000)
            audit = served.tracking.audit
            tell(
                audit,
                caller.actor,
                "run.end",
                f"run:{id}",
                before=before,
                after=body.status,
            )
    return get(served, id)


def delete(served: Served, id: str, caller: Caller) -> Done:
    """Delete a run, softly."""
    with served.tracking.transaction():
        served.tracking.runs.delete(id)
        audit = served.tracking.audit
        tell(audit, caller.actor, "run.delete", f"run:{id}")
    return Done(changed=1)


def restore(served: Served, id: str, caller: Caller) -> RunDetail:
    """Bring a deleted run back."""
    with served.tracking.transaction():
        served.tracking.runs.restore(id)
        audit = served.tracking.audit
        tell(audit, caller.actor, "run.restore", f"run:{id}")
    return get(served, id)


def tag(served: Served, id: str, body: TagChange) -> RunDetail:
    """Set and remove tags of a run."""
    _tag(served, id, body.set, body.remove)
    return get(served, id)


def _tag(served: Served, id: str, wanted: Mapping[str, str], remove: list[str]) -> None:
    known = served.tracking.runs.get(id).tags
    with served.tracking.transaction():
        if wanted:
            served.tracking.logging.log(id, tags=wanted)
        for key in dict.fromkeys(remove):
            if key in known or key in wanted:
                served.tracking.logging.delete_tag(id, key)


def bulk(served: Served, body: BulkChange, caller: Caller) -> BulkDone:
    """Tag, delete or restore many runs; what cannot be done to one does not hinder the others."""
    rejected = []
    ids = list(dict.fromkeys(body.ids))
    with served.tracking.transaction():
        for id in ids:
            try:
                if body.action == "delete":
                    delete(served, id, caller)
                elif body.action == "restore":
                    served.tracking.runs.restore(id)
                    audit = served.tracking.audit
                    tell(audit, caller.actor, "run.restore", f"run:{id}")
                else:
                    _tag(served, id, body.set, body.remove)
            except ClewError as error:
                rejected.append(Rejected(id=id, problem=error.message))
    return BulkDone(changed=len(ids) - len(rejected), rejected=rejected)


HANDLERS: dict[str, Handler] = {
    "runs.get": get,
    "runs.change": change,
    "runs.delete": delete,
    "runs.restore": restore,
    "runs.tag": tag,
    "runs.bulk": bulk,
}
