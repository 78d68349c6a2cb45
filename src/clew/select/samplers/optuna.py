"""Tree-structured Parzen estimators, by Optuna."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from clew.errors import InvalidParameter, MissingExtra
from clew.select.distributions import Drawn
from clew.select.domains import Choice, Integer, Real
from clew.select.samplers.view import Seen, View

_MOST_SEED = 2**32


class TPESampler:
    """TPE over the space as it is, conditions included, with Optuna's implementation.

    Only what was spent most is looked at, as soon as there is enough of it (BOHB's rule), so that
    short and long trainings are not compared. Everything stays in memory.

    Parameters
    ----------
    start : int
        Random draws before the first estimate.
    candidates : int
        Draws from the good density of which the best is proposed.
    """

    def __init__(self, start: int = 10, candidates: int = 24) -> None:
        self.start, self.candidates = start, candidates
        self._known: tuple[Any, int, Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is known of one study: it decides nothing."""
        return {**self.__dict__, "_known": None}

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then what the densities propose."""
        seen = comparable(view.seen, self.start)
        if view.number < self.start or len(seen) < min(self.start, 4):
            return view.space.draw(view.rng)
        optuna = imported()
        study = self._study(view, seen, optuna)
        for attempt in range(20):
            found = self._ask(view, study, optuna, attempt)
            if view.space.allowed(found):
                return found
        return view.space.draw(view.rng)

    def _study(self, view: View, seen: list[Seen], optuna: Any) -> Any:
        # Trials are only added while the comparable ones grow at the end, as they usually do.
        fresh = self._known is None or self._known[0] is not view.space
        if not fresh and self._known is not None:
            old = self._known[2]
            fresh = len(old) > len(seen) or any(a is not b for a, b in zip(old, seen, strict=False))
        if fresh or self._known is None:
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            directions = ["minimize"] * len(seen[0].values)
            study, done = optuna.create_study(directions=directions), 0
        else:
            study, done = self._known[1], len(self._known[2])
        for each in seen[done:]:
            study.add_trial(_as_trial(view, each, optuna))
        self._known = (view.space, study, list(seen))
        return study

    def _ask(self, view: View, study: Any, optuna: Any, attempt: int) -> dict[str, Any]:
        seed = int(view.rng_of(1, attempt).integers(_MOST_SEED))
        several = len(study.directions) > 1
        known = self._distributions(view, optuna)
        options = {} if several else {"multivariate": True, "group": known is None}
        study.sampler = sampler = _quiet(
            optuna.samplers.TPESampler,
            n_startup_trials=1,
            n_ei_candidates=self.candidates,
            constant_liar=False,
            seed=seed,
            **options,
        )
        if known is not None and not several:
            # Without conditions all names are drawn together: trials have nothing to add.
            sampler.infer_relative_search_space = lambda study, trial: known
        trial = study.ask()
        found: dict[str, Any] = {}
        for name in view.space.domains:
            domain = view.space.active(name, found)
            if domain is not None:
                found[name] = _suggest(trial, name, domain, view)
        # What was asked is not known to the study: its result comes back as a trial of its own.
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return found

    def _distributions(self, view: View, optuna: Any) -> dict[str, Any] | None:
        """Return Optuna's distributions of a space without conditions, else None."""
        found = {}
        for name, domain in view.space.domains.items():
            if not isinstance(domain, Real | Integer | Choice):
                return None
            kind = _distribution(domain, optuna)
            if not kind.single():
                found[name] = kind
        return found


def comparable(seen: Any, enough: int) -> list[Seen]:
    """Return what was seen at the largest budget that has enough, of each configuration once."""
    budgets = sorted({each.budget for each in seen}, reverse=True)
    if len(budgets) <= 1:
        return list(seen)
    for budget in budgets:
        found = [each for each in seen if each.budget == budget]
        if len(found) >= enough:
            return found
    return [each for each in seen if each.budget == budgets[-1]]


def imported() -> Any:
    """Return Optuna.

    Raises
    ------
    MissingExtra
        When it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtra(
            "Tree-structured Parzen estimators need Optuna.", hint="pip install 'clew[hpo]'"
        ) from error
    return optuna


def _suggest(trial: Any, name: str, domain: Any, view: View) -> Any:
    if isinstance(domain, Real):
        return trial.suggest_float(name, domain.low, domain.high, log=domain.log)
    if isinstance(domain, Integer):
        return trial.suggest_int(name, domain.low, domain.high, log=domain.log)
    if isinstance(domain, Choice) and domain.ordered:
        return domain.options[trial.suggest_int(name, 0, len(domain.options) - 1)]
    if isinstance(domain, Choice):
        return domain.options[trial.suggest_categorical(name, range(len(domain.options)))]
    if isinstance(domain, Drawn):
        return domain.draw(view.rng)
    raise InvalidParameter("TPE knows no such domain.", got=type(domain).__name__)


def _distribution(domain: Real | Integer | Choice, optuna: Any) -> Any:
    kinds = optuna.distributions
    if isinstance(domain, Real):
        return kinds.FloatDistribution(domain.low, domain.high, log=domain.log)
    if isinstance(domain, Integer):
        return kinds.IntDistribution(domain.low, domain.high, log=domain.log)
    most = len(domain.options)
    if domain.ordered:
        return kinds.IntDistribution(0, most - 1)
    return kinds.CategoricalDistribution(range(most))


def _as_trial(view: View, seen: Seen, optuna: Any) -> Any:
    parameters, distributions = {}, {}
    configuration: Mapping[str, Any] = seen.configuration
    for name, value in configuration.items():
        domain = view.space.active(name, configuration)
        if isinstance(domain, Real | Integer | Choice):
            distributions[name] = _distribution(domain, optuna)
            parameters[name] = domain.index(value) if isinstance(domain, Choice) else value
    failed = not all(math.isfinite(value) for value in seen.values)
    state = optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE
    # A broken constraint counts as worse than anything that keeps them.
    penalty = 1e12 * seen.violation if seen.violation > 0 else 0.0
    return optuna.trial.create_trial(
        state=state,
        values=None if failed else [value + penalty for value in seen.values],
        params=parameters,
        distributions=distributions,
    )


def _quiet(build: Any, **options: Any) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build(**options)
