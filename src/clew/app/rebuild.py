"""Execute a thread again from its record and compare every content id: LIMA's reconstruct.

Nothing is reused: each step runs on the values that its sources just gave, in the folder in which
the run stood. The first value that differs is named, with what is known to have changed (code,
files, environment). What steps write is put back as it was.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clew.app.put_back import files_put_back
from clew.errors import ClewError, NotFound, Unhashable
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.code.archive import from_stored
from clew.lineage.code.explain import explain
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Node
from clew.lineage.trace import in_order, is_event
from clew.steps.execute import Replayable, delivered, execute
from clew.steps.lookup import content_now
from clew.steps.outcome import OPERATION, SIGNATURE
from clew.steps.runtime import Runtime
from clew.steps.slots import assemble
from clew.steps.step import Step


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found.

    Parameters
    ----------
    identical : bool
        Every content id came out as recorded.
    executed : int
        How many nodes were executed.
    node, operation : str
        The first node whose result differs or could not be made; "" when identical.
    difference : str
        What differs, and what is known to have changed.
    """

    identical: bool
    executed: int
    node: str = ""
    operation: str = ""
    difference: str = ""


class _Stop(Exception):
    def __init__(self, node: Node, difference: str) -> None:
        super().__init__(difference)
        self.node = node


def rebuild_here(runtime: Runtime, targets: Sequence[NodeId], folder: str) -> Rebuilt:
    """Rebuild the thread above `targets` in this process.

    Parameters
    ----------
    folder : str
        Folder from which the run's modules are imported.
    """
    if folder not in sys.path:
        sys.path.insert(0, folder)
    ids = runtime.store.closure(targets, "up")
    nodes = in_order([node for node in map(runtime.store.node, ids) if node is not None])
    thread = _Thread(runtime)
    for count, node in enumerate(nodes):
        try:
            thread.run(node)
        except _Stop as stop:
            return Rebuilt(False, count, node.id.hex(), node.operation, str(stop))
    return Rebuilt(True, len(nodes))


def rebuild(runtime: Runtime, targets: Sequence[NodeId], folder: str, directory: str) -> Rebuilt:
    """Rebuild the thread above `targets` in a fresh process.

    Parameters
    ----------
    folder : str
        Folder from which the run's modules are imported.
    directory : str
        Where the run stood, which decides what relative paths mean. Where there is no such folder
        any more, an empty one takes its place.
    """
    request = json.dumps(
        {"store": runtime.location, "targets": [id.hex() for id in targets], "folder": folder}
    )
    with tempfile.TemporaryDirectory(prefix="clew-rebuild-") as empty:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "clew.app.rebuild", request],
            capture_output=True,
            text=True,
            cwd=directory if Path(directory).is_dir() else empty,
            check=False,
        )
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        tail = done.stderr.strip().splitlines()[-1:] or ["no output"]
        raise ClewError(f"the rebuilding process failed: {tail[0]}")
    return Rebuilt(**json.loads(lines[-1]))


class _Thread:
    """Values of the thread under reconstruction, by the content ids of their records."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._values: dict[ValueId, Any] = {}

    def run(self, node: Node) -> None:
        if node.operation == OPERATION:
            parts = assemble(SIGNATURE, node.inputs, lambda id: delivered(self._value(node, id)))
            self._check(node, parts["result"])
            return
        if node.kind == "pick":
            of, key = (self._value(node, edge.value) for edge in node.inputs)
            kind = node.operation.rpartition(":")[2]
            self._check(node, of[key] if kind == "item" else getattr(of, key))
            return
        if is_event(node):
            raise _Stop(
                node, "it was not reusable when it ran, so it cannot be rebuilt from its record"
            )
        step = self._step(node)
        for read in node.reads:
            if read.kind not in ("rng", "wrote") and content_now(read) != read.value:
                raise _Stop(node, f"{read.kind} {read.name} differs from what was read")
        arguments = self._arguments(step, node)
        try:
            outcome = execute(step, arguments, own_root=self._runtime.folder, checkpoint=None)
        except Exception as error:
            raise _Stop(node, f"it raised {type(error).__name__}: {error}") from error
        try:
            self._check(node, outcome.result)
        except _Stop as stop:
            drawn = ", ".join(read.name for read in node.reads if read.kind == "rng")
            if not drawn:
                raise
            raise _Stop(node, f"{stop}; it drew from {drawn} without a seed") from None

    def _check(self, node: Node, result: Any) -> None:
        expected = node.output("items") or node.output("result")
        plain = result.items if isinstance(result, Replayable) else result
        try:
            got = fingerprint(plain)
        except Unhashable as error:
            raise _Stop(node, f"its result has no content id: {error.message}") from None
        if expected is None or got != expected:
            want = expected.hex() if expected else "(none)"
            raise _Stop(node, f"result {got.hex()}, recorded {want}")
        recorded = node.output("result")
        assert recorded is not None
        self._values[recorded] = result

    def _step(self, node: Node) -> Step[..., Any]:
        step = _import_step(self._runtime, node)
        try:
            code = step.code()
        except Unhashable as error:
            raise _Stop(node, f"its code has no fingerprint any more: {error.message}") from None
        if code.id != node.code:
            stored = self._runtime.store.code(node.code) if node.code else None
            lines = explain(from_stored(stored), code) if stored else ["its record is missing"]
            raise _Stop(node, f"its code changed: {'; '.join(lines)}")
        return step.with_options(seed=node.seed)

    def _arguments(self, step: Step[..., Any], node: Node) -> Mapping[str, Any]:
        return assemble(step.signature, node.inputs, lambda id: delivered(self._value(node, id)))

    def _value(self, node: Node, id: ValueId) -> Any:
        if id not in self._values:
            self._values[id] = self._leaf(node, id)
        return self._values[id]

    def _leaf(self, node: Node, id: ValueId) -> Any:
        """Return a value that no node made: an argument, written as a literal or stored."""
        described = self._runtime.store.describe([id]).get(id)
        if described is not None:
            try:
                value = ast.literal_eval(described.preview)
                if fingerprint(value) == id:
                    return value
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                pass
        try:
            return self._runtime.vault.get(id)
        except NotFound:
            raise _Stop(node, f"an argument ({id.hex()[:12]}) is not in the store") from None


def _import_step(runtime: Runtime, node: Node) -> Step[..., Any]:
    if node.kind == "automl":
        raise _Stop(node, "a search that ends by the clock finds another model each time")
    module_name, _, qualname = node.operation.partition(":")
    if module_name == "__main__":
        raise _Stop(
            node, "it was defined at a prompt or in a notebook; a rebuild imports steps from files"
        )
    try:
        module: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise _Stop(node, f"module {module_name} cannot be imported: {error}") from None
    found = module
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, Step):
        raise _Stop(node, f"{node.operation} is not a step any more")
    return found


def _main(request: str) -> None:
    from clew.app.wiring import install, open_runtime, settings_of

    install()
    asked = json.loads(request)
    runtime = open_runtime(settings_of(asked["store"]))
    targets = [NodeId(bytes.fromhex(text)) for text in asked["targets"]]  # type: ignore[arg-type]
    with files_put_back(runtime.folder, runtime.states):
        found = rebuild_here(runtime, targets, asked["folder"])
    print(f"\n{json.dumps(asdict(found))}")  # steps may leave a line of output unfinished


if __name__ == "__main__":
    _main(sys.argv[1])
