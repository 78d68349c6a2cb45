"""Why two fingerprints of code differ, in words."""

from __future__ import annotations

from clew.lineage.code.record import CodeRecord, Unit

_Key = tuple[str, str, str]


def explain(old: CodeRecord, new: CodeRecord) -> list[str]:
    """Return one line for each unit or library that differs; empty if the ids are equal.

    Examples
    --------
    A line reads ``helper `scale` in module features changed``, ``constant LIMIT in module
    features: 3 → 4`` or ``pandas 3.1.0 → 3.1.1``.
    """
    if old.id == new.id:
        return []
    before, after = _keyed(old), _keyed(new)
    lines = [
        _changed(before[key], unit, new)
        for key, unit in after.items()
        if key in before and before[key].digest != unit.digest
    ]
    lines += [f"now also reads {_name(after[key])}" for key in after if key not in before]
    lines += [f"no longer reads {_name(before[key])}" for key in before if key not in after]
    lines += _libraries(dict(old.libraries), dict(new.libraries))
    return lines or ["what the code refers to changed in a way that no single unit shows"]


def _keyed(record: CodeRecord) -> dict[_Key, Unit]:
    """Number units that share a name, such as the lambdas of one function."""
    keyed: dict[_Key, Unit] = {}
    for unit in record.units:
        name, number = unit.name, 1
        if (unit.module, unit.name) == (record.module, record.qualname):
            name = ""  # the object itself, whatever it is called
        while (key := (unit.kind, unit.module if name else "", f"{name}#{number}")) in keyed:
            number += 1
        keyed[key] = unit
    return keyed


def _changed(old: Unit, new: Unit, record: CodeRecord) -> str:
    if (new.module, new.name) == (record.module, record.qualname):
        return f"{new.kind} `{new.name}` itself changed"
    if new.kind == "constant" and old.text and new.text:
        return f"constant {new.name} in module {new.module}: {old.text} → {new.text}"
    return f"{_name(new)} changed"


def _name(unit: Unit) -> str:
    word = "helper" if unit.kind == "function" else unit.kind
    if unit.kind == "module":
        return f"module {unit.name}"
    name = unit.name if unit.kind == "constant" else f"`{unit.name}`"
    return f"{word} {name} in module {unit.module}"


def _libraries(old: dict[str, str], new: dict[str, str]) -> list[str]:
    names = sorted(old.keys() | new.keys())
    return [
        f"{name} {old.get(name, '(not used)')} → {new.get(name, '(not used)')}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def moved_constants(before: CodeRecord, after: CodeRecord) -> set[str]:
    """Return the names of constants that two records of the same code find with other values."""
    one, two = _constants(before), _constants(after)
    return {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}


def _constants(record: CodeRecord) -> dict[str, set[object]]:
    found: dict[str, set[object]] = {}
    for unit in record.units:
        if unit.kind == "constant":
            found.setdefault(f"{unit.module}.{unit.name}", set()).add(unit.value_id)
    return found
