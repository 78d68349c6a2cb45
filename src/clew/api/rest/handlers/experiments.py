"""Experiments: listed, added, renamed, deleted, restored, annotated."""

from __future__ import annotations

from clew.api.access import Caller
from clew.api.rest.contract.basis import Done, TagChange
from clew.api.rest.contract.experiments import (
    ExperimentChange,
    ExperimentsQuery,
    ExperimentsTable,
    NewExperiment,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.app.trail import tell
from clew.entities.overview import ExperimentRow

NOTE = "mlflow.note.content"


def listed(served: Served, query: ExperimentsQuery) -> ExperimentsTable:
    """List experiments."""
    total, rows = served.pages.experiments(
        text=query.text,
        filter=query.filter,
        view=query.view,
        order=query.order,
        offset=query.offset,
        limit=query.limit,
    )
    return ExperimentsTable(total=total, rows=list(rows))


def get(served: Served, id: str) -> ExperimentRow:
    """Return an experiment."""
    return served.pages.experiment(id)


def create(served: Served, body: NewExperiment, caller: Caller) -> ExperimentRow:
    """Add an experiment."""
    tags = {**body.tags, **({NOTE: body.note} if body.note else {})}
    with served.tracking.transaction():
        made = served.tracking.experiments.create(body.name, tags=tags)
        audit = served.tracking.audit
        tell(
            audit,
            caller.actor,
            "experiment.create",
            f"experiment:{made.id}",
            after=body.name,
        )
    return served.pages.experiment(made.id)


def change(served: Served, id: str, body: ExperimentChange, caller: Caller) -> ExperimentRow:
    """Rename an experiment, or write its note."""
    experiments = served.tracking.experiments
    before = experiments.get(id)
    with served.tracking.transaction():
        if body.name is not None and body.name != before.name:
            experiments.rename(id, body.name)
            subject = f"experiment:{before.id}"
            audit = served.tracking.audit
            tell(
                audit,
                caller.actor,
                "experiment.rename",
                subject,
                before=before.name,
                after=body.name,
            )
        if body.note is not None:
            experiments.set_tag(id, NOTE, body.note)
    return served.pages.experiment(id)


def delete(served: Served, id: str, caller: Caller) -> Done:
    """Delete an experiment with its runs, softly."""
    with served.tracking.transaction():
        name = served.tracking.experiments.get(id).name
        served.tracking.experiments.delete(id)
        audit = served.tracking.audit
        tell(
            audit,
            caller.actor,
            "experiment.delete",
            f"experiment:{id}",
            before=name,
        )
    return Done(changed=1)


def restore(served: Served, id: str, caller: Caller) -> ExperimentRow:
    """Bring a deleted experiment back."""
    with served.tracking.transaction():
        served.tracking.experiments.restore(id)
        audit = served.tracking.audit
        tell(audit, caller.actor, "experiment.restore", f"experiment:{id}")
    return served.pages.experiment(id)


def tag(served: Served, id: str, body: TagChange) -> ExperimentRow:
    """Set and remove tags of an experiment."""
    experiments = served.tracking.experiments
    known = experiments.get(id).tags
    with served.tracking.transaction():
        for key, value in body.set.items():
            experiments.set_tag(id, key, value)
        for key in body.remove:
            if key in known or key in body.set:
                experiments.delete_tag(id, key)
    return served.pages.experiment(id)


HANDLERS: dict[str, Handler] = {
    "experiments.list": listed,
    "experiments.get": get,
    "experiments.create": create,
    "experiments.change": change,
    "experiments.delete": delete,
    "experiments.restore": restore,
    "experiments.tag": tag,
}
