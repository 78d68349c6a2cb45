"""The controller learns, its gradients are true, and proposals follow from what was seen."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from clew.errors import InvalidParameter
from clew.select import choice, integer, optimize, real, when
from clew.select.nas.compound import candidates, family, scaled
from clew.select.nas.edges import edge_cells
from clew.select.samplers.controller import ControllerSampler, _Policy
from clew.select.samplers.view import View


def ones(trial) -> int:
    return -sum(op == "nor_conv_3x3" for op in trial.configuration.values())


def test_it_finds_what_random_draws_do_not() -> None:
    def last(sampler) -> float:
        study = optimize(ones, 120, space=edge_cells(), sampler=sampler, seed=3)
        return float(np.mean([trial.value for trial in study.trials[-30:]]))

    assert last(ControllerSampler()) < 2 * last("random")


def test_gradients_are_finite_differences() -> None:
    view = View(edge_cells(), number=0, seed=1)
    policy = _Policy(view, ControllerSampler(hidden=5, entropy=0.3))
    cell = policy.write(np.random.default_rng(0))

    def gained(one: _Policy) -> float:
        hidden, token, total = np.zeros(5), 0, 0.0
        for name, options in one.options.items():
            hidden, chances = one._step(hidden, token, name)
            at = options.index(cell[name])
            total += 1.7 * np.log(chances[at]) - 0.3 * float((chances * np.log(chances)).sum())
            token = one.tokens[name] + at
        return total

    gradients = policy.gradients(cell, 1.7)
    draw = np.random.default_rng(2)
    for name, gradient in gradients.items():
        for _ in range(4):
            place = tuple(int(draw.integers(size)) for size in gradient.shape)
            moved = []
            for step in (1e-5, -1e-5):
                other = copy.deepcopy(policy)
                other.weights[name][place] += step
                moved.append(gained(other))
            slope = (moved[0] - moved[1]) / 2e-5
            assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-7), name


def test_a_fresh_sampler_proposes_the_same() -> None:
    space = edge_cells()
    study = optimize(ones, 40, space=space, sampler=ControllerSampler(), seed=5)
    again = optimize(ones, 40, space=space, sampler=ControllerSampler(), seed=5)
    assert [t.configuration for t in study.trials] == [t.configuration for t in again.trials]
    used = ControllerSampler()
    optimize(ones, 20, space=space, sampler=used, seed=1)
    assert used._known
    assert not pickle.loads(pickle.dumps(used))._known
    third = optimize(ones, 40, space=space, sampler=used, seed=5)
    assert [t.configuration for t in third.trials] == [t.configuration for t in study.trials]


def test_numbers_and_conditions_are_chosen_too() -> None:
    space = {
        "kind": choice("a", "b"),
        "depth": when("kind", "a", integer(1, 5)),
        "rate": real(0.01, 1.0, log=True),
    }
    study = optimize(
        lambda trial: abs(np.log10(trial["rate"]) + 1) + (trial["kind"] == "b"),
        60, space=space, sampler=ControllerSampler(), seed=0,
    )  # fmt: skip
    assert all(
        ("depth" in t.configuration) == (t.configuration["kind"] == "a") for t in study.trials
    )
    assert study.best.value < 0.2


def test_networks_grow_as_published() -> None:
    sizes = list(family(18, 32, 224, sizes=4))
    assert [one.depth for one in sizes] == [18, 22, 26, 32]
    assert [one.resolution for one in sizes] == [224, 258, 296, 341]
    assert all(one.width % 8 == 0 for one in sizes)
    assert sizes[3].operations == pytest.approx(2**3, rel=0.35)
    # The published first step: of the grid's coefficients the paper's are among.
    assert (1.2, 1.1, 1.15) in set(candidates())
    assert all(abs(a * b**2 * c**2 - 2) <= 0.1 for a, b, c in candidates())
    assert scaled(10, 60, 64, 0) == scaled(10, 60, 64, 0, coefficients=(2, 2, 2))
    with pytest.raises(InvalidParameter, match="to scale"):
        scaled(0, 32, 224, 1)
