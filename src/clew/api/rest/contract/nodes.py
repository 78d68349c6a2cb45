"""Nodes and values one by one; what a run did about its steps, and why."""

from __future__ import annotations

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.compare import Difference
from clew.api.rest.contract.lineage import Decision, NodeLine
from clew.api.rest.contract.route import Route


class EdgeDetail(Answer, frozen=True, kw_only=True):
    """An argument or a result of a node; `source` is the node that made it."""

    name: str
    value: str
    source: str | None
    type: str
    preview: str
    size_bytes: int
    state: str


class ReadDetail(Answer, frozen=True, kw_only=True):
    """What a step was seen to read besides its arguments."""

    kind: str
    name: str
    value: str


class CodeUnit(Answer, frozen=True, kw_only=True):
    """A function, class or global that a step's code reaches."""

    name: str
    kind: str
    source: str | None


class NodeUse(Answer, frozen=True, kw_only=True):
    """How a run used a node."""

    run_id: str
    run_name: str
    started_ms: int
    step: str
    decision: Decision
    reason_code: str
    reason: str
    wall_s: float
    saved_s: float


class NodeDetail(Answer, frozen=True, kw_only=True):
    """Everything about one node.

    Parameters
    ----------
    libraries : dict
        Library to version, of those that its code uses.
    rebuild : str
        The command that executes its thread again and compares.
    """

    id: str
    call: str
    kind: str
    operation: str
    seed: str | None
    created_ms: int
    wall_s: float
    cpu_s: float
    size_bytes: int
    irreproducible: bool
    inputs: list[EdgeDetail]
    outputs: list[EdgeDetail]
    reads: list[ReadDetail]
    code_id: str | None
    code: list[CodeUnit]
    libraries: dict[str, str]
    environment: dict[str, str]
    uses: list[NodeUse]
    rebuild: str


class ValueDetail(Answer, frozen=True, kw_only=True):
    """Everything about one value but its bytes.

    Parameters
    ----------
    state : {"stored", "absent", "erased", "corrupt"}
        Whether it can be read.
    made_by, read_by : list of NodeLine
        The first 100 nodes.
    """

    id: str
    type: str
    preview: str
    format: str
    size_bytes: int
    state: str
    made_by: list[NodeLine]
    read_by: list[NodeLine]


class StepDetail(Answer, frozen=True, kw_only=True):
    """What a run did about one step.

    Parameters
    ----------
    reason_code : str
        A stable word: ``same-inputs``, ``code-changed``, ``first-run``, ``not-needed`` ...
    """

    seq: int
    step: str
    node: str | None
    operation: str | None
    decision: Decision
    reason_code: str
    reason: str
    wall_s: float
    saved_s: float


class Steps(Answer, frozen=True, kw_only=True):
    """The steps of a run, in order."""

    steps: list[StepDetail]


class WhyQuery(Query, frozen=True, kw_only=True):
    """One step of a run, by its label; all of them when it is not given."""

    step: str | None = None


class WhyStep(Answer, frozen=True, kw_only=True):
    """Why a step was computed, reused or pruned.

    Parameters
    ----------
    compared : str or None
        Id of the earlier call that a computed step was compared with: the one that shares most
        with it.
    """

    step: str
    decision: Decision
    text: str
    reason_code: str
    compared: str | None
    changes: list[Difference]


class Why(Answer, frozen=True, kw_only=True):
    """The reasons, in the order of the steps."""

    steps: list[WhyStep]


ROUTES = (
    Route(
        "runs.steps",
        "GET",
        "/runs/{id}/steps",
        "Return what a run did about each step",
        Steps,
    ),
    Route(
        "runs.why",
        "GET",
        "/runs/{id}/why",
        "Say why steps were computed, reused or pruned",
        Why,
        WhyQuery,
    ),
    Route("lineage.node", "GET", "/lineage/nodes/{id}", "Return a node", NodeDetail),
    Route(
        "lineage.value",
        "GET",
        "/lineage/values/{id}",
        "Return what is known of a value",
        ValueDetail,
    ),
)
