"""A recurrent network that writes configurations, taught by what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.select.distributions import When
from clew.select.samplers.view import View

Floats = NDArray[np.float64]
_LEVELS = 8
_CLIPPED = 5.0


@dataclass(frozen=True)
class ControllerSampler:
    """A controller of Zoph and Le ("Neural Architecture Search with Reinforcement Learning", ICLR
    2017): a recurrent network chooses one value after the other, and policy gradients (REINFORCE,
    with a moving mean as baseline) make likely what came out well.

    It learns from all that was seen, in order, so that what it proposes depends on that alone.
    Numbers are chosen among eight levels; values that depend on others may be left out.

    Parameters
    ----------
    hidden : int
        Width of the recurrent layer.
    rate : float
        Step of an update (Adam).
    memory : float
        Share of the baseline that is kept at each reward.
    entropy : float
        Weight of the entropy of its choices: what keeps it from settling too early.
    start : int
        Random draws before it chooses.
    """

    hidden: int = 32
    rate: float = 0.02
    memory: float = 0.9
    entropy: float = 0.02
    start: int = 8
    _known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was learned so far: it follows from what was seen."""
        return {**self.__dict__, "_known": {}}

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw, then what the controller chooses."""
        if view.number < self.start or len(view.seen) < 2:
            return view.space.draw(view.rng)
        policy = self._taught(view)
        for _ in range(50):
            chosen = policy.write(view.rng)
            chosen = view.space.complete(chosen, view.rng)
            if view.space.allowed(chosen):
                return chosen
        return view.space.draw(view.rng)

    def _taught(self, view: View) -> _Policy:
        """Return the policy after all that was seen; what it learned before is not done again."""
        history = [(tuple(s.configuration.items()), s.loss) for s in view.seen]
        policy, learned = self._known.get("policy"), self._known.get("history", [])
        if policy is None or history[: len(learned)] != learned or policy.seed != view.seed:
            policy, learned = _Policy(view, self), []
        for at in range(len(learned), len(history)):
            policy.learn(view.seen[at].configuration, _reward(history[: at + 1]))
        self._known.update(policy=policy, history=history)
        return policy


def _reward(history: Sequence[tuple[Any, tuple[float, float]]]) -> float:
    """Return how the newest loss ranks among all so far, from −1 (the worst) to 1 (the best).

    Ranks, not losses: an outlier, or a failure, would drown everything else.
    """
    losses = [loss for _, loss in history]
    worse = sum(loss > losses[-1] for loss in losses)
    better = sum(loss < losses[-1] for loss in losses)
    return (worse - better) / max(len(losses) - 1, 1)


class _Policy:
    """Choices one after the other: an Elman network with an output layer for each name."""

    def __init__(self, view: View, sampler: ControllerSampler) -> None:
        self.seed = view.seed
        self.sampler = sampler
        self.space = view.space
        self.options = {
            name: list(_innermost(domain).levels(_LEVELS))
            for name, domain in view.space.domains.items()
        }
        rng = view.rng_of(1 << 20)
        self.tokens: dict[str, int] = {}
        total = 1
        for name, options in self.options.items():
            self.tokens[name], total = total, total + len(options)
        width = sampler.hidden
        self.weights = {
            "into": rng.normal(0, 0.1, (total, width)),
            "over": rng.normal(0, 1 / np.sqrt(width), (width, width)),
            **{
                f"out:{name}": rng.normal(0, 0.1, (width, len(options)))
                for name, options in self.options.items()
            },
        }
        self.moments = {
            name: (np.zeros_like(one), np.zeros_like(one)) for name, one in self.weights.items()
        }
        self.baseline, self.updates = 0.0, 0

    def write(self, rng: np.random.Generator) -> dict[str, Any]:
        """Return a configuration, each value drawn by its probability."""
        hidden, token = np.zeros(self.sampler.hidden), 0
        found: dict[str, Any] = {}
        for name, options in self.options.items():
            if self.space.active(name, found) is None:
                continue
            hidden, chances = self._step(hidden, token, name)
            at = int(rng.choice(len(options), p=chances))
            found[name] = options[at]
            token = self.tokens[name] + at
        return found

    def _step(self, hidden: Floats, token: int, name: str) -> tuple[Floats, Floats]:
        inner = np.tanh(self.weights["into"][token] + hidden @ self.weights["over"])
        logits = inner @ self.weights[f"out:{name}"]
        chances = np.exp(logits - logits.max())
        return inner, chances / chances.sum()

    def learn(self, configuration: Mapping[str, Any], reward: float) -> None:
        """Make a configuration likelier, or less likely, by what came of it."""
        advantage = reward - self.baseline
        self.baseline += (1 - self.sampler.memory) * advantage
        self._update(self.gradients(configuration, advantage))

    def gradients(self, configuration: Mapping[str, Any], advantage: float) -> dict[str, Floats]:
        """Return the gradients of the expected reward and of the entropy at a configuration."""
        hidden, token = np.zeros(self.sampler.hidden), 0
        steps = []
        for name, options in self.options.items():
            if name not in configuration:
                continue
            before, (hidden, chances) = hidden, self._step(hidden, token, name)
            at = _nearest(options, configuration[name])
            steps.append((name, token, before, hidden, chances, at))
            token = self.tokens[name] + at
        found = {name: np.zeros_like(one) for name, one in self.weights.items()}
        back = np.zeros(self.sampler.hidden)
        for name, token, before, hidden, chances, at in reversed(steps):
            logs = np.log(np.maximum(chances, 1e-12))
            spread = -float((chances * logs).sum())
            slope = -advantage * chances
            slope[at] += advantage
            slope += self.sampler.entropy * -chances * (logs + spread)
            found[f"out:{name}"] += np.outer(hidden, slope)
            inner = (self.weights[f"out:{name}"] @ slope + back) * (1 - hidden**2)
            found["into"][token] += inner
            found["over"] += np.outer(before, inner)
            back = self.weights["over"] @ inner
        return found

    def _update(self, gradients: Mapping[str, Floats]) -> None:
        """Take a step uphill (Adam, Kingma and Ba 2015)."""
        self.updates += 1
        for name, gradient in gradients.items():
            clipped = np.clip(gradient, -_CLIPPED, _CLIPPED)
            first, second = self.moments[name]
            first += 0.1 * (clipped - first)
            second += 0.001 * (clipped**2 - second)
            mean = first / (1 - 0.9**self.updates)
            size = np.sqrt(second / (1 - 0.999**self.updates))
            self.weights[name] += self.sampler.rate * mean / (size + 1e-8)


def _innermost(domain: Any) -> Any:
    """Return the domain that counts under a condition."""
    while isinstance(domain, When):
        domain = domain.domain
    return domain


def _nearest(options: Sequence[Any], value: Any) -> int:
    if value in options:
        return options.index(value)
    return int(np.argmin([abs(float(one) - float(value)) for one in options]))
