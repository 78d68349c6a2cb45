"""Search over everything."""

from __future__ import annotations

from clew.api.rest.contract.search import Hits, SearchQuery
from clew.api.rest.dispatch import Handler
from clew.app import names
from clew.app.served import Served
from clew.entities.overview import Hit
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node


def everything(served: Served, query: SearchQuery) -> Hits:
    """Search ids by their beginning, then names and notes, then the graph."""
    text = query.q.strip()
    items = _by_id(served, text)
    known = {(hit.kind, hit.id) for hit in items}
    items += [
        hit for hit in served.pages.find(text, query.limit) if (hit.kind, hit.id) not in known
    ]
    if len(items) < query.limit and text:
        for found in served.survey.find(text, query.limit - len(items)):
            if found.kind != "file":
                items.append(
                    Hit(
                        kind=found.kind,
                        id=found.id,
                        title=found.label,
                        detail=found.detail,
                        time_ms=None,
                    )
                )
    return Hits(items=items[: query.limit])


def _by_id(served: Served, text: str) -> list[Hit]:
    store = served.store.runtime.store
    items = []
    for kind, id in store.match(text) if len(text) >= names.SHORTEST else ():
        if kind == "run":
            rows = served.run_pages.rows([id])
            title, time_ms = (rows[0].name, rows[0].started_ms) if rows else (id, None)
            items.append(Hit(kind="run", id=id, title=title, detail=id, time_ms=time_ms))
        elif kind == "node":
            node = store.node(NodeId(Digest(bytes.fromhex(id))))
            if node is not None:
                items.append(_node(node))
        else:
            value = ValueId(Digest(bytes.fromhex(id)))
            known = store.describe([value]).get(value)
            shown = known.preview if known else ""
            items.append(Hit(kind="value", id=id, title=shown or id[:12], detail=id, time_ms=None))
    return items


def _node(node: Node) -> Hit:
    return Hit(
        kind="study" if node.kind == "study" else "node",
        id=node.id.hex(),
        title=node.operation,
        detail=node.id.hex(),
        time_ms=node.created_ms,
    )


HANDLERS: dict[str, Handler] = {"search.all": everything}
