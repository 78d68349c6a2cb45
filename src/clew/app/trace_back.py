"""From a prediction back to the data: model, steps, and the files that they read."""

from __future__ import annotations

from dataclasses import dataclass

from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.lineage import graph
from clew.lineage.canonical import Digest, ValueId
from clew.serve.journal import Journal, Prediction


@dataclass(frozen=True, slots=True)
class Step:
    """A call on the way from the data to the model."""

    node: str
    operation: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a prediction came from.

    Parameters
    ----------
    registered : tuple of str
        ``name/version`` of registered versions whose thread leads through the same node.
    steps : tuple of Step
        The calls that the model came from, the one that made it first.
    reads : tuple of str
        Files and other things that these calls were seen to read.
    """

    prediction: Prediction
    registered: tuple[str, ...]
    steps: tuple[Step, ...]
    reads: tuple[str, ...]


def origin(store: Store, journal: Journal, id: str) -> Origin:
    """Follow a prediction back.

    Raises
    ------
    NotFound
        When there is no such prediction.
    """
    prediction = journal.get(id)
    content = ValueId(Digest(bytes.fromhex(prediction.content)))
    makers = store.runtime.store.linked(content, "up")
    around = graph.around(store.runtime.store, list(makers), up=True, down=False)
    reads = [f"{read.kind} {read.name}" for node in around.nodes for read in node.reads]
    nodes = {node.id.hex() for node in around.nodes}
    versions = tracking_of(store.runtime).versions.search(
        filter="name = '" + prediction.model.replace("'", "''") + "'"
    )
    registered = [f"{v.name}/{v.version}" for v in versions.items if v.node in nodes]
    steps = [Step(node.id.hex(), node.operation) for node in around.nodes]
    return Origin(prediction, tuple(registered), tuple(steps), tuple(dict.fromkeys(reads)))
