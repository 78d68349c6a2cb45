"""skops archives without chance: the same model gives the same bytes.

skops names members after addresses in memory, and stamps them with the time. Addresses only tell
objects apart, so counting does as well; the order is that of the schema.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

_SCHEMA = "schema.json"
_ID = "__id__"
_WHEN = (1980, 1, 1, 0, 0, 0)


def canonical(content: bytes) -> bytes:
    """Return the same archive with numbers counted from 0 and no times."""
    numbers: dict[str, int] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = _renamed(json.loads(archive.read(_SCHEMA)), numbers, set(archive.namelist()))
        members = sorted(
            (_member(name, numbers), name) for name in archive.namelist() if name != _SCHEMA
        )
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as target:
            target.writestr(_info(_SCHEMA), json.dumps(schema, indent=2))
            for name, old in members:
                target.writestr(_info(name), archive.read(old))
    return written.getvalue()


def _renamed(item: Any, numbers: dict[str, int], names: set[str]) -> Any:
    if isinstance(item, list):
        return [_renamed(one, numbers, names) for one in item]
    if not isinstance(item, dict):
        return item
    made: dict[str, Any] = {}
    for key, value in item.items():
        if key == _ID and isinstance(value, int):
            made[key] = numbers.setdefault(str(value), len(numbers))
        elif isinstance(value, str) and value in names:
            made[key] = _member(value, numbers)
        else:
            made[key] = _renamed(value, numbers, names)
    return made


def _member(name: str, numbers: dict[str, int]) -> str:
    stem, dot, suffix = name.partition(".")
    return f"{numbers.setdefault(stem, len(numbers))}{dot}{suffix}"


def _info(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _WHEN)
