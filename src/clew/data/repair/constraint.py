"""What must hold in a table: columns that determine another.

A denial constraint is written as HoloClean reads it (Rekatsinas, Chu, Ilyas, Ré, PVLDB 10(11),
2017), ``t1&t2&EQ(t1.Zip,t2.Zip)&IQ(t1.City,t2.City)``, or as the dependency that it stands for,
``Zip -> City``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clew.errors import InvalidParameter, NotFound

_PREDICATE = re.compile(r"(?P<operator>[A-Z]+)\(t1\.(?P<left>[^,()]+),t2\.(?P<right>[^,()]+)\)")
_WRITTEN = "COLUMN, COLUMN -> COLUMN, or t1&t2&EQ(t1.A,t2.A)&IQ(t1.B,t2.B)"


@dataclass(frozen=True, slots=True)
class Dependency:
    """Rows that are equal in some columns are equal in another.

    Parameters
    ----------
    given : tuple of str
        At least one column, in the order of their names.
    column : str
        The one that they determine.
    """

    given: tuple[str, ...]
    column: str

    def __str__(self) -> str:
        return f"{', '.join(self.given)} -> {self.column}"


def dependencies(texts: str | Path | Iterable[str | Dependency]) -> tuple[Dependency, ...]:
    """Return what lines say; a path is a file of such lines, ``#`` begins a comment.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidParameter
        When a line is no such constraint.
    """
    if isinstance(texts, (str, Path)):
        path = Path(texts)
        if not path.is_file():
            raise NotFound("no such file of constraints", got=str(path))
        texts = path.read_text(encoding="utf-8").splitlines()
    found = []
    for one in texts:
        if isinstance(one, Dependency):
            found.append(one)
        elif one.partition("#")[0].strip():
            found.append(_read(one.partition("#")[0].strip()))
    return tuple(dict.fromkeys(found))


def _read(line: str) -> Dependency:
    if "->" in line:
        left, _, right = line.partition("->")
        return _made([name.strip() for name in left.split(",")], [right.strip()], line)
    parts = [part.strip() for part in re.sub(r"\s*,\s*", ",", line).split("&")]
    predicates = [_PREDICATE.fullmatch(part) for part in parts[2:]]
    if parts[:2] != ["t1", "t2"] or not all(predicates):
        raise InvalidParameter("that is no constraint", got=line, expected=_WRITTEN)
    equal: list[str] = []
    unlike: list[str] = []
    for one in predicates:
        assert one is not None
        if one["left"] != one["right"] or one["operator"] not in ("EQ", "IQ"):
            raise InvalidParameter(
                "a repair knows constraints by which columns determine another",
                got=line,
                expected=_WRITTEN,
                hint="what one row breaks by itself is found by `clew data validate`",
            )
        (equal if one["operator"] == "EQ" else unlike).append(one["left"].strip())
    return _made(equal, unlike, line)


def _made(given: Sequence[str], column: Sequence[str], line: str) -> Dependency:
    if len(column) != 1 or not given or not all([*given, *column]) or column[0] in given:
        raise InvalidParameter("that is no constraint", got=line, expected=_WRITTEN)
    return Dependency(tuple(sorted(set(given))), column[0])
