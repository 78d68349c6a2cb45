"""From a prediction back to the data: model, steps, and the files that they read."""

from __future__ import annotations

from dataclasses import dataclass

from clew.app.store import Store
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
    steps : tuple of Step
        The calls that the model came from, the one that made it first.
    reads : tuple of str
        Files and other things that these calls were seen to read.
    """

    prediction: Prediction
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
    steps = [Step(node.id.hex(), node.operation) for node in around.nodes]
    return Origin(prediction, tuple(steps), tuple(dict.fromkeys(reads)))
