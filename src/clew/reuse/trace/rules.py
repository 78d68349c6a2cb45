"""The registry of partial-reuse rewrites.

A rule looks at an operation whose lineage was not found and answers it from parts that are known
or cheaper, by other traced operations. It declares whether its answer is bit-identical or agrees
within a tolerance; a session with ``exact_only`` uses the first kind alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clew.errors import InvalidParameter
from clew.reuse.trace.cell import Cell


@dataclass(frozen=True, slots=True)
class Call:
    """An operation that is about to be executed.

    Parameters
    ----------
    opcode, text : str
        What is done, and its literal arguments.
    cells : tuple of Cell
        Its inputs.
    args : tuple
        Positional arguments, cells in place of arrays.
    kwargs : dict
        Keyword arguments.
    session : Session
        The `Session` in which other operations are run and looked up.
    """

    opcode: str
    text: str
    cells: tuple[Cell, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    session: Any


class Declined:
    """A rule's answer that the operation is best executed, whatever other rules may offer."""


EXECUTE = Declined()

Rewrite = Callable[[Call], Cell | Declined | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rewrite.

    Parameters
    ----------
    name : str
        ``"family.case"``, as it appears in reasons and statistics.
    opcodes : tuple of str
        Operations that it looks at.
    rewrite : callable
        Returns the answer as a cell, None where the rule does not apply, or `EXECUTE` where no
        rule should.
    tolerance : float
        Largest deviation in double precision, relative to the largest element that the operation
        gives on the absolute values of its inputs (sums that cancel lose digits in any order);
        0 for rules whose answer is bit-identical.
    law : str
        The identity that it uses, for people.
    rank : int
        Rules of lower rank are tried first.
    plain_transposes : bool
        Whether to ask the rule also where the only form is the transpose of an array without one:
        the everyday ``X.T @ X``.
    always : bool
        Whether to ask the rule also where no input has a form.
    """

    name: str
    opcodes: tuple[str, ...]
    rewrite: Rewrite
    tolerance: float
    law: str
    rank: int = 100
    plain_transposes: bool = True
    always: bool = False

    @property
    def exact(self) -> bool:
        """Whether the answer is bit-identical to executing the operation."""
        return self.tolerance == 0.0


_rules: dict[str, Rule] = {}
_by_opcode: dict[str, list[Rule]] = {}


def register(found: Rule) -> None:
    """Add a rule; it is tried after those of the same operation and rank that are there already.

    Raises
    ------
    InvalidParameter
        When a rule of this name exists or the tolerance is negative.
    """
    if found.name in _rules or found.tolerance < 0:
        raise InvalidParameter(
            "A rewrite rule cannot be registered.",
            got=f"name {found.name!r}, tolerance {found.tolerance}",
            expected="a new name and a tolerance of 0 or more",
        )
    _rules[found.name] = found
    for opcode in found.opcodes:
        _by_opcode.setdefault(opcode, []).append(found)
        _by_opcode[opcode].sort(key=lambda one: one.rank)


def unregister(name: str) -> None:
    """Remove a rule."""
    found = _rules.pop(name)
    for opcode in found.opcodes:
        _by_opcode[opcode].remove(found)


def rule(
    name: str,
    opcodes: Iterable[str],
    *,
    tolerance: float,
    law: str,
    rank: int = 100,
    plain_transposes: bool = True,
    always: bool = False,
) -> Callable[[Rewrite], Rewrite]:
    """Register the decorated function as a rule; parameters are those of `Rule`."""

    def decorate(rewrite: Rewrite) -> Rewrite:
        looks_at = tuple(opcodes)
        register(Rule(name, looks_at, rewrite, tolerance, law, rank, plain_transposes, always))
        return rewrite

    return decorate


def rules() -> tuple[Rule, ...]:
    """Return every registered rule."""
    return tuple(_rules.values())


def rules_for(opcode: str) -> list[Rule]:
    """Return the rules that look at an operation, in the order in which they are tried."""
    return _by_opcode.get(opcode, _NONE)


_NONE: list[Rule] = []
