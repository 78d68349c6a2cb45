"""The units of a folded trace in order: plain items, and applications of patches."""

from __future__ import annotations

from clew.reuse.trace.item import Item
from clew.reuse.trace.patch import Application

Unit = Item | Application


def units_of(root: Item) -> list[Unit]:
    """Return what a trace is made of, inputs first, each once.

    Where folded parts stand on one another in a circle (threads that share an iteration), the part
    in question is unfolded.
    """
    while True:
        found, circular = _ordered(root)
        if circular is None:
            return found
        circular.expand()


def _ordered(root: Item) -> tuple[list[Unit], Application | None]:
    found: list[Unit] = []
    state: dict[int | bytes, bool] = {}
    stack: list[tuple[Unit, bool]] = [(unit_of(root), False)]
    while stack:
        unit, ready = stack.pop()
        key = _key(unit)
        if ready:
            if not state[key]:
                state[key] = True
                found.append(unit)
            continue
        if key in state:
            if not state[key] and isinstance(unit, Application) and _on_path(stack, unit):
                return found, unit
            continue
        state[key] = False
        stack.append((unit, True))
        stack.extend((unit_of(source), False) for source in reversed(unit.inputs))
    return found, None


def _on_path(stack: list[tuple[Unit, bool]], unit: Application) -> bool:
    return any(ready and found is unit for found, ready in stack)


def _key(unit: Unit) -> int | bytes:
    return unit.id if isinstance(unit, Item) else id(unit)


def unit_of(item: Item) -> Unit:
    """Return the application that an item was folded into, or the item itself."""
    if item._inputs is None:
        assert item._origin is not None
        application = item._origin[0]
        assert isinstance(application, Application)
        return application
    return item
