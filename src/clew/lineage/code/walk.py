"""The walk from one object over all project code that it reaches.

Units (functions, classes, modules of the project, and what is composed of them) are numbered by
first visit, so that mutual recursion ends and no address counts. Texts are cached per code object;
what a name means is read again at every walk, because a program may change it at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from clew.errors import Unhashable
from clew.lineage.canonical import CodeId, Digest, ValueId, digest, frame
from clew.lineage.code.ambient import Finding
from clew.lineage.code.guards import Guards
from clew.lineage.code.nesting import Nesting
from clew.lineage.code.origin import release
from clew.lineage.code.paths import paths_in
from clew.lineage.code.record import Unit, UnitKind
from clew.lineage.code.values import readable, value_id

FORMAT = 1
_SCALARS = frozenset({int, bool, float, str, bytes, complex, type(None)})
Edge = tuple[bytes, bytes]
"""What is read (a `key`, fixed by the code) and the token of what was found there."""


@lru_cache(maxsize=1 << 16)
def key(kind: str, name: str = "") -> bytes:
    """Return the first half of an edge: in which way, and under which name, a thing is read."""
    return frame(kind.encode()) + frame(name.encode())


class Where(NamedTuple):
    """Under which name something was found: for display, and to notice an alias."""

    module: str
    name: str

    @property
    def last(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    def inside(self, part: str) -> Where:
        """Return where a part of this lies."""
        return Where(self.module, f"{self.name}.{part}")


class Shown(NamedTuple):
    """How a unit appears in a record."""

    kind: UnitKind
    where: Where
    source: str = ""


Body = Callable[["Walk"], Iterable[Edge]]


@dataclass(slots=True)
class Walk:
    """One walk; `recording` also collects what a `CodeRecord` shows."""

    nesting: Nesting
    recording: bool = False
    guards: Guards = field(default_factory=Guards)
    units: list[Unit] = field(default_factory=list)
    libraries: dict[str, str] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    _bodies: list[bytes] = field(default_factory=list)
    _index: dict[int, int] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)
    _pending: deque[tuple[int, Body, Shown | None]] = field(default_factory=deque)
    _constants: dict[int, bytes] = field(default_factory=dict)
    _releases: dict[str, bytes] = field(default_factory=dict)
    _shown: set[bytes] = field(default_factory=set)

    def run(self, roots: Iterable[Edge]) -> CodeId:
        """Write every unit that the roots reach and return the digest of all."""
        heads = [label + frame(token) for label, token in roots]
        while self._pending:
            index, body, shown = self._pending.popleft()
            edges = list(body(self))
            self._bodies[index] = b"".join(label + frame(token) for label, token in edges)
            if shown is not None and self.recording:
                self._show(shown, edges)
        return CodeId(digest("code", FORMAT, [*heads, *self._bodies]))

    # -- tokens ---------------------------------------------------------------------------------
    def unit(self, obj: object, body: Body, shown: Shown | None = None) -> bytes:
        """Return the token of a unit, to be written later if it is new."""
        index = self._index.get(id(obj))
        if index is None:
            index = self._index[id(obj)] = len(self._bodies)
            self._kept.append(obj)
            self._bodies.append(b"")
            self._pending.append((index, body, shown))
        return b"u" + index.to_bytes(4, "little")

    def constant(self, value: object, where: Where) -> bytes:
        """Return the token of a value that code reads."""
        if type(value) in _SCALARS:
            token = b"c" + value_id(value)
        else:
            self.guards.is_loose = True
            token = self._constants.get(id(value)) or self._value(value, where)
        if self.recording and token[:1] == b"c" and not where.last.startswith("__"):
            own = digest("code-constant", FORMAT, [token])
            found = ValueId(Digest(token[1:]))
            self._add(Unit("constant", *where, own, found, readable(where.last, value)))
            self._shown.add(token)
            self.paths.update(paths_in([value]))
        return token

    def _value(self, value: object, where: Where) -> bytes:
        depth = self.nesting.enter(value)
        if depth is not None:
            return b"r" + depth.to_bytes(4, "little")
        try:
            token = b"c" + value_id(value)
        except Unhashable as error:
            raise unreadable(where, error) from error
        finally:
            self.nesting.leave()
        self._constants[id(value)] = token
        self._kept.append(value)
        return token

    def library(self, module: str, qualname: str) -> bytes:
        """Return the token of an installed thing: its name, and the version that holds it."""
        top = module.partition(".")[0]
        version = self._releases.get(top)
        if version is None:
            name, number = release(top)
            self.guards.release(top, (name, number))
            self.libraries[name] = number
            version = self._releases[top] = key(name, number)
        return b"l" + key(module, qualname) + version

    def missing(self, where: Where) -> bytes:
        """Return the token of a name that has no value now."""
        if self.recording:
            self._add(Unit("missing", *where, digest("code-missing", FORMAT, [])))
        return b"missing"

    # -- records --------------------------------------------------------------------------------
    def note(self, found: Finding | None) -> None:
        """Remember a visible read of the world."""
        if found is not None:
            self.findings[found] = None

    def adopt(self, inner: Walk) -> None:
        """Take over what a walk inside a value's fingerprint has seen."""
        self.libraries.update(inner.libraries)
        self.findings.update(inner.findings)
        self.paths |= inner.paths
        for unit in inner.units:
            self._add(unit)

    def _add(self, unit: Unit) -> None:
        if unit not in self.units:
            self.units.append(unit)

    def _show(self, shown: Shown, edges: list[Edge]) -> None:
        own = [label + self._own(token) for label, token in edges]
        unit = digest("code-unit", FORMAT, own)
        self._add(Unit(shown.kind, *shown.where, unit, source=shown.source))

    def _own(self, token: bytes) -> bytes:
        """Drop what other lines of the record show: other units, constants, versions."""
        if token[:1] == b"u" or token in self._shown:
            return token[:1]
        version = next(
            (v for v in self._releases.values() if token[:1] == b"l" and v in token), b""
        )
        return token.replace(version, b"") if version else token


def unreadable(where: Where, error: Unhashable) -> Unhashable:
    """Return the error of a name whose value has no content id."""
    return Unhashable(
        f"`{where.name}` in module {where.module} is read and has no fingerprint: {error.message}",
        got=error.got,
        expected=error.expected,
        hint=error.hint or "pass it as an argument, or read what it holds into a plain constant",
    )
