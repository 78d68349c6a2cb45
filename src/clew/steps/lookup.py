"""Is the result of a call known, and still valid?"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from clew.errors import ClewError
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Node, Read
from clew.steps import rng
from clew.steps.observe import file_content, is_folder
from clew.steps.runtime import Runtime


def find(runtime: Runtime, call: NodeId, *, generators: bool = True) -> Node | None:
    """Return a node of the call whose result is valid now.

    Parameters
    ----------
    generators : bool, default True
        Whether a node that drew from a global generator may match (its state must be the same).
    """
    return find_many(runtime, [call], generators=generators).get(call)


def find_many(
    runtime: Runtime, calls: Sequence[NodeId], *, generators: bool = True
) -> Mapping[NodeId, Node]:
    """Return a valid node for each of the calls that has one."""
    found: dict[NodeId, Node] = {}
    for call, nodes in runtime.store.variants(calls).items():
        for node in nodes:
            if not node.irreproducible and _holds(node, generators=generators):
                found[call] = node
                break
    return found


def _holds(node: Node, *, generators: bool) -> bool:
    return all(
        (read.kind != "rng" or generators) and content_now(read) == read.value
        for read in node.reads
    )


def content_now(read: Read) -> ValueId | None:
    """Return the content id of what a step once read, as it is now; None when it has none."""
    try:
        return _READERS[read.kind](read.name)
    except (ClewError, OSError, ImportError):
        return None


def _generator_state(name: str) -> ValueId:
    return fingerprint(rng.plain(rng.state_now(name)))


_READERS: Mapping[str, Callable[[str], ValueId]] = {
    "file": file_content,
    "folder": is_folder,
    "wrote": file_content,
    "env": lambda name: fingerprint(os.environ.get(name)),
    "rng": _generator_state,
}
