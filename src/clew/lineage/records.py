"""The records of the graph: frozen facts, as a store keeps them.

A *value* is named by its content id. A *node* is a call: its id is the hash of the operation, its
code, its ordered inputs, its seed and its environment, and of what it was *observed* to read
besides (files, environment variables, the state of a global random generator). An *input* or
*output* is an edge between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId, digest

NODE_FORMAT = 1

ValueState = Literal["stored", "absent", "erased", "corrupt"]
Decision = Literal["computed", "reused", "pruned", "failed"]
ReadKind = Literal["file", "folder", "wrote", "env", "rng"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A named link between a node and a value: one argument, or one result.

    Parameters
    ----------
    source : NodeId or None
        The node whose result the value was, for an input. None: the caller wrote it down, it is a
        leaf, even when some node gave the same content. Not part of any id.
    """

    name: str
    value: ValueId
    source: NodeId | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a step was seen to read besides its arguments, and the content that it found.

    Parameters
    ----------
    kind : {"file", "folder", "wrote", "env", "rng"}
        What was read; of a ``"folder"`` only whether there is one. ``"wrote"`` is a file that the
        step made and its result names, as it was left: the result stands only while it is so.
    name : str
        The path, the variable's name, or the generator's name.
    value : ValueId
        Content id of what was found there (its own id for "missing").
    """

    kind: ReadKind
    name: str
    value: ValueId


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node cost when it was computed: seconds on the wall, CPU seconds, bytes of output."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One call and what came of it.

    Parameters
    ----------
    id : NodeId
        Hash of everything below that decides the result (`node_id`).
    call : NodeId
        The same hash without `reads`: what is known before the call runs. Nodes with the same
        `call` are variants that saw different files, variables or generator states.
    operation : str
        Name of the step, ``module:qualname``.
    kind : str
        ``"step"``, ``"read"``, ``"fit"``, …
    inputs, outputs : tuple of Edge
        In order. A step's result is the output named ``"result"``; replayable side effects
        (metrics, warnings, generator states) are the output named ``"effects"``.
    created_ms : int
        Milliseconds since the epoch.
    irreproducible : bool
        The node was seen to give two different results; it is not reused.
    """

    id: NodeId
    call: NodeId
    operation: str
    kind: str
    code: CodeId | None
    environment: Digest | None
    seed: int | None
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    reads: tuple[Read, ...] = ()
    cost: Cost = field(default_factory=Cost)
    created_ms: int = 0
    irreproducible: bool = False

    def output(self, name: str) -> ValueId | None:
        """Return the content id of the output called `name`, or None."""
        return next((edge.value for edge in self.outputs if edge.name == name), None)


@dataclass(frozen=True, slots=True)
class Value:
    """What the store knows of a value besides its bytes.

    Parameters
    ----------
    type_name : str
        ``module.QualName`` of the value's type.
    preview : str
        At most 200 characters that a person understands: a literal, or a shape.
    format : str
        Storage format of the bytes, or "" when they were never stored.
    size_bytes : int
        Size of the stored form (0 when absent).
    content : bytes or None
        Its bytes, packed, where they are so few that they go into the store together with the
        record (see `ports.SmallBlobs`). Never read back: blob stores give bytes.
    """

    id: ValueId
    type_name: str
    preview: str = ""
    format: str = ""
    size_bytes: int = 0
    state: ValueState = "absent"
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A code fingerprint with what is needed to show, compare and rebuild it.

    Parameters
    ----------
    record : bytes
        JSON of the fingerprint's units (names, kinds, digests, sources), libraries and the
        module from which a rebuild imports the step.
    """

    id: CodeId
    name: str
    record: bytes


@dataclass(frozen=True, slots=True)
class Reason:
    """Why clew did what it did with one step.

    Parameters
    ----------
    code : str
        Stable word, for example ``"same-inputs"``, ``"code-changed"``, ``"input-changed"``,
        ``"first-run"``, ``"unhashable"``, ``"not-needed"``.
    text : str
        One sentence for people.
    fields : mapping
        Field by field: what was compared, what it was, what it is.
    """

    code: str
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Use:
    """How a run used a node: the row behind ``clew why``.

    Parameters
    ----------
    seq : int
        Position in the run, from 0.
    label : str
        Name of the step within the run (``features``, ``features[2]`` …).
    node : NodeId or None
        None while unknown: pruned before it could be named, or failed before it had a result.
    wall_s : float
        Seconds that the run spent on it (loading, or computing).
    saved_s : float
        Seconds that reuse saved.
    """

    seq: int
    label: str
    node: NodeId | None
    decision: Decision
    reason: Reason
    wall_s: float = 0.0
    saved_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """An execution of a flow: an event, named by a ULID, never reused.

    Parameters
    ----------
    status : {"running", "finished", "failed", "interrupted", "lost"}
        ``lost``: its process is gone and left no end.
    arguments : str
        JSON object of the flow's arguments (secrets redacted).
    context : str
        JSON object: command, git state, host, process id, environment digest.
    result : ValueId or None
        Content id of what the flow returned.
    """

    id: str
    flow: str
    status: str
    started_ms: int
    ended_ms: int | None = None
    arguments: str = "{}"
    context: str = "{}"
    result: ValueId | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something a run logged: a metric (with step and time), a param, a tag, an artifact.

    Parameters
    ----------
    kind : {"metric", "param", "tag", "artifact", "dataset"}
        What was logged.
    text : str or None
        The value of a param or tag; the content id (hex) of an artifact; of a dataset that a step
        read, its record as JSON (`clew.entities.DatasetInput`).
    number : float or None
        The value of a metric; NaN and ±∞ are kept. Of an artifact that is a file, its size in
        bytes; None for one that is a value.
    """

    kind: str
    key: str
    text: str | None = None
    number: float | None = None
    step: int = 0
    time_ms: int = 0
    node: NodeId | None = None


def call_id(
    operation: str,
    code: CodeId | None,
    environment: Digest | None,
    seed: int | None,
    inputs: Sequence[Edge],
) -> NodeId:
    """Return the id of a call: all that decides its result and is known before it runs."""
    fields = [
        operation.encode(),
        code or b"",
        environment or b"",
        b"" if seed is None else str(seed).encode(),
    ]
    for edge in inputs:
        fields += [edge.name.encode(), edge.value]
    return NodeId(digest("call", NODE_FORMAT, fields))


def node_id(call: NodeId, reads: Sequence[Read]) -> NodeId:
    """Return the id of a node: its call, and what it was seen to read besides.

    A call that read nothing besides its arguments *is* its node, so the ids are equal.
    """
    if not reads:
        return call
    fields: list[bytes] = [call]
    for read in sorted(reads, key=lambda r: (r.kind, r.name, r.value)):
        fields += [read.kind.encode(), read.name.encode(), read.value]
    return NodeId(digest("node", NODE_FORMAT, fields))
