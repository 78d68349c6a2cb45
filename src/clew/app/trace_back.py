"""From a prediction back to the data: deployment, version, run, steps, and source rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clew.app.deployments import record
from clew.app.facts import makers_of
from clew.app.promotion import gates, verdict
from clew.app.source_rows import SourceRow, rows_like
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.entities import ModelVersion
from clew.errors import ClewError
from clew.lineage import graph
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node
from clew.serve.deployment.state import State
from clew.serve.journal import Journal, Prediction

_STUDY = "clew.select:study"
_RUNS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A call on the way from the data to the model."""

    node: str
    operation: str
    kind: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a prediction came from.

    Parameters
    ----------
    deployment : State or None
        The deployment as it stood then; None when the model was served by its own name.
    version : ModelVersion or None
        The registered version that answered.
    gate : str or None
        What gates said of the version; None: none has judged it.
    run : str or None
        The run that made the model.
    study : str or None
        Id of the study that chose it.
    steps : tuple of Step
        The calls that the model came from, the one that made it first.
    features : tuple of str
        The columns that the model read of the row.
    reads : tuple of str
        Files and other things that these calls were seen to read.
    rows : tuple of SourceRow
        The same row in the tables that the model came from, the nearest first.
    """

    prediction: Prediction
    deployment: State | None
    version: ModelVersion | None
    gate: str | None
    run: str | None
    study: str | None
    steps: tuple[Step, ...]
    features: tuple[str, ...]
    reads: tuple[str, ...]
    rows: tuple[SourceRow, ...]


def origin(store: Store, journal: Journal, id: str) -> Origin:
    """Follow a prediction back.

    Raises
    ------
    NotFound
        When there is no such prediction.
    """
    prediction = journal.get(id)
    tracking = tracking_of(store.runtime)
    version = _version(tracking, prediction)
    nodes = _ancestors(store, prediction, version)
    reads = [f"{read.kind} {read.name}" for node in nodes for read in node.reads]
    study = next((node.id.hex() for node in nodes if node.operation == _STUDY), None)
    return Origin(
        prediction=prediction,
        deployment=_deployment(tracking, prediction),
        version=version,
        gate=None if version is None else _verdicts(tracking, version),
        run=version.run_id if version and version.run_id else _run(store, nodes),
        study=study,
        steps=tuple(Step(node.id.hex(), node.operation, node.kind) for node in nodes),
        features=tuple(prediction.row),
        reads=tuple(dict.fromkeys(reads)),
        rows=rows_like(store, nodes, prediction.row),
    )


def _verdicts(tracking: Tracking, version: ModelVersion) -> str | None:
    """Return what each gate that judged the version said last."""
    steps = {gate: verdict(tracking.audit, gate, version) for gate in gates(tracking.audit)}
    told = [
        f"{gate}: {step.outcome} (node {step.node[:12]})" for gate, step in steps.items() if step
    ]
    return ", ".join(told) or None


def _deployment(tracking: Tracking, prediction: Prediction) -> State | None:
    """Return the deployment's state at the time of the prediction."""
    states: Sequence[State] = record.history(tracking, prediction.model, limit=1000)
    before = (state for state in states if state.time_ms <= prediction.time_ms)
    return next(before, states[-1] if states else None)


def _version(tracking: Tracking, prediction: Prediction) -> ModelVersion | None:
    """Return the registered version that answered: by its name and number, and its content."""
    names = [prediction.model]
    decision = prediction.decision
    if decision is not None:
        names += [arm.rpartition("/")[0] for arm in decision.arms]
    state = _deployment(tracking, prediction)
    names += [arm.name for arm in state.arms] if state else []
    for name in dict.fromkeys(names):
        if prediction.version.isdigit() and len(prediction.version) < 10:
            try:
                return tracking.versions.get(name, int(prediction.version))
            except ClewError:
                continue
    return None


def _ancestors(
    store: Store, prediction: Prediction, version: ModelVersion | None
) -> tuple[Node, ...]:
    content = ValueId(Digest(bytes.fromhex(prediction.content)))
    makers = list(makers_of(store, content))
    if not makers and version is not None and version.node is not None:
        makers = [NodeId(Digest(bytes.fromhex(version.node)))]
    around = graph.around(store.runtime.store, makers, up=True, down=False)
    return around.nodes


def _run(store: Store, nodes: Sequence[Node]) -> str | None:
    """Return the newest run that used the node that made the model."""
    if not nodes:
        return None
    return next(_runs_of(store, nodes[0].id), None)


def _runs_of(store: Store, node: NodeId) -> Iterator[str]:
    for run in store.runtime.store.runs(limit=_RUNS):
        if any(use.node == node for use in store.runtime.store.uses(run.id)):
            yield run.id
