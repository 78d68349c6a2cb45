"""Where two threads part."""

from __future__ import annotations

from clew.api.rest.contract.compare import Diff, Difference, DiffQuery, Parting
from clew.api.rest.dispatch import Handler
from clew.app import names
from clew.app.served import Served
from clew.lineage import differences


def diff(served: Served, query: DiffQuery) -> Diff:
    """Say at which nodes two threads part first, and why."""
    store, runtime = served.store, served.store.runtime
    partings = store.diff(query.a, query.b)
    threads = []
    for text in (query.a, query.b):
        starts = [node.id for node in names.nodes_of(runtime, text)]
        threads.append(set(runtime.store.closure(starts, "up")))
    one, two = threads
    return Diff(
        same=not partings,
        partings=[
            Parting(
                operation=parting.operation,
                a=parting.a.id.hex() if parting.a else None,
                b=parting.b.id.hex() if parting.b else None,
                why=[difference(found) for found in parting.why],
            )
            for parting in partings
        ],
        a_nodes=len(one),
        b_nodes=len(two),
        shared=len(one & two),
    )


def difference(found: differences.Difference) -> Difference:
    """Return a difference as the contract has it."""
    return Difference(field=found.field, was=found.was, now=found.now, text=str(found))


HANDLERS: dict[str, Handler] = {"lineage.diff": diff}
