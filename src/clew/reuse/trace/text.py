"""Traces as text: one line an item (LIMA's SERIALIZE, DESERIALIZE, COMPARE).

Plain items are numbered in order, inputs first::

    clew-trace 1
    0 read - (b"…)
    1 numpy.transpose 0 (@0)
    2 numpy.matmul 1 0 (@0,@1)
    root 2 9f86d081…

A folded loop has its patches before their first use, and one line a run of applications: the
patch, how often, the external inputs, and the literals that differ with their even steps::

    patch 0
    : numpy.multiply ~0 (@0,f0x1p-1)
    : numpy.add 0 (@0,f0x1p+0)
    *0 0
    *0x9999 -1.1

An application refers to a plain item by its number and to item k of an earlier application by the
distance to it (``-1.k``), so a steady loop is one line however long it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from clew.errors import InvalidParameter
from clew.reuse.trace.item import Item, make, walk
from clew.reuse.trace.patch import Application, Patch
from clew.reuse.trace.progression import Progression
from clew.reuse.trace.units import Unit, units_of

_HEADER = "clew-trace 1"


def serialise(item: Item, *, plain: bool = False) -> str:
    """Return the trace of an item as text.

    Parameters
    ----------
    item : Item
        The root.
    plain : bool
        Write every item in full, without patches.
    """
    lines = [_HEADER]
    units: Iterable[Unit] = walk([item]) if plain else units_of(item)
    writer = _Writer(lines)
    for unit in units:
        writer.write(unit)
    writer.flush()
    lines.append(f"root {writer.name(item)} {item.id.hex()}")
    return "\n".join(lines) + "\n"


class _Writer:
    """Numbers units and writes them; equal steps of a loop are gathered into one line."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._items: dict[bytes, int] = {}
        self._applications: dict[int, int] = {}
        self._patches: dict[int, int] = {}
        self._run: Progression | None = None
        self._count = 0

    def write(self, unit: Unit) -> None:
        if isinstance(unit, Item):
            self.flush()
            names = " ".join(self.name(source) for source in unit.inputs) or "-"
            self._lines.append(f"{self._count} {unit.opcode} {names} {unit.data}")
            self._items[unit.id] = self._count
        else:
            self._apply(unit)
        self._count += 1

    def name(self, item: Item) -> str:
        """Return how a later line refers to an item."""
        number = self._items.get(item.id)
        if number is not None:
            return str(number)
        assert item._origin is not None
        application, position = item._origin
        return f"{self._applications[id(application)] - self._count}.{position}"

    def flush(self) -> None:
        """Write the run of applications that is being gathered."""
        if self._run is not None:
            self._lines.append(self._run.line())
            self._run = None

    def _apply(self, unit: Application) -> None:
        number = self._patch(unit.patch)
        refs = " ".join(self.name(source) for source in unit.inputs) or "-"
        varied = "\x1f".join(f"{position}:{text}" for position, text in unit.varied)
        self._applications[id(unit)] = self._count
        if self._run is not None and self._run.extend(number, refs, varied):
            return
        self.flush()
        self._run = Progression(number, refs, varied)

    def _patch(self, patch: Patch) -> int:
        number = self._patches.get(id(patch))
        if number is None:
            self.flush()
            number = self._patches[id(patch)] = len(self._patches)
            self._lines.append(f"patch {number}")
            for opcode, refs, data in zip(patch.opcodes, patch.refs, patch.data, strict=True):
                names = " ".join(str(r) if r >= 0 else f"~{-1 - r}" for r in refs) or "-"
                self._lines.append(f": {opcode} {names} {data}")
        return number


def parse(text: str) -> Item:
    """Return the root of a serialised trace; its hash is verified.

    Raises
    ------
    InvalidParameter
        When the text is not a trace, or does not give the hash that it names.
    """
    lines = text.splitlines()
    if not lines or lines[0] != _HEADER:
        raise _damaged("its first line", lines[0] if lines else "")
    reader = _Reader()
    for line in lines[1:]:
        try:
            reader.read(line)
        except (IndexError, KeyError, ValueError) as error:
            raise _damaged("a line", line) from error
    if reader.root is None:
        raise _damaged("its end", lines[-1])
    return reader.root


def _damaged(what: str, got: str) -> InvalidParameter:
    return InvalidParameter(
        f"This is not a trace: {what} cannot be read.", got=got[:200], expected=f"{_HEADER!r}, …"
    )


class _Reader:
    """Builds items line by line."""

    def __init__(self) -> None:
        self.root: Item | None = None
        self._units: list[Item | list[Item]] = []
        self._patches: list[list[tuple[str, tuple[int, ...], str]]] = []

    def read(self, line: str) -> None:
        if line.startswith(": "):
            self._patches[-1].append(self._patch_line(line[2:]))
        elif line.startswith("patch "):
            self._patches.append([])
        elif line.startswith("root "):
            self._finish(line)
        elif line.startswith("*"):
            self._apply(line)
        else:
            _, opcode, names, data = _split(line)
            inputs = tuple(self._find(name, len(self._units)) for name in names)
            self._units.append(make(opcode, inputs, data))

    def _patch_line(self, line: str) -> tuple[str, tuple[int, ...], str]:
        _, opcode, names, data = _split(f"0 {line}")
        refs = tuple(-1 - int(name[1:]) if name[0] == "~" else int(name) for name in names)
        return opcode, refs, data

    def _find(self, name: str, here: int) -> Item:
        if "." not in name:
            found = self._units[int(name)]
            if isinstance(found, list):
                raise ValueError(name)
            return found
        distance, position = name.split(".")
        unit = self._units[here + int(distance)]
        if not isinstance(unit, list):
            raise ValueError(name)
        return unit[int(position)]

    def _apply(self, line: str) -> None:
        number, steps = Progression.read(line)
        patch = self._patches[number]
        for refs, varied in steps:
            external = [self._find(name, len(self._units)) for name in refs]
            items: list[Item] = []
            for position, (opcode, sources, data) in enumerate(patch):
                inputs = tuple(items[r] if r >= 0 else external[-1 - r] for r in sources)
                items.append(make(opcode, inputs, varied.get(position, data)))
            self._units.append(items)

    def _finish(self, line: str) -> None:
        _, name, digest = line.split(" ")
        root = self._find(name, len(self._units))
        if root.id.hex() != digest:
            raise InvalidParameter(
                "A trace does not give the hash that it names.", got=root.id.hex(), expected=digest
            )
        self.root = root


def _split(line: str) -> tuple[str, str, list[str], str]:
    """Return number, opcode, input names and data of a line; only the data may hold spaces."""
    head, bracket, tail = line.partition(" (")
    number, opcode, *names = head.split(" ")
    if not bracket:
        raise ValueError(line)
    return number, opcode, [] if names == ["-"] else names, f"({tail}"
