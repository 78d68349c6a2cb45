"""What depends on a file, a value, a node or a library version: down to models and versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clew.app.names import nodes_of
from clew.app.tracking import Tracking, tracking_of
from clew.entities import LoggedModel, ModelVersion
from clew.errors import ClewError, NotFound
from clew.lineage.canonical import NodeId
from clew.lineage.code.archive import from_stored
from clew.lineage.records import Node
from clew.steps.runtime import Runtime

_LIBRARY = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(==(?P<version>[\w.+!-]+))?$")
_MOST_VERSIONS = 200_000


@dataclass(frozen=True, slots=True)
class Impact:
    """What depends on something.

    Parameters
    ----------
    what : str
        What was asked about, in words.
    direct : tuple of Node
        Nodes that read or use it.
    downstream : tuple of Node
        Those, and everything made from them, nearest first.
    models : tuple of LoggedModel
        Logged models among what was made.
    versions : tuple of ModelVersion
        Versions of registered models that are one of these, or of the same content.
    """

    what: str
    direct: tuple[Node, ...]
    downstream: tuple[Node, ...]
    models: tuple[LoggedModel, ...] = ()
    versions: tuple[ModelVersion, ...] = ()


def impact(runtime: Runtime, text: str) -> Impact:
    """Return what depends on a path, an id, or a library (``pandas`` or ``pandas==3.1.1``).

    The path of a Python file also stands for the code in it that steps were seen to reach.

    Raises
    ------
    NotFound
        When nothing in the store knows it.
    """
    for look in (_file, _code, _library):
        what, direct = look(runtime, text)
        if direct:
            return reached(runtime, what, direct)
    try:
        nodes = nodes_of(runtime, text)
    except ClewError:
        raise NotFound(
            f"nothing in the store depends on {text!r}",
            expected="a path that a step read, an id, or a library such as pandas==3.1.1",
        ) from None
    return reached(runtime, f"id {text}", [node.id for node in nodes])


def reached(runtime: Runtime, what: str, direct: list[NodeId]) -> Impact:
    """Return nodes with all that was made from them, down to models and versions."""
    reached = runtime.store.closure(direct, "down")
    found = {id: runtime.store.node(id) for id in dict.fromkeys([*direct, *reached])}
    nodes = {id: node for id, node in found.items() if node is not None}
    models, versions = _models(tracking_of(runtime), list(nodes.values()))
    near = tuple(nodes[id] for id in direct if id in nodes)
    return Impact(what, near, tuple(nodes.values()), models, versions)


def _models(
    tracking: Tracking, nodes: Sequence[Node]
) -> tuple[tuple[LoggedModel, ...], tuple[ModelVersion, ...]]:
    """Return the logged models that nodes made, and the versions that these are."""
    # A run's node gives the models that it logged, each under its name (see `track`).
    made = [
        edge.value
        for node in nodes
        for edge in node.outputs
        if node.kind == "run" and edge.name.startswith("model:")
    ]
    if not made:
        return (), ()
    found = tracking.search.models_of(made)
    ids, contents = {model.id for model in found}, {content.hex() for content in made}
    versions = [
        version
        for version in tracking.versions.search(limit=_MOST_VERSIONS).items
        if version.model_id in ids or version.content in contents
    ]
    return found, tuple(sorted(versions, key=lambda one: (one.name, one.version)))


def _file(runtime: Runtime, text: str) -> tuple[str, list[NodeId]]:
    spellings = dict.fromkeys([text, str(Path(text)), str(Path(text).absolute())])
    try:
        spellings[str(Path(text).absolute().relative_to(Path.cwd()))] = None
    except ValueError:
        pass
    readers: dict[NodeId, None] = {}
    for spelling in spellings:
        readers.update(dict.fromkeys(runtime.store.readers("file", spelling)))
        for value in runtime.store.paths_called(spelling):
            readers.update(dict.fromkeys(runtime.store.linked(value, "down")))
    return f"file {text}", list(readers)


def _code(runtime: Runtime, text: str) -> tuple[str, list[NodeId]]:
    path = Path(text).absolute()
    if path.suffix != ".py":
        return text, []
    parts = path.parent.parts if path.name == "__init__.py" else (*path.parent.parts, path.stem)
    names = {".".join(parts[start:]) for start in range(1, len(parts))}
    users, scripts = [], []
    for code in runtime.store.codes():
        modules = {unit.module for unit in from_stored(code).units if unit.kind != "library"}
        if modules & names:
            users.append(code.id)
        elif "__main__" in modules:
            scripts.append(code.id)
    found = list(runtime.store.nodes_of_code(users)) if users else []
    # A script's steps go by its own name, wherever it was when it ran as `__main__`.
    for id in runtime.store.nodes_of_code(scripts) if scripts else ():
        node = runtime.store.node(id)
        if node is not None and node.operation.partition(":")[0] in names:
            found.append(id)
    return f"code in {text}", found


def _library(runtime: Runtime, text: str) -> tuple[str, list[NodeId]]:
    match = _LIBRARY.match(text)
    if match is None:
        return text, []
    name, version = match["name"].lower(), match["version"]
    users = []
    for code in runtime.store.codes():
        for library, used in from_stored(code).libraries:
            if library.lower() == name and version in (None, used):
                users.append(code.id)
    return f"library {text}", list(runtime.store.nodes_of_code(users)) if users else []
