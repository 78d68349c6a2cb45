"""From a part of the graph to a picture of it: points, lines and their places."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from blake3 import blake3

from clew.api.layout.draw import Layout, layout
from clew.api.rest.contract.lineage import Graph, GraphEdge, GraphNode
from clew.api.rest.handlers.focus import Focus
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.records import Value
from clew.lineage.survey import Decided, Part, PartNode

_CALL = (184.0, 44.0)
_VALUE = (152.0, 30.0)
_LITERALS = frozenset({"int", "float", "str", "bool", "bytes", "NoneType", "complex"})
_SHORT = 60
_LABEL = 48
_KEPT = 64

_layouts: OrderedDict[str, Layout] = OrderedDict()
_lock = threading.Lock()


def draw(part: Part, decided: Mapping[NodeId, Decided], focus: Focus, values: str) -> Graph:
    """Return a part of the graph with its layout.

    Parameters
    ----------
    values : {"none", "data", "all"}
        Which values that no node made stand as points of their own.
    """
    points = [_call(node, decided.get(node.id)) for node in part.nodes]
    names: dict[tuple[int, int], list[str]] = {}
    leaves: dict[ValueId, int] = {}
    for edge in part.edges:
        source = edge.source
        if source is None:
            value = part.leaves.get(edge.value)
            shown = edge.value in focus.values or (value is not None and _shows(value, values))
            if not shown:
                continue
            if edge.value not in leaves:
                leaves[edge.value] = len(points)
                points.append(_leaf(edge.value, value))
            source = leaves[edge.value]
        names.setdefault((source, edge.target), []).append(edge.name)
    id = _hash(points, names)
    placed = _placed(id, points, list(names))
    return Graph(
        id=id,
        focus=[
            *(i for i, node in enumerate(part.nodes) if node.distance == 0 and not focus.values),
            *(leaves[value] for value in focus.values if value in leaves),
        ],
        nodes=[
            _at(point, placed.layer[i], placed.x[i], placed.y[i]) for i, point in enumerate(points)
        ],
        edges=[
            GraphEdge(source=source, target=target, names=listed, points=list(placed.lines[i]))
            for i, ((source, target), listed) in enumerate(names.items())
        ],
        width=placed.width,
        height=placed.height,
        truncated=part.truncated,
    )


def _placed(id: str, points: Sequence[GraphNode], edges: Sequence[tuple[int, int]]) -> Layout:
    with _lock:
        known = _layouts.get(id)
        if known is not None:
            _layouts.move_to_end(id)
            return known
    made = layout([(point.width, point.height) for point in points], edges)
    with _lock:
        _layouts[id] = made
        while len(_layouts) > _KEPT:
            _layouts.popitem(last=False)
    return made


def _hash(points: Sequence[GraphNode], names: Mapping[tuple[int, int], list[str]]) -> str:
    """Return the name of a picture: what its points are and how they hang together."""
    hasher = blake3()
    for point in points:
        hasher.update(bytes.fromhex(point.id))
    for source, target in names:
        hasher.update(b"%d>%d;" % (source, target))
    return hasher.hexdigest(length=20)


def _call(node: PartNode, decided: Decided | None) -> GraphNode:
    return GraphNode(
        id=node.id.hex(),
        kind=node.kind,
        label=_short(node.operation.rpartition(":")[2] or node.operation),
        operation=node.operation,
        decision=decided.decision if decided else None,
        reason=decided.reason if decided else None,
        wall_s=node.wall_s,
        saved_s=decided.saved_s if decided else 0.0,
        size_bytes=node.size_bytes,
        created_ms=node.created_ms,
        irreproducible=node.irreproducible,
        distance=node.distance,
        hidden_up=node.hidden_up,
        hidden_down=node.hidden_down,
        layer=0,
        x=0.0,
        y=0.0,
        width=_CALL[0],
        height=_CALL[1],
    )


def _leaf(id: ValueId, value: Value | None) -> GraphNode:
    return GraphNode(
        id=id.hex(),
        kind="value",
        label=_short(value.preview if value and value.preview else id.hex()[:12]),
        operation=value.type_name if value else "",
        decision=None,
        reason=None,
        wall_s=0.0,
        saved_s=0.0,
        size_bytes=value.size_bytes if value else 0,
        created_ms=None,
        irreproducible=False,
        distance=0,
        hidden_up=0,
        hidden_down=0,
        layer=0,
        x=0.0,
        y=0.0,
        width=_VALUE[0],
        height=_VALUE[1],
    )


def _at(point: GraphNode, layer: int, x: float, y: float) -> GraphNode:
    # A tenth of msgspec.structs.replace's time, for thousands of points.
    return GraphNode(
        id=point.id,
        kind=point.kind,
        label=point.label,
        operation=point.operation,
        decision=point.decision,
        reason=point.reason,
        wall_s=point.wall_s,
        saved_s=point.saved_s,
        size_bytes=point.size_bytes,
        created_ms=point.created_ms,
        irreproducible=point.irreproducible,
        distance=point.distance,
        hidden_up=point.hidden_up,
        hidden_down=point.hidden_down,
        layer=layer,
        x=round(x, 1),
        y=round(y, 1),
        width=point.width,
        height=point.height,
    )


def _shows(value: Value, wanted: str) -> bool:
    if wanted == "data":
        module, _, name = value.type_name.rpartition(".")
        if name in _LITERALS and module in ("builtins", ""):
            return False
        return module != "builtins" or value.size_bytes > 1000 or len(value.preview) > _SHORT
    return wanted == "all"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"
