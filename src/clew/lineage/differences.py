"""What tells two calls of one operation apart, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clew.lineage.canonical import CodeId, ValueId
from clew.lineage.code.archive import from_stored
from clew.lineage.code.explain import explain
from clew.lineage.ports import ValueIndex
from clew.lineage.records import Node, Value


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two calls differ.

    Parameters
    ----------
    field : str
        ``"code"``, ``"input bins"``, ``"seed"``, ``"file adult.csv"``, ``"env REGION"``,
        ``"environment"``, ``"result"``.
    was, now : str
        What it was in the older call and what it is in the newer one, for people.
    """

    field: str
    was: str
    now: str

    def __str__(self) -> str:
        if self.field == "code":
            return f"code: {self.now}"
        if self.field.startswith("rng "):
            name = self.field.removeprefix("rng ")
            return f"it drew from {name} without a seed, and that stood elsewhere: give a seed"
        return f"{self.field}: {self.was} → {self.now}"


def differences(index: ValueIndex, old: Node, new: Node) -> tuple[Difference, ...]:
    """Return the fields in which two calls differ, in the order of the pre-image."""
    found: list[Difference] = []
    if old.code != new.code:
        found.append(Difference("code", _short(old.code), _code_change(index, old.code, new.code)))
    if old.environment != new.environment:
        found.append(_environment_change(index, old, new))
    if old.seed != new.seed:
        found.append(Difference("seed", str(old.seed), str(new.seed)))
    before = {edge.name: edge.value for edge in old.inputs}
    after = {edge.name: edge.value for edge in new.inputs}
    shown = index.describe([*before.values(), *after.values()])
    for name in dict.fromkeys([*before, *after]):
        one, two = before.get(name), after.get(name)
        if one != two:
            found.append(Difference(f"input {name}", _text(shown, one), _text(shown, two)))
    found += _reads(old, new)
    return tuple(found)


def nearest(index: ValueIndex, node: Node, others: Iterable[Node]) -> Node | None:
    """Return the older call that shares most with `node`; the newest among equals."""
    older = [o for o in others if o.id != node.id and o.created_ms <= node.created_ms]
    return max(older, key=lambda other: (_shared(node, other), other.created_ms), default=None)


def _shared(one: Node, two: Node) -> int:
    inputs = {(e.name, e.value) for e in one.inputs} & {(e.name, e.value) for e in two.inputs}
    return len(inputs) + (one.code == two.code) + (one.seed == two.seed)


def _reads(old: Node, new: Node) -> list[Difference]:
    before = {(read.kind, read.name): read.value for read in old.reads}
    after = {(read.kind, read.name): read.value for read in new.reads}
    return [
        Difference(f"{kind} {name}", _hex(before.get((kind, name))), _hex(after.get((kind, name))))
        for kind, name in dict.fromkeys([*before, *after])
        if before.get((kind, name)) != after.get((kind, name))
    ]


def _code_change(index: ValueIndex, old: CodeId | None, new: CodeId | None) -> str:
    before = index.code(old) if old is not None else None
    after = index.code(new) if new is not None else None
    if before is None or after is None:
        return _short(new)
    return "; ".join(explain(from_stored(before), from_stored(after))) or _short(new)


def _environment_change(index: ValueIndex, old: Node, new: Node) -> Difference:
    before = (index.environment(old.environment) if old.environment else None) or {}
    after = (index.environment(new.environment) if new.environment else None) or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    was = ", ".join(f"{name} {before.get(name)}" for name in names)
    return Difference("environment", was, ", ".join(f"{name} {after.get(name)}" for name in names))


def _text(shown: Mapping[ValueId, Value], id: ValueId | None) -> str:
    if id is None:
        return "(absent)"
    value = shown.get(id)
    preview = value.preview if value is not None else ""
    return preview if preview and preview[0] in "'\"0123456789-[({TFNb" else f"{preview} {_hex(id)}"


def _hex(id: ValueId | None) -> str:
    return "(absent)" if id is None else id.hex()[:12]


def _short(id: CodeId | None) -> str:
    return "(none)" if id is None else id.hex()[:12]
