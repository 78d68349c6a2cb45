"""What verdicts and versions stand on: operations of nodes, and the values that `gc` keeps."""

from __future__ import annotations

from clew.lineage.canonical import ValueId
from clew.steps.runtime import Runtime

VERDICT, LABELLED, ROWS = "clew.debug:gate", "clew.debug:label", "clew.debug:rows"
ALERT = "clew.debug:alert"
VERSION = "clew.data:version"
ONLINE = "clew.data:online"
_ALL = 1_000_000


def evidence(runtime: Runtime) -> set[ValueId]:
    """Return what verdicts, labels, test sets, alerts and versions are of: it is never dropped."""
    found: set[ValueId] = set()
    for operation in (VERDICT, LABELLED, ROWS, ALERT, VERSION, ONLINE):
        for node in runtime.store.history(operation, _ALL):
            found |= {edge.value for edge in (*node.inputs, *node.outputs)}
    return found
