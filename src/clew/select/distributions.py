"""Whatever a person gives as a domain: lists, scipy's distributions, conditions on other names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, WrongType
from clew.select.domains import (
    Choice,
    Configuration,
    Integer,
    Real,
    choice,
    mirrored,
    same,
)

Condition = Callable[[Configuration], bool]


@dataclass(frozen=True, slots=True)
class When:
    """A domain that counts only under a condition on earlier parameters (see `when`)."""

    name: str | None
    values: tuple[Any, ...]
    condition: Condition | None
    domain: Any

    def holds(self, configuration: Configuration) -> bool:
        """Tell whether the parameter counts in `configuration`, whose earlier names are set."""
        if self.condition is not None:
            return bool(self.condition(configuration))
        if self.name is None or self.name not in configuration:
            return False
        value = configuration[self.name]
        return any(value is wanted or same(value, wanted) for wanted in self.values)


def when(condition: str | Condition, *values_and_domain: Any) -> When:
    """Return a domain that counts only under a condition.

    Parameters
    ----------
    condition : str or callable
        Name of an earlier parameter, or a function of the configuration so far.
    *values_and_domain : object
        With a name: the value (or a tuple of values) that it must have, then the domain. With a
        function: the domain.

    Examples
    --------
    >>> from clew.select import real
    >>> when("model", "ridge", real(1e-3, 1e3, log=True)).holds({"model": "ridge"})
    True
    """
    if isinstance(condition, str):
        if len(values_and_domain) != 2:
            raise InvalidParameter(
                "A condition on a name is incomplete.",
                got=f"{len(values_and_domain)} more arguments",
                expected='when("name", value, domain)',
            )
        values, domain = values_and_domain
        wanted = values if isinstance(values, tuple) else (values,)
        return When(condition, wanted, None, as_domain(domain))
    if not callable(condition) or len(values_and_domain) != 1:
        raise InvalidParameter(
            "A condition by a function is incomplete.", expected="when(function, domain)"
        )
    return When(None, (), condition, as_domain(values_and_domain[0]))


def as_domain(given: Any) -> Any:
    """Return `given` as a domain: a list is a choice, a scipy distribution keeps drawing itself.

    Raises
    ------
    WrongType
        When it is neither a domain, nor a list, nor a distribution.
    """
    if isinstance(given, Choice | Real | Integer | When | Drawn):
        return given
    if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str | bytes):
        return choice(list(given))
    if hasattr(given, "rvs"):
        return recognised(given)
    raise WrongType(
        "This is no domain.",
        got=type(given).__name__,
        expected="choice, integer, real, equiwidth, exponential, when, a list or a distribution",
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A distribution that is only known by drawing from it (`rvs`)."""

    distribution: Any

    def draw(self, rng: np.random.Generator) -> Any:
        """Return a draw."""
        return self.distribution.rvs(random_state=np.random.RandomState(int(rng.integers(2**31))))

    def levels(self, count: int) -> list[Any]:
        """Refuse: it has no levels that cover it."""
        raise InvalidParameter(
            "A distribution has no levels.", got=type(self.distribution).__name__, hint="use real()"
        )

    def to_unit(self, value: Any) -> float:
        """Return the distribution function's value."""
        return float(np.clip(self.distribution.cdf(value), 0, 1))

    def from_unit(self, unit: float) -> Any:
        """Return the quantile."""
        value = self.distribution.ppf(min(max(unit, 1e-9), 1 - 1e-9))
        return value.item() if hasattr(value, "item") else value

    def neighbour(self, value: Any, rng: np.random.Generator, scale: float) -> Any:
        """Return a value at a near quantile."""
        return self.from_unit(mirrored(self.to_unit(value) + float(rng.normal(0, scale))))

    def __contains__(self, value: object) -> bool:
        return True


def recognised(distribution: Any) -> Any:
    """Return scipy's frozen uniform, loguniform and randint as domains, others as `Drawn`."""
    name = getattr(getattr(distribution, "dist", None), "name", "")
    try:
        low, high = (float(bound) for bound in distribution.support())
    except (AttributeError, TypeError, ValueError):
        return Drawn(distribution)
    if not (math.isfinite(low) and math.isfinite(high)):
        return Drawn(distribution)
    if name == "uniform":
        return Real(low, high)
    if name in ("loguniform", "reciprocal") and low > 0:
        return Real(low, high, log=True)
    return Integer(int(low), int(high)) if name == "randint" else Drawn(distribution)
