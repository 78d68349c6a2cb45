"""The store behind the cache: results dear enough to compute are found by later processes.

What is kept is exact alone (what a rewrite answered within a tolerance stays in memory) and is
named by its lineage and by the builds, threads and settings that decide its last bits. Each result
is a value of the store and a node that leads to the arrays that it was made of, so the store's
budget, `clew gc` and `clew lineage` treat it as any other.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from clew.errors import ClewError, MissingExtra
from clew.lineage.canonical import DIGEST_BYTES, Digest, NodeId, ValueId, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge, Node, Value
from clew.reuse.notices import Microphone, Notice
from clew.reuse.trace.cache import Entry, owned_bytes
from clew.reuse.trace.cell import Array, Cell
from clew.reuse.trace.item import READ, Item, make, walk
from clew.reuse.trace.literal import Hole, encode
from clew.reuse.trace.opcode import OUTPUT
from clew.reuse.trace.outputs import Arranged
from clew.reuse.trace.text import parse, serialise
from clew.steps.runtime import Runtime

DEAR_S = 0.05
"""Results that took less are not offered to the store: it would take a notable share of that."""

_FORMAT = 1
_OPERATION = "clew.reuse.trace:kept"
_SHARE = 0.05
"""Storing a result may take this share of what computing it took."""
_WRITTEN_PER_S = 120e6
_NODE_S = 1.5e-3
_MOST_NODES = 5_000
"""How many results, the newest first, a session looks for."""
_MOST_ITEMS = 2_000
"""How far up the lineage the arrays are looked for that a result was made of."""
_MOST_TEXT_ITEMS = 50_000


class StoreTier:
    """Results of operations and of function-level steps in a store.

    Parameters
    ----------
    runtime : Runtime
        The store.
    scope : int
        Number of the session that uses it.

    Raises
    ------
    MissingExtra
        When threadpoolctl is not installed: without it nobody knows which build of BLAS runs, and
        with how many threads.
    """

    def __init__(self, runtime: Runtime, scope: int) -> None:
        self._runtime = runtime
        self._scope = scope
        self._builds = _Builds()
        self._kept: dict[bytes, dict[Digest, tuple[ValueId, float]]] | None = None
        self._lock = threading.RLock()
        _ears.open()

    def close(self) -> None:
        """Stop listening for warnings; nothing is kept from now on."""
        _ears.close()

    @property
    def location(self) -> str:
        """Folder of the store."""
        return self._runtime.location

    def keeps(self, id: bytes) -> bool:
        """Tell whether the store had a result under this id when the session first looked."""
        return id in (self._index() if self._kept is None else self._kept)

    def recall(self, item: Item) -> Entry | None:
        """Return the result of an operation."""
        if not self.keeps(item.id):
            return None
        found = self._read(item.id)
        if found is None:
            return None
        arrays, tree, _, cost_s = found
        if tree is None:
            return _entry([(item, arrays[0])], None, cost_s, self._scope)
        named = [
            (make(OUTPUT, (item,), f"(@0,{encode(path)})"), arrays[position])
            for path, position in _holes(tree, ())
        ]
        return _entry(named, Arranged(tree), cost_s, self._scope)

    def recall_call(self, id: bytes) -> Entry | None:
        """Return what a function-level step gave, with its lineage."""
        if not self.keeps(id):
            return None
        found = self._read(id)
        if found is None or len(found[2]) != len(found[0]):
            return None
        arrays, tree, lineage, cost_s = found
        named = [(parse(text), array) for text, array in zip(lineage, arrays, strict=True)]
        return _entry(named, None if tree is None else Arranged(tree), cost_s, self._scope)

    def offer(self, item: Item, entry: Entry, inputs: Sequence[Cell]) -> bool:
        """Keep the result of an operation if that is worth it; tell whether it was kept."""
        return self._put(item.id, item.opcode, entry, inputs, [item])

    def offer_call(self, id: bytes, opcode: str, entry: Entry, inputs: Sequence[Cell]) -> bool:
        """Keep what a function-level step gave, with its lineage."""
        roots = [cell.item for cell in entry.cells]
        return self._put(id, opcode, entry, inputs, roots, with_lineage=True)

    def _put(
        self, id: bytes, opcode: str, entry: Entry, inputs: Sequence[Cell], roots: list[Item], *,
        with_lineage: bool = False,
    ) -> bool:  # fmt: skip
        size_bytes = sum(cell.size_bytes for cell in entry.cells)
        if _SHARE * entry.cost_s < _NODE_S + size_bytes / _WRITTEN_PER_S:
            return False
        if not all(_is_lasting(cell, inputs) for cell in entry.cells):
            return False
        lineage: list[str] = []
        if with_lineage:
            for root in roots:
                if sum(1 for _ in islice(walk([root]), _MOST_TEXT_ITEMS)) == _MOST_TEXT_ITEMS:
                    return False
                lineage.append(serialise(root))
        tree = None if entry.payload is None else _plain(entry.payload)
        if entry.payload is not None and tree is None:
            return False
        content = {"arrays": [cell.value for cell in entry.cells], "tree": tree, "trace": lineage}
        decision = self._runtime.materialiser.decide(
            cumulative_compute_s=entry.cost_s,
            load_s=self._runtime.vault.load_s(size_bytes),
            size_bytes=size_bytes,
        )
        if not decision.keep:
            return False
        try:
            self._write(id, opcode, content, roots, Cost(entry.cost_s, entry.cost_s, size_bytes))
        except ClewError:  # a full disk, a store that is read-only: the result stays in memory
            self._runtime.materialiser.release(size_bytes)
            return False
        return True

    def _write(
        self, id: bytes, opcode: str, content: dict[str, Any], roots: list[Item], cost: Cost
    ) -> None:
        runtime = self._runtime
        value = fingerprint(content)
        _, stored_bytes = runtime.vault.put(content, value)
        environment = self._builds.id(runtime)
        runtime.store.put_environment(environment, self._builds.record())
        call = NodeId(digest("trace-result", _FORMAT, [id, environment]))
        node = Node(
            id=NodeId(digest("trace-kept", _FORMAT, [call, value])),
            call=call,
            operation=_OPERATION,
            kind="operation",
            code=None,
            environment=environment,
            seed=None,
            inputs=tuple(Edge(f"array{n}", leaf) for n, leaf in enumerate(_leaves(roots))),
            outputs=(Edge("result", value), Edge(opcode, ValueId(Digest(id)))),
            cost=cost,
            created_ms=int(time.time() * 1000),
        )
        shown = describe(value, None)
        shapes = ", ".join(f"{a.dtype} {a.shape}" for a in content["arrays"])
        kept = Value(
            value, "builtins.dict", f"{opcode}: {shapes}"[:200], format=shown.format,
            size_bytes=stored_bytes, state="stored",
        )  # fmt: skip
        runtime.store.record([node], [kept])
        with self._lock:
            if self._kept is not None:
                self._kept.setdefault(id, {})[environment] = (value, cost.wall_s)

    def _index(self) -> dict[bytes, dict[Digest, tuple[ValueId, float]]]:
        """Return which results the store has: read once, when the session first looks."""
        with self._lock:
            if self._kept is None:
                found: dict[bytes, dict[Digest, tuple[ValueId, float]]] = {}
                for node in reversed(self._runtime.store.history(_OPERATION, _MOST_NODES)):
                    if len(node.outputs) == 2 and node.environment is not None:
                        value, id = (edge.value for edge in node.outputs)
                        found.setdefault(id, {})[node.environment] = (value, node.cost.wall_s)
                self._kept = found
            return self._kept

    def _read(self, id: bytes) -> tuple[list[Array], Any, list[str], float] | None:
        entries = self._index()[id]
        environment = self._builds.id(self._runtime)
        if environment not in entries:
            return None
        value, cost_s = entries[environment]
        try:
            content = self._runtime.vault.get(value)
            tree = None if content["tree"] is None else _revived(content["tree"])
        except (ClewError, LookupError, TypeError, AttributeError, ImportError):
            # Dropped by `clew gc`, damaged, or written by another version: computed again.
            with self._lock:
                entries.pop(environment, None)
            return None
        return list(content["arrays"]), tree, list(content["trace"]), cost_s


def _is_lasting(cell: Cell, inputs: Sequence[Cell]) -> bool:
    """Tell whether a result means the same elsewhere: exact, whole, and no view of an input.

    Infinities and NaN stay out: computing them may have shown a warning, which a later process
    would not see.
    """
    if not (cell.exact and cell.ready) or cell.made is not cell.item or cell.guard is not None:
        return False
    value = cell.value
    if not (value.flags.c_contiguous or value.flags.f_contiguous):
        return False
    if value.dtype.kind in "fc" and not bool(np.isfinite(value).all()):
        return False
    return not any(
        one.ready and np.may_share_memory(value, one.value) for one in inputs if one.size
    )


def _entry(named: Sequence[tuple[Item, Array]], payload: Any, cost_s: float, scope: int) -> Entry:
    cells = []
    for item, array in named:
        value = np.asarray(array)
        value.setflags(write=False)
        cells.append(Cell(item, value, scope=scope).publish())
    return Entry(tuple(cells), cost_s, owned_bytes(tuple(cells)), payload)


def _leaves(roots: Sequence[Item]) -> list[ValueId]:
    """Return the content ids of the arrays that results were made of, each once."""
    found: dict[ValueId, None] = {}
    for item in islice(walk(roots), _MOST_ITEMS):
        if item.opcode == READ and len(item.data) == 2 * DIGEST_BYTES + 4:
            found[ValueId(Digest(bytes.fromhex(item.data[2:-2])))] = None
    return list(found)


_ATOMS = (bool, int, float, complex, str, bytes, type(None))


def _plain(payload: Any) -> Any:
    """Return an arrangement as nested plain lists, or None where it has parts of other types."""
    try:
        return _flat(payload.tree) if isinstance(payload, Arranged) else None
    except TypeError:
        return None


def _flat(tree: Any) -> list[Any]:
    kind = type(tree)
    if kind is Hole:
        return ["hole", tree.position]
    if kind in _ATOMS:
        return ["atom", tree]
    if isinstance(tree, (tuple, list)):
        name = f"{kind.__module__}:{kind.__qualname__}"
        if kind not in (tuple, list) and _container(name) is not kind:
            raise TypeError(name)
        return [name, *(_flat(part) for part in tree)]
    raise TypeError(kind.__name__)


def _revived(flat: list[Any]) -> Any:
    head, *rest = flat
    if head == "hole":
        return Hole(rest[0])
    if head == "atom":
        return rest[0]
    parts = [_revived(part) for part in rest]
    kind = _container(head)
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def _container(name: str) -> Any:
    """Return a tuple, a list, or one of NumPy's and SciPy's named tuples.

    Raises
    ------
    TypeError
        When it is something else.
    """
    module, _, qualname = name.partition(":")
    if name in ("builtins:tuple", "builtins:list"):
        return tuple if name.endswith("tuple") else list
    if module.partition(".")[0] not in ("numpy", "scipy") or "." in qualname:
        raise TypeError(name)
    kind = getattr(importlib.import_module(module), qualname, None)
    if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
        raise TypeError(name)
    return kind


def _holes(tree: Any, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield the path and the number of each hole, in order."""
    if isinstance(tree, Hole):
        yield path, tree.position
    elif isinstance(tree, (tuple, list)):
        for index, part in enumerate(tree):
            yield from _holes(part, (*path, index))


class _Ears:
    """Counts the warnings of each thread: what gave one is computed again by a later process."""

    def __init__(self) -> None:
        self._count = threading.local()
        self._open = 0
        self._lock = threading.Lock()
        self._microphone = Microphone(self._hear)

    def open(self) -> None:
        """Listen until `close` was called as often as this."""
        with self._lock:
            self._open += 1
            if self._open == 1:
                self._microphone.install()

    def close(self) -> None:
        """Undo one `open`."""
        with self._lock:
            self._open -= 1
            if self._open == 0:
                self._microphone.remove()

    def heard(self) -> int:
        """Return how many warnings this thread has given."""
        return getattr(self._count, "n", 0)

    def _hear(self, notice: Notice) -> None:
        self._count.n = self.heard() + 1


_ears = _Ears()
heard = _ears.heard


class _Builds:
    """Builds of the numerical libraries and their threads: they decide the last bits."""

    _LIBRARIES = ("numpy", "scipy.linalg", "scipy.special", "sklearn", "torch")

    def __init__(self) -> None:
        try:
            self._controller = importlib.import_module("threadpoolctl").ThreadpoolController
        except ImportError as error:
            raise MissingExtra(
                "A store for traced arrays needs threadpoolctl: builds and threads of BLAS decide "
                "the last bits of what it keeps.",
                hint="pip install 'clew[sklearn]'",
            ) from error
        self._loaded: tuple[bool, ...] = ()
        self._libraries: list[Any] = []

    def record(self) -> dict[str, str]:
        """Return builds and threads as names and values."""
        loaded = tuple(name in sys.modules for name in self._LIBRARIES)
        if loaded != self._loaded:
            found = self._controller().lib_controllers
            self._libraries = sorted(found, key=lambda lib: (lib.prefix, lib.filepath))
            self._loaded = loaded
        record = {}
        for name in ("numpy", "scipy"):
            record[name] = str(getattr(sys.modules.get(name), "__version__", ""))
        for number, library in enumerate(self._libraries):
            info = library.info()
            info.pop("filepath", None)
            record |= {f"{name} {number}": str(info[name]) for name in sorted(info)}
        return record

    def id(self, runtime: Runtime) -> Digest:
        """Return the id of the environment as it is now, in this thread."""
        fields = [f"{name}={text}".encode() for name, text in sorted(self.record().items())]
        return digest("trace-environment", _FORMAT, [runtime.environment_now(), *fields])
