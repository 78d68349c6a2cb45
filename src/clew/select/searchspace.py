"""`SearchSpace`: named domains, some under conditions on earlier names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, WrongType
from clew.select.distributions import When, as_domain
from clew.select.domains import Choice, Configuration

BRANCH = "(alternative)"
_LEVELS = 5


class SearchSpace:
    """A space of configurations: each name with its domain, in the order of their conditions.

    Parameters
    ----------
    domains : mapping of str to domain
        What a name may be; `when` makes it conditional on names that stand before it. Lists are
        choices, scipy distributions are taken as they are.
    rules : sequence of callable
        Functions of a whole configuration; one that returns False excludes it.

    Examples
    --------
    >>> from clew.select import choice, real, when
    >>> space = SearchSpace(
    ...     {"model": choice("ridge", "forest"), "alpha": when("model", "ridge", real(0.1, 10))}
    ... )
    >>> sorted(len(c) for c in space.grid(levels=3))
    [1, 2, 2, 2]
    """

    def __init__(self, domains: Mapping[str, Any], *, rules: Sequence[Any] = ()) -> None:
        if not isinstance(domains, Mapping):
            raise WrongType("A space is a mapping.", got=type(domains).__name__, expected="dict")
        self.domains = {str(name): as_domain(given) for name, given in domains.items()}
        self.rules = tuple(rules)
        known: set[str] = set()
        for name, domain in self.domains.items():
            for parent in _parents(domain):
                if parent not in known:
                    raise InvalidParameter(
                        f"The condition of {name!r} names what does not stand before it.",
                        got=repr(parent),
                        expected=f"one of {sorted(known)}",
                    )
            known.add(name)

    def active(self, name: str, configuration: Configuration) -> Any:
        """Return the domain of `name` given the names before it; None where it does not count."""
        domain = self.domains[name]
        while isinstance(domain, When):
            if not domain.holds(configuration):
                return None
            domain = domain.domain
        return domain

    def draw(self, rng: np.random.Generator, tries: int = 1000) -> dict[str, Any]:
        """Return a configuration, each domain drawn independently.

        Raises
        ------
        InvalidParameter
            When the rules exclude a thousand draws in a row.
        """
        for _ in range(tries):
            found = self.complete({}, rng)
            if self.allowed(found):
                return found
        raise InvalidParameter("The rules of the space exclude everything that was drawn.")

    def complete(self, known: Configuration, rng: np.random.Generator) -> dict[str, Any]:
        """Return `known` with what does not count left out and what is missing drawn."""
        found: dict[str, Any] = {}
        for name in self.domains:
            domain = self.active(name, found)
            if domain is not None:
                keep = name in known and known[name] in domain
                found[name] = known[name] if keep else domain.draw(rng)
        return found

    def neighbour(
        self, configuration: Configuration, rng: np.random.Generator, scale: float, changes: int = 1
    ) -> dict[str, Any]:
        """Return a configuration that differs in `changes` of the names that count."""
        for _ in range(1000):
            names = [
                n for n in configuration if n in self.domains and self._movable(n, configuration)
            ]
            if not names:
                return dict(configuration)
            picked = rng.choice(len(names), size=min(changes, len(names)), replace=False)
            changed = dict(configuration)
            for i in sorted(picked.tolist()):
                name = names[i]
                domain = self.active(name, changed)
                if domain is not None and changed[name] in domain:
                    changed[name] = domain.neighbour(changed[name], rng, scale)
            found = self.complete(changed, rng)
            if self.allowed(found):
                return found
        return dict(configuration)

    def grid(self, levels: int | Mapping[str, int] = _LEVELS) -> Iterator[dict[str, Any]]:
        """Yield every configuration of the grid, names that do not count left out.

        Parameters
        ----------
        levels : int or mapping
            How many values of a domain that is not a choice; by name where they differ.
        """
        yield from self._grid({}, list(self.domains), levels)

    def _grid(
        self, known: dict[str, Any], names: list[str], levels: Any
    ) -> Iterator[dict[str, Any]]:
        if not names:
            if self.allowed(known):
                yield known
            return
        name, *rest = names
        domain = self.active(name, known)
        if domain is None:
            yield from self._grid(known, rest, levels)
            return
        count = levels.get(name, _LEVELS) if isinstance(levels, Mapping) else levels
        for value in domain.levels(count):
            yield from self._grid({**known, name: value}, rest, levels)

    def allowed(self, configuration: Configuration) -> bool:
        """Tell whether no rule excludes a configuration."""
        return all(rule(configuration) for rule in self.rules)

    def check(self, configuration: Configuration) -> None:
        """Refuse a configuration that is not of this space.

        Raises
        ------
        InvalidParameter
            When a name is unknown or missing, or a value lies outside its domain.
        """
        for name in configuration:
            if name not in self.domains:
                raise InvalidParameter(
                    "The space has no such name.", got=repr(name), expected=f"{list(self.domains)}"
                )
        for name in self.domains:
            domain = self.active(name, configuration)
            if domain is None and name in configuration:
                raise InvalidParameter(f"{name!r} does not count under its condition.")
            if domain is not None and (
                name not in configuration or configuration[name] not in domain
            ):
                got = repr(configuration[name]) if name in configuration else "nothing"
                raise InvalidParameter(
                    f"{name!r} is outside its domain.", got=got, expected=str(domain)
                )
        if not self.allowed(configuration):
            raise InvalidParameter(
                "A rule of the space excludes this.", got=repr(dict(configuration))
            )

    def encode(self, configuration: Configuration) -> np.ndarray:
        """Return a configuration as numbers: one-hot choices, others on the unit interval.

        Returns
        -------
        ndarray of shape (n_numbers,)
            What does not count is -1 (numbers) or all zero (choices).
        """
        numbers: list[float] = []
        for name, given in self.domains.items():
            domain = given
            while isinstance(domain, When):
                domain = domain.domain
            counts = name in configuration
            if isinstance(domain, Choice) and not domain.ordered:
                at = domain.index(configuration[name]) if counts else -1
                numbers += [float(i == at) for i in range(len(domain.options))]
            else:
                numbers.append(domain.to_unit(configuration[name]) if counts else -1.0)
        return np.array(numbers)

    def _movable(self, name: str, configuration: Configuration) -> bool:
        domain = self.active(name, configuration)
        if domain is None:
            return False
        if isinstance(domain, Choice):
            return len(domain.options) > 1
        return getattr(domain, "low", 0) != getattr(domain, "high", 1)

    def __len__(self) -> int:
        return len(self.domains)

    def __repr__(self) -> str:
        return f"SearchSpace({self.domains!r})"


def as_space(given: Any) -> SearchSpace:
    """Return `given` as a search space.

    Parameters
    ----------
    given : SearchSpace, mapping, or sequence of mappings
        Several mappings are alternatives (scikit-learn's conditional grids): the name
        ``(alternative)`` chooses between them and is left out of what is evaluated.

    Raises
    ------
    WrongType
        When it is something else.
    """
    if isinstance(given, SearchSpace):
        return given
    if isinstance(given, Mapping):
        return SearchSpace(given)
    if isinstance(given, Sequence) and given and all(isinstance(each, Mapping) for each in given):
        return _alternatives(given) if len(given) > 1 else SearchSpace(given[0])
    raise WrongType(
        "This is no search space.",
        got=type(given).__name__,
        expected="SearchSpace, a dict of domains, or a list of such dicts",
    )


def _alternatives(given: Sequence[Mapping[str, Any]]) -> SearchSpace:
    names = list(dict.fromkeys(itertools.chain.from_iterable(given)))
    domains: dict[str, Any] = {BRANCH: Choice(tuple(range(len(given))))}
    for name in names:
        for i, each in enumerate(given):
            if name in each:
                # One name in several alternatives has a domain in each; which one counts is known.
                domains[f"{name}{BRANCH}{i}"] = When(BRANCH, (i,), None, as_domain(each[name]))
    return SearchSpace(domains)


def evaluated(configuration: Configuration) -> dict[str, Any]:
    """Return a configuration as the objective sees it: without the marks of alternatives."""
    return {name.split(BRANCH)[0]: value for name, value in configuration.items() if name != BRANCH}


def _parents(domain: Any) -> Iterator[str]:
    while isinstance(domain, When):
        if domain.name is not None:
            yield domain.name
        domain = domain.domain
