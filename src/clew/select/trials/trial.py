"""`Trial`: what an objective is given; `Finished`: what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clew.errors import InvalidParameter, WrongType
from clew.select.domains import Choice, Domain, Integer, Real, choice, integer, real
from clew.select.schedulers.plan import Job

State = Literal["complete", "pruned", "failed"]


class Pruned(Exception):
    """Raised by an objective that gives a trial up: it counts with what it last reported."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One finished trial.

    Parameters
    ----------
    number : int
        Position in the study.
    configuration : mapping
        What was evaluated.
    values : tuple of float
        What the objective returned, one for each direction; empty when it failed.
    state : {"complete", "pruned", "failed"}
    budget : float
        What the configuration has spent altogether, in the scheduler's unit.
    origin : int or None
        Number of the trial that it continues.
    rung : int
        Where it stands in its scheduler.
    reports : mapping of int to float
        Intermediate values, by their steps.
    attributes : mapping
        What the objective noted (`Trial.note`).
    constraints : mapping of str to float
        Above 0: broken, by so much.
    seconds : float
        How long the objective ran; 0 where the result was known.
    copied_from : int or None
        Number of the trial with the same configuration whose result this is.
    error : str
        Why it failed.
    domains : mapping of str to Domain
        Domains that the objective named itself.
    """

    number: int
    configuration: Mapping[str, Any]
    values: tuple[float, ...] = ()
    state: State = "complete"
    budget: float = 1.0
    origin: int | None = None
    rung: int = 0
    reports: Mapping[int, float] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constraints: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    copied_from: int | None = None
    error: str = ""
    domains: Mapping[str, Domain] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The first value; NaN when it failed."""
        return self.values[0] if self.values else math.nan

    @property
    def feasible(self) -> bool:
        """Whether it is complete and keeps all constraints."""
        return self.state == "complete" and all(v <= 0 for v in self.constraints.values())


class Trial(Mapping[str, Any]):
    """One evaluation, as its objective sees it: a mapping of names to values.

    Attributes
    ----------
    number : int
        Position in the study.
    budget : float
        What the configuration may spend altogether, in the scheduler's unit.
    spent : float
        What it has spent before (0 for a new one).
    rung : int
        How often its scheduler had it go on.
    state : object or None
        What the objective left in `state` when it evaluated this configuration before: a model
        that goes on, for instance. What it leaves now is kept for a later continuation.
    """

    def __init__(
        self,
        job: Job,
        configuration: Mapping[str, Any],
        *,
        spent: float = 0.0,
        state: Any = None,
        others: Sequence[Mapping[int, float]] = (),
        pruner: Any = None,
        sign: float = 1.0,
        suggest: Any = None,
    ) -> None:
        self.number, self.budget, self.spent, self.state = job.number, job.budget, spent, state
        self.rung = job.rung
        self.configuration = dict(configuration)
        self.reports: dict[int, float] = {}
        self.attributes: dict[str, Any] = {}
        self.constraints: dict[str, float] = {}
        self.domains: dict[str, Domain] = {}
        self._others, self._pruner, self._sign, self._suggest = others, pruner, sign, suggest

    def __getitem__(self, name: str) -> Any:
        return self.configuration[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.configuration)

    def __len__(self) -> int:
        return len(self.configuration)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Return the value of a real parameter, naming its domain where it is used."""
        return float(self.suggest(name, real(low, high, log=log)))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Return the value of a whole-numbered parameter."""
        return int(self.suggest(name, integer(low, high, log=log)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Return the value of a choice."""
        return self.suggest(name, choice(list(choices)))

    def suggest(self, name: str, domain: Choice | Real | Integer) -> Any:
        """Return the value of a parameter of any domain.

        Raises
        ------
        InvalidParameter
            When the study was given a space that lacks this name, or the name has another domain.
        """
        if name in self.domains:
            if self.domains[name] != domain:
                raise InvalidParameter(f"{name!r} is suggested with two domains.", got=str(domain))
            return self.configuration[name]
        if self._suggest is None:
            if name not in self.configuration:
                raise InvalidParameter("The space of the study lacks this name.", got=repr(name))
            return self.configuration[name]
        if name not in self.configuration or self.configuration[name] not in domain:
            self.configuration[name] = self._suggest(name, domain)
        self.domains[name] = domain
        return self.configuration[name]

    def report(self, value: float, step: int) -> None:
        """Note an intermediate value, such as the score after an epoch."""
        self.reports[int(step)] = _number(value)

    def should_prune(self) -> bool:
        """Tell whether what was reported is too bad to go on, compared with the trials before."""
        if self._pruner is None or not self.reports:
            return False
        mine = {step: self._sign * value for step, value in self.reports.items()}
        return bool(self._pruner.prune(mine, self._others))

    def note(self, name: str, value: Any) -> None:
        """Keep a value with the trial (JSON-like: it is stored as text)."""
        self.attributes[name] = value

    set_user_attr = note

    def constrain(self, name: str, value: float) -> None:
        """Note a constraint: above 0 it is broken, by so much."""
        self.constraints[name] = _number(value)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WrongType(
            "A reported value is no number.", got=type(value).__name__, expected="a number"
        ) from None
