"""Domains: the values that one parameter may take.

A domain draws values, lists them (`levels`), moves to a neighbour, and places a value on the unit
interval, which is all that samplers ask of it. Sources: grid and random search (Bergstra & Bengio
2012), equal-width and exponential domains (any text-book on grid search), conditional parameters
(Auto-WEKA, KDD 2013, section 3).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from clew.errors import InvalidParameter, WrongType

Configuration = Mapping[str, Any]


class Domain(Protocol):
    """The values of one parameter."""

    def draw(self, rng: np.random.Generator) -> Any:
        """Return a value drawn as the domain is distributed."""

    def levels(self, count: int) -> list[Any]:
        """Return at most `count` values that cover the domain evenly."""

    def to_unit(self, value: Any) -> float:
        """Return where `value` stands, from 0 to 1."""

    def from_unit(self, unit: float) -> Any:
        """Return the value that stands at `unit`."""

    def neighbour(self, value: Any, rng: np.random.Generator, scale: float) -> Any:
        """Return another value near `value`; `scale` is the step, as a share of the domain."""

    def __contains__(self, value: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values without an order (see `choice`)."""

    options: tuple[Any, ...]
    ordered: bool = False

    def draw(self, rng: np.random.Generator) -> Any:
        """Return an option, each as likely as any other."""
        return self.options[int(rng.integers(len(self.options)))]

    def levels(self, count: int) -> list[Any]:
        """Return all options: a grid leaves none out."""
        return list(self.options)

    def to_unit(self, value: Any) -> float:
        """Return the middle of the option's share of the interval."""
        return (self.index(value) + 0.5) / len(self.options)

    def from_unit(self, unit: float) -> Any:
        """Return the option in whose share `unit` lies."""
        return self.options[min(int(unit * len(self.options)), len(self.options) - 1)]

    def neighbour(self, value: Any, rng: np.random.Generator, scale: float) -> Any:
        """Return the next option on either side where they are ordered, else any other."""
        if len(self.options) == 1:
            return value
        at = self.index(value)
        if self.ordered:
            reach = max(1, round(scale * len(self.options)))
            steps = [i for i in range(-reach, reach + 1) if i and 0 <= at + i < len(self.options)]
            return self.options[at + steps[int(rng.integers(len(steps)))]]
        return self.options[(at + 1 + int(rng.integers(len(self.options) - 1))) % len(self.options)]

    def index(self, value: Any) -> int:
        """Return the option's position."""
        for i, option in enumerate(self.options):
            if option is value or same(option, value):
                return i
        raise InvalidParameter("No option.", got=repr(value), expected=repr(self.options))

    def __contains__(self, value: object) -> bool:
        return any(option is value or same(option, value) for option in self.options)


@dataclass(frozen=True, slots=True)
class Real:
    """A real number between two bounds, both included (see `real`)."""

    low: float
    high: float
    log: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """Return a number, uniform on the (logarithmic) scale."""
        return self.from_unit(float(rng.random()))

    def levels(self, count: int) -> list[float]:
        """Return `count` numbers, equally far apart on the scale, with both bounds."""
        if count == 1 or self.low == self.high:
            return [self.from_unit(0.5)]
        return [self.from_unit(i / (count - 1)) for i in range(count)]

    def to_unit(self, value: Any) -> float:
        """Return where `value` stands on the scale."""
        low, high = self._ends()
        at = math.log(value) if self.log else float(value)
        return 0.0 if high == low else min(1.0, max(0.0, (at - low) / (high - low)))

    def from_unit(self, unit: float) -> float:
        """Return the number that stands at `unit`."""
        if unit <= 0 or unit >= 1:
            return self.low if unit <= 0 else self.high
        low, high = self._ends()
        at = low + unit * (high - low)
        return min(self.high, max(self.low, math.exp(at) if self.log else at))

    def neighbour(self, value: Any, rng: np.random.Generator, scale: float) -> float:
        """Return a number drawn around `value`; what passes a bound is mirrored there."""
        return self.from_unit(mirrored(self.to_unit(value) + float(rng.normal(0, scale))))

    def _ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    def __contains__(self, value: object) -> bool:
        number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return number and self.low <= float(value) <= self.high  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number between two bounds, both included (see `integer`)."""

    low: int
    high: int
    log: bool = False

    def draw(self, rng: np.random.Generator) -> int:
        """Return a number, uniform on the (logarithmic) scale."""
        return self.from_unit(float(rng.random()))

    def levels(self, count: int) -> list[int]:
        """Return at most `count` different numbers, equally far apart on the scale."""
        size = self.high - self.low + 1
        if size <= count:
            return list(range(self.low, self.high + 1))
        scale = Real(self.low, self.high, self.log)
        return sorted({round(value) for value in scale.levels(count)})

    def to_unit(self, value: Any) -> float:
        """Return the middle of the number's share of the scale."""
        return self._scale().to_unit(value)

    def from_unit(self, unit: float) -> int:
        """Return the number in whose share `unit` lies."""
        return min(self.high, max(self.low, round(self._scale().from_unit(unit))))

    def neighbour(self, value: Any, rng: np.random.Generator, scale: float) -> int:
        """Return another number near `value`."""
        if self.low == self.high:
            return self.low
        moved = self.from_unit(mirrored(self.to_unit(value) + float(rng.normal(0, scale))))
        if moved != value:
            return moved
        sides = [side for side in (value - 1, value + 1) if self.low <= side <= self.high]
        return int(sides[int(rng.integers(len(sides)))])

    def _scale(self) -> Real:
        # Each number has its half on both sides, so that the bounds are as likely as the others.
        return Real(self.low - 0.5, self.high + 0.5, self.log)

    def __contains__(self, value: object) -> bool:
        number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        return number and self.low <= int(value) <= self.high  # type: ignore[call-overload]


def choice(*options: Any) -> Choice:
    """Return the domain of some values without an order.

    Parameters
    ----------
    *options : object
        The values, or one list of them.

    Raises
    ------
    InvalidParameter
        When there is none, or one stands twice.
    """
    if len(options) == 1 and isinstance(options[0], list | tuple | np.ndarray):
        options = tuple(options[0])
    _no_doubles(options)
    return Choice(tuple(options))


def ordered(*options: Any) -> Choice:
    """Return the domain of some values in their order; neighbours are alike."""
    return Choice(choice(*options).options, ordered=True)


def real(low: float, high: float, *, log: bool = False) -> Real:
    """Return the domain of the real numbers from `low` to `high`.

    Parameters
    ----------
    low, high : float
        Bounds, both included.
    log : bool
        Whether the logarithm is uniform.

    Raises
    ------
    InvalidParameter
        When the bounds are not finite, stand in the wrong order, or a logarithm does not exist.
    """
    _bounds(low, high, log)
    return Real(float(low), float(high), log)


def integer(low: int, high: int, *, log: bool = False) -> Integer:
    """Return the domain of the whole numbers from `low` to `high` (see `real`)."""
    _bounds(low, high, log)
    for bound in (low, high):
        if isinstance(bound, bool) or not isinstance(bound, numbers.Integral):
            raise WrongType("A bound is no whole number.", got=repr(bound), expected="int")
    return Integer(int(low), int(high), log)


def equiwidth(low: float, high: float, count: int) -> Choice:
    """Return `count` numbers from `low` to `high`, equally far apart, in their order."""
    _bounds(low, high, log=False)
    _counted(count)
    whole = isinstance(low, numbers.Integral) and isinstance(high, numbers.Integral)
    values = np.linspace(low, high, count).tolist()
    even = whole and all(value == round(value) for value in values)
    return ordered(*(dict.fromkeys(round(v) if even else v for v in values)))


def exponential(low: float, high: float, *, base: float = 10) -> Choice:
    """Return ``low, low·base, low·base², …`` up to `high`, in their order."""
    _bounds(low, high, log=True)
    if not base > 1:
        raise InvalidParameter("The base does not grow.", got=repr(base), expected="above 1")
    count = math.floor(math.log(high / low) / math.log(base) + 1e-9) + 1
    whole = all(isinstance(number, numbers.Integral) for number in (low, base))
    # Multiplied, not raised: 10⁻⁵·10 is then the 10⁻⁴ that a person writes.
    values = [
        low * base**i if base**i < 1e15 else float(low) * float(base) ** i for i in range(count)
    ]
    tidy = [v if whole else float(f"{v:.12g}") for v in values]
    return ordered(*tidy)


def same(one: Any, other: Any) -> bool:
    """Tell whether two options are equal; values that do not compare are not."""
    if type(one) is not type(other) and isinstance(one, bool) | isinstance(other, bool):
        return False
    try:
        equal = one == other
        return bool(equal.all()) if isinstance(equal, np.ndarray) else bool(equal)
    except (TypeError, ValueError):
        return False


def mirrored(unit: float) -> float:
    """Return `unit` reflected at 0 and 1 into the interval between them."""
    unit = abs(unit) % 2
    return 2 - unit if unit > 1 else unit


def _bounds(low: Any, high: Any, log: bool) -> None:
    for bound in (low, high):
        if isinstance(bound, bool) or not isinstance(bound, numbers.Real):
            raise WrongType("A bound is no number.", got=repr(bound), expected="a finite number")
    if not (math.isfinite(low) and math.isfinite(high)) or low > high or (log and low <= 0):
        raise InvalidParameter(
            "These bounds enclose nothing.",
            got=f"{low!r} to {high!r}",
            expected="finite numbers, low <= high, above 0 on a logarithmic scale",
        )


def _counted(count: Any) -> None:
    if not isinstance(count, numbers.Integral) or count < 1:
        raise InvalidParameter("No levels.", got=repr(count), expected="a whole number above 0")


def _no_doubles(options: Sequence[Any]) -> None:
    if not options:
        raise InvalidParameter("A choice without options.", expected="at least one")
    for i, option in enumerate(options):
        if any(option is other or same(option, other) for other in options[:i]):
            raise InvalidParameter("An option stands twice.", got=repr(option))
