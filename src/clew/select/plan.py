"""The plan: configurations taken apart into stages, equal beginnings merged into one tree.

A configuration is a chain of transformers and a final estimator. Chains with equal beginnings
(same classes, same parameters) share those stages on each fold; final estimators that differ only
in a parameter which a rewrite understands become one family.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from clew.errors import Unhashable
from clew.reuse.rewrites.registry import Policy, Rewrite, rewrites_for
from clew.select.randomness import draws_in_vain, why_random
from clew.select.token import parameter_tokens


@dataclass(frozen=True, slots=True)
class Stage:
    """One estimator of a chain.

    Parameters
    ----------
    name : str or None
        Name of the pipeline's step; None for an estimator that is no pipeline.
    estimator : estimator
        Template: cloned before each fit, never fitted itself.
    tokens : tuple or None
        Tokens of its parameters; None when the stage must not be shared.
    random : bool
        It draws from a generator that has no seed.
    reason : str
        Why it is not shared, if it is not.
    vain : bool
        It draws, but gives the same whatever it draws.
    pairwise : bool
        It takes distances or kernels between rows, so that folds are cut on both axes.
    """

    name: str | None
    estimator: Any
    tokens: tuple[tuple[str, Hashable], ...] | None
    random: bool
    reason: str = ""
    pairwise: bool = False
    vain: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """One point of the space: its parameters, the configured estimator and its stages."""

    index: int
    parameters: Mapping[str, Any]
    estimator: Any
    stages: tuple[Stage, ...]

    @property
    def random(self) -> bool:
        """Whether a stage draws from a generator that has no seed."""
        return any(stage.random for stage in self.stages)

    @property
    def vain(self) -> bool:
        """Whether a stage draws from a generator that has no seed, to no effect."""
        return any(stage.vain for stage in self.stages)


@dataclass(slots=True)
class Member:
    """A stage in the tree with the configurations that pass through it."""

    stage: Stage
    configurations: list[Configuration]
    below: list[Group] = field(default_factory=list)

    @property
    def indices(self) -> list[int]:
        """Indices of the configurations that pass through it."""
        return [c.index for c in self.configurations]


@dataclass(slots=True)
class Group:
    """Members with one input: a family computed together by a rewrite, or a single stage."""

    members: list[Member]
    final: bool
    rewrite: Rewrite | None = None


class Planner:
    """Takes configurations of one base estimator apart.

    Steps of a pipeline that a configuration does not touch are shared with the base, unfitted, so
    that planning costs only what differs.

    Parameters
    ----------
    base : estimator
        A clone of the user's estimator; never fitted.
    n_rows : int, optional
        Number of rows of the study, where it is known.
    """

    def __init__(self, base: Any, n_rows: int = sys.maxsize) -> None:
        self._base = base
        self._n_rows = n_rows
        self._stages: dict[int, tuple[Any, Stage]] = {}

    def configure(
        self,
        index: int,
        parameters: Mapping[str, Any],
        finish: Callable[[Any], Any] | None = None,
    ) -> Configuration:
        """Return a configuration: the base with `parameters` set, taken apart.

        Parameters
        ----------
        finish : callable, optional
            Gets the configured estimator and returns what is evaluated.

        Raises
        ------
        ValueError
            When a parameter does not exist (scikit-learn's own message).
        """
        estimator = self._configured(parameters)
        estimator = finish(estimator) if finish else estimator
        return Configuration(index, parameters, estimator, stages_of(estimator, self._stage))

    def _configured(self, parameters: Mapping[str, Any]) -> Any:
        touched = _touched_steps(self._base, parameters)
        if touched is None:
            return clone(self._base).set_params(**clone(dict(parameters), safe=False))
        pipeline = copy.copy(self._base)
        pipeline.steps = [
            (name, _touch(step, touched[name]) if name in touched else step)
            for name, step in self._base.steps
        ]
        return pipeline

    def _stage(self, name: str | None, estimator: Any) -> Stage:
        known = self._stages.get(id(estimator))
        if known is None or known[0] is not estimator or known[1].name != name:
            known = (estimator, _stage(name, estimator, self._n_rows))
            self._stages[id(estimator)] = known
        return known[1]


def _touched_steps(base: Any, parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]] | None:
    """Return the parameters of each touched step, or None where the pipeline itself changes."""
    if type(base) is not Pipeline:
        return None
    names = {name for name, _ in base.steps}
    touched: dict[str, dict[str, Any]] = {}
    for key, value in parameters.items():
        step, _, name = key.partition("__")
        if step not in names:
            return None
        touched.setdefault(step, {})[name] = value
    return touched


def _touch(step: Any, parameters: Mapping[str, Any]) -> Any:
    replaced = clone(parameters[""], safe=False) if "" in parameters else clone(step, safe=False)
    rest = {k: clone(v, safe=False) for k, v in parameters.items() if k}
    return replaced.set_params(**rest) if rest else replaced


def stages_of(
    estimator: Any, stage: Callable[[str | None, Any], Stage] | None = None
) -> tuple[Stage, ...]:
    """Return the chain of stages; an estimator that is not understood is one stage."""
    stage = stage or _stage
    if type(estimator) is not Pipeline or not _is_chain(estimator):
        return (stage(None, estimator),)
    steps = [(n, e) for n, e in estimator.steps if e is not None and e != "passthrough"]
    return tuple(stage(name, step) for name, step in steps)


def _is_chain(pipeline: Pipeline) -> bool:
    if pipeline.verbose or pipeline.transform_input is not None or not pipeline.steps:
        return False
    try:
        pipeline._validate_steps()
    except Exception:
        return False
    last = pipeline.steps[-1][1]
    return last is not None and last != "passthrough"


def _stage(name: str | None, estimator: Any, n_rows: int = sys.maxsize) -> Stage:
    pairwise = _is_pairwise(estimator)
    why = why_random(estimator)
    vain = bool(why) and draws_in_vain(estimator, n_rows)
    unseeded = bool(why) and not vain
    try:
        tokens = parameter_tokens(estimator)
    except (Unhashable, AttributeError, TypeError) as error:
        reason = error.message if isinstance(error, Unhashable) else "not a scikit-learn estimator"
        reason = f"{type(estimator).__name__}: {reason}"
        return Stage(name, estimator, None, unseeded, reason, pairwise, vain)
    return Stage(name, estimator, tokens, unseeded, why if unseeded else "", pairwise, vain)


def _is_pairwise(estimator: Any) -> bool:
    try:
        return bool(get_tags(estimator).input_tags.pairwise)
    except Exception:  # as scikit-learn's own pipelines do for what has no tags
        return False


def grow(configurations: Sequence[Configuration], policy: Policy, depth: int = 0) -> list[Group]:
    """Return the tree of stages from `depth` on: equal beginnings once, families together."""
    members: dict[Hashable, Member] = {}
    for configuration in configurations:
        stage = configuration.stages[depth]
        final = depth == len(configuration.stages) - 1
        key = (final, type(stage.estimator), stage.tokens, stage.name) if stage.tokens else object()
        member = members.setdefault(key, Member(stage, []))
        member.configurations.append(configuration)
    groups = []
    for final in (False, True):
        chosen = [m for m in members.values() if _is_final(m, depth) == final]
        for group in _families(chosen, policy, final=final):
            groups.append(group)
    for group in groups:
        for member in [] if group.final else group.members:
            member.below = grow(member.configurations, policy, depth + 1)
    return groups


def _is_final(member: Member, depth: int) -> bool:
    return depth == len(member.configurations[0].stages) - 1


def _families(members: Iterable[Member], policy: Policy, *, final: bool) -> list[Group]:
    buckets: dict[Hashable, list[Member]] = {}
    for member in members:
        buckets.setdefault(_family_key(member.stage, policy), []).append(member)
    groups: list[Group] = []
    for key, bucket in buckets.items():
        rewrite = key[0] if isinstance(key, tuple) else None
        if rewrite is not None and len(bucket) > 1:
            groups.append(Group(bucket, final, rewrite))
        else:
            groups.extend(Group([member], final) for member in bucket)
    return groups


def _family_key(stage: Stage, policy: Policy) -> Hashable:
    if stage.tokens is None:
        return object()
    for rewrite in rewrites_for(type(stage.estimator), policy):
        rest = tuple(pair for pair in stage.tokens if pair[0] not in rewrite.sweeps)
        return (rewrite, type(stage.estimator), stage.name, rest)
    return object()
