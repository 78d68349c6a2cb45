"""Runs of equal applications as one line; whole numbers in their literals may grow evenly."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NUMBER = re.compile(r"(?<![\w.\"])i(0|-?[1-9][0-9]*)(?=[,)\]};:]|$)")


class Progression:
    """A run of applications of one patch, each with the same references.

    Parameters
    ----------
    patch : int
        Number of the patch.
    refs : str
        External inputs, as the first application names them.
    varied : str
        Literals in which the first application differs from its patch.
    """

    def __init__(self, patch: int, refs: str, varied: str) -> None:
        self._patch = patch
        self._refs = refs
        self._template, self._first = _split(varied)
        self._last = self._first
        self._step: tuple[int, ...] | None = None
        self._count = 1

    def extend(self, patch: int, refs: str, varied: str) -> bool:
        """Take in the next application if it continues the run."""
        if patch != self._patch or refs != self._refs:
            return False
        template, numbers = _split(varied)
        if template != self._template:
            return False
        step = tuple(b - a for a, b in zip(self._last, numbers, strict=True))
        if self._step is not None and step != self._step:
            return False
        self._step, self._last = step, numbers
        self._count += 1
        return True

    def line(self) -> str:
        """Return the run as one line."""
        count = f"x{self._count}" if self._count > 1 else ""
        text = f"*{self._patch}{count} {self._refs}"
        if self._template:
            step = ",".join(map(str, self._step)) if self._step and any(self._step) else ""
            text += f" +{step} {_join(self._template, self._first)}"
        return text

    @staticmethod
    def read(line: str) -> tuple[int, Iterator[tuple[list[str], dict[int, str]]]]:
        """Return the patch of a line, and references and literals of each of its applications."""
        head, plus, tail = line.partition(" +")
        name, *refs = head.split(" ")
        patch, _, count = name[1:].partition("x")
        step_text, _, varied = tail.partition(" ")
        template, first = _split(varied) if plus else ("", ())
        step = [int(s) for s in step_text.split(",")] if plus and step_text else None
        names = [] if refs == ["-"] else refs
        return int(patch), _steps(int(count or 1), names, template, first, step)


def _steps(
    count: int, names: list[str], template: str, first: tuple[int, ...], step: list[int] | None
) -> Iterator[tuple[list[str], dict[int, str]]]:
    for number in range(count):
        values = (
            first if step is None
            else tuple(a + number * b for a, b in zip(first, step, strict=True))
        )  # fmt: skip
        yield names, _literals(_join(template, values))


def _literals(varied: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in varied.split("\x1f") if varied else ():
        position, _, text = part.partition(":")
        found[int(position)] = text
    return found


def _split(varied: str) -> tuple[str, tuple[int, ...]]:
    numbers = tuple(int(found) for found in _NUMBER.findall(varied))
    return _NUMBER.sub("i\x1e", varied), numbers


def _join(template: str, numbers: tuple[int, ...]) -> str:
    parts = template.split("\x1e")
    text = [parts[0]]
    for number, part in zip(numbers, parts[1:], strict=True):
        text.append(f"{number}{part}")
    return "".join(text)
