"""The lineage graph: a part of it with its layout, its nodes and values, search, paths, impact."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Id, Limit, Query
from clew.api.rest.contract.route import Route

Decision = Literal["computed", "reused", "pruned", "failed"]
Depth = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class LineageQuery(Query, frozen=True, kw_only=True):
    """Which part of the graph.

    Parameters
    ----------
    focus : list of str
        Ids of runs, nodes, values, logged models; ``NAME@VERSION`` of a registered model; or
        ``RUN:STEP``. A beginning that names one thing is enough.
    up, down : int
        How far to go, in nodes, towards what it came from and what came of it.
    values : {"none", "data", "all"}
        Which values that no node made appear as points of their own: none, those that are larger
        than a literal (tables, arrays, files), or all.
    limit : int
        At most so many points, the nearest first.
    run : str, optional
        Whose decisions (computed, reused, pruned) to show; by default the newest run that used the
        node.
    """

    focus: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=200)]
    up: Depth = 2
    down: Depth = 2
    values: Literal["none", "data", "all"] = "data"
    limit: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 3000
    run: str | None = None


class GraphNode(Answer, frozen=True, kw_only=True):
    """A point of the graph.

    Parameters
    ----------
    kind : str
        ``step``, ``fit``, ``read``, ``event``, ``run`` ...; ``value`` for a value that no node
        made.
    label : str
        Short name: the function's, or the value's preview.
    operation : str
        ``module:qualname``; the type's name for a value.
    decision, reason : str or None
        What a run did about it, and why.
    wall_s, size_bytes : float, int
        What it cost when it was computed.
    saved_s : float
        Seconds that reuse of it saved, over all runs.
    distance : int
        From the focus, in nodes; 0 for the focus.
    hidden_up, hidden_down : int
        Neighbours that are not in this part of the graph.
    x, y : float
        Centre, in pixels; sources stand at the left.
    width, height : float
        Size, in pixels.
    layer : int
        Column from the left, from 0.
    """

    id: str
    kind: str
    label: str
    operation: str
    decision: Decision | None
    reason: str | None
    wall_s: float
    saved_s: float
    size_bytes: int
    created_ms: int | None
    irreproducible: bool
    distance: int
    hidden_up: int
    hidden_down: int
    layer: int
    x: float
    y: float
    width: float
    height: float


class GraphEdge(Answer, frozen=True, kw_only=True):
    """A value that went from a point to another.

    Parameters
    ----------
    source, target : int
        Positions in the list of nodes.
    names : list of str
        The arguments as which it was given.
    points : list of float
        The line, as x, y, x, y ...
    """

    source: int
    target: int
    names: list[str]
    points: list[float]


class Graph(Answer, frozen=True, kw_only=True):
    """A part of the graph, laid out.

    Parameters
    ----------
    id : str
        Hash of the nodes and edges: equal parts have equal layouts.
    focus : list of int
        Positions of what was asked for.
    truncated : bool
        Whether `limit` left something out.
    """

    id: str
    focus: list[int]
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    width: float
    height: float
    truncated: bool


class FindQuery(Query, frozen=True, kw_only=True):
    """What to look for in the graph: a part of a name, an id's beginning, a preview, a file."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    limit: Limit = 20


class Match(Answer, frozen=True, kw_only=True):
    """Something that was found; `id` is what `focus` takes."""

    kind: Literal["run", "node", "value", "model", "version", "operation", "file"]
    id: str
    label: str
    detail: str


class Matches(Answer, frozen=True, kw_only=True):
    """What was found, the best first."""

    items: list[Match]


class PathQuery(Query, frozen=True, kw_only=True):
    """Two nodes (or what names one); paths go along the arrows, or against them."""

    start: Id
    end: Id
    limit: Annotated[int, msgspec.Meta(ge=1, le=20)] = 20


class NodeLine(Answer, frozen=True, kw_only=True):
    """A node in a list."""

    id: str
    kind: str
    operation: str
    wall_s: float
    created_ms: int


class Paths(Answer, frozen=True, kw_only=True):
    """The shortest paths, each as ids of nodes, from the earlier to the later."""

    paths: list[list[str]]
    nodes: list[NodeLine]


class ImpactQuery(Query, frozen=True, kw_only=True):
    """A path that a step read, an id, or a library (``pandas``, ``pandas==3.1.1``)."""

    what: Id
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class ImpactRun(Answer, frozen=True, kw_only=True):
    """A run that used something affected."""

    id: str
    name: str
    flow: str | None
    started_ms: int


class ImpactModel(Answer, frozen=True, kw_only=True):
    """A logged model that was made of something affected."""

    id: str
    name: str


class Impact(Answer, frozen=True, kw_only=True):
    """What depends on something.

    Parameters
    ----------
    direct, downstream : int
        Nodes that use it, and all that depend on it.
    nodes : list of NodeLine
        The first of them, nearest first.
    runs : list of ImpactRun
        Runs that used one of them, newest first.
    models : list of str
        Registered versions among them, as ``NAME@VERSION``.
    logged : list of ImpactModel
        Logged models among them.
    """

    what: str
    direct: int
    downstream: int
    nodes: list[NodeLine]
    runs: list[ImpactRun]
    models: list[str]
    logged: list[ImpactModel]


class OutlineQuery(Query, frozen=True, kw_only=True):
    """A tree of what something came from (``up``) or of what came of it (``down``)."""

    focus: Id
    direction: Literal["up", "down"] = "up"
    depth: Depth = 6
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000


class OutlineLine(Answer, frozen=True, kw_only=True):
    """One line of the tree.

    Parameters
    ----------
    level : int
        How far to indent, from 0.
    name : str
        The argument as which it was given; "" on level 0.
    again : bool
        It was unfolded above.
    """

    level: int
    id: str
    name: str
    operation: str
    kind: str
    wall_s: float
    again: bool


class Outline(Answer, frozen=True, kw_only=True):
    """The tree, line by line."""

    lines: list[OutlineLine]
    truncated: bool


ROUTES = (
    Route(
        "lineage.graph",
        "GET",
        "/lineage",
        "Return a part of the graph, laid out",
        Graph,
        LineageQuery,
    ),
    Route(
        "lineage.outline",
        "GET",
        "/lineage/outline",
        "Return a part of the graph as a tree",
        Outline,
        OutlineQuery,
    ),
    Route(
        "lineage.search",
        "GET",
        "/lineage/search",
        "Find nodes, values and files",
        Matches,
        FindQuery,
    ),
    Route(
        "lineage.paths",
        "GET",
        "/lineage/paths",
        "Find paths between two nodes",
        Paths,
        PathQuery,
    ),
    Route(
        "lineage.impact",
        "GET",
        "/lineage/impact",
        "Say what depends on a file, an id or a library",
        Impact,
        ImpactQuery,
    ),
)
