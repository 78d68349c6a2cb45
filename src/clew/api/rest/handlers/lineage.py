"""Parts of the lineage graph: laid out, as an outline, searched, paths and impact."""

from __future__ import annotations

from clew.api.rest.contract.lineage import (
    FindQuery,
    Graph,
    Impact,
    ImpactModel,
    ImpactQuery,
    ImpactRun,
    LineageQuery,
    Match,
    Matches,
    NodeLine,
    Outline,
    OutlineLine,
    OutlineQuery,
    PathQuery,
    Paths,
)
from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers import picture
from clew.api.rest.handlers.focus import focus_of, node_of, readers
from clew.app import names
from clew.app.impact import impact as app_impact
from clew.app.served import Served
from clew.errors import Ambiguous, NotFound
from clew.lineage.canonical import NodeId
from clew.lineage.graph import paths as graph_paths
from clew.lineage.records import Node

_EXACT = 100


def graph(served: Served, query: LineageQuery) -> Graph:
    """Return a part of the graph, laid out."""
    focus = focus_of(served, query.focus)
    start = [*focus.nodes, *readers(served, focus)]
    part = served.survey.part(start, up=query.up, down=query.down, limit=query.limit)
    decided = served.survey.decided([node.id for node in part.nodes], _run(served, query.run))
    return picture.draw(part, decided, focus, query.values)


def outline(served: Served, query: OutlineQuery) -> Outline:
    """Return a part of the graph as a tree; what was unfolded above is only named again."""
    focus = focus_of(served, [query.focus])
    start = [*focus.nodes, *readers(served, focus)]
    up = query.direction == "up"
    part = served.survey.part(
        start, up=query.depth if up else 0, down=0 if up else query.depth, limit=query.limit
    )
    arrows: dict[int, list[tuple[str, int]]] = {}
    for edge in part.edges:
        if edge.source is not None:
            near, far = (edge.target, edge.source) if up else (edge.source, edge.target)
            arrows.setdefault(near, []).append((edge.name, far))
    inner = {far for i in range(len(start)) for _, far in arrows.get(i, ())}
    begin = [i for i, node in enumerate(part.nodes) if node.distance == 0]
    tops = [i for i in begin if i not in inner] or begin
    pending = [(i, "", 0) for i in reversed(tops)]
    seen: set[int] = set()
    lines: list[OutlineLine] = []
    while pending and len(lines) < query.limit:
        index, name, level = pending.pop()
        node = part.nodes[index]
        lines.append(
            OutlineLine(
                level=level,
                id=node.id.hex(),
                name=name,
                operation=node.operation,
                kind=node.kind,
                wall_s=node.wall_s,
                again=index in seen,
            )
        )
        if index not in seen:
            seen.add(index)
            pending += [(far, edge, level + 1) for edge, far in reversed(arrows.get(index, []))]
    return Outline(lines=lines, truncated=part.truncated or bool(pending))


def search(served: Served, query: FindQuery) -> Matches:
    """Find ids by their beginning, then operations, files and values by a part of their name."""
    items = _by_id(served, query.q)
    for found in served.survey.find(query.q, query.limit):
        items.append(Match(kind=found.kind, id=found.id, label=found.label, detail=found.detail))
    return Matches(items=items[: query.limit])


def _by_id(served: Served, text: str) -> list[Match]:
    store = served.store.runtime.store
    if len(text) < names.SHORTEST:
        return []
    items = []
    for kind, id in store.match(text):
        if kind == "run":
            run = store.run(id)
            items.append(Match(kind="run", id=id, label=run.flow if run else id, detail="run"))
        elif kind == "node":
            node = store.node(NodeId(bytes.fromhex(id)))  # type: ignore[arg-type]
            label = node.operation if node else id
            items.append(Match(kind="node", id=id, label=label, detail="node"))
        else:
            items.append(Match(kind="value", id=id, label=id[:12], detail="value"))
    return items


def paths(served: Served, query: PathQuery) -> Paths:
    """Find the shortest paths between two nodes, whichever is the earlier one."""
    start, end = node_of(served, query.start), node_of(served, query.end)
    store = served.store.runtime.store
    found = graph_paths(store, start.id, end.id, most=query.limit)
    if not found:
        found = graph_paths(store, end.id, start.id, most=query.limit)
    ids = dict.fromkeys(id for path in found for id in path)
    nodes = [node for node in map(store.node, ids) if node is not None]
    return Paths(
        paths=[[id.hex() for id in path] for path in found], nodes=[line(node) for node in nodes]
    )


def impact(served: Served, query: ImpactQuery) -> Impact:
    """Say what depends on a file, an id or a library."""
    found = app_impact(served.store.runtime, query.what)
    ids = [node.id for node in found.downstream]
    return Impact(
        what=found.what,
        direct=len(found.direct),
        downstream=len(found.downstream),
        nodes=[line(node) for node in found.downstream[: query.limit]],
        runs=[
            ImpactRun(id=run.id, name=run.name, flow=run.flow, started_ms=run.started_ms)
            for run in served.survey.users(ids, min(query.limit, 1000))
        ],
        models=[f"{one.name}@{one.version}" for one in found.versions],
        logged=[ImpactModel(id=one.id, name=one.name) for one in found.models[: query.limit]],
    )


def line(node: Node) -> NodeLine:
    """Return a node as a list shows it."""
    return NodeLine(
        id=node.id.hex(),
        kind=node.kind,
        operation=node.operation,
        wall_s=node.cost.wall_s,
        created_ms=node.created_ms,
    )


def _run(served: Served, text: str | None) -> str | None:
    """Return the id of a run that a text names."""
    if text is None:
        return None
    try:
        return served.store.run(text).id
    except Ambiguous:
        raise
    except NotFound:
        raise NotFound(f"there is no run {text!r}", hint="its decisions were asked for") from None


HANDLERS: dict[str, Handler] = {
    "lineage.graph": graph,
    "lineage.outline": outline,
    "lineage.search": search,
    "lineage.paths": paths,
    "lineage.impact": impact,
}
