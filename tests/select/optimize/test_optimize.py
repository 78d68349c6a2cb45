"""Studies of any objective: order, duplicates, failures, ask and tell."""

from __future__ import annotations

import math
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.errors import ClewError, InvalidParameter, NotFound, WrongType
from clew.select import (
    Optimization,
    PercentilePruner,
    Pruned,
    choice,
    integer,
    optimize,
    ordered,
    real,
    when,
)
from clew.select.named import SAMPLERS

SPACE = {
    "x": real(-5, 5),
    "n": integer(1, 8),
    "kind": choice("a", "b"),
    "y": when("kind", "b", real(0.01, 100, log=True)),
}
SINGLE = [name for name in SAMPLERS if name not in ("nsga2", "reuse")]  # "reuse" needs a plan


def bowl(trial) -> float:
    """Have its ground, 0, at x = 2, n = 4, kind "b", y = 1."""
    far = (trial["x"] - 2) ** 2 + (trial["n"] - 4) ** 2
    return far + (abs(math.log10(trial.get("y", 1.0))) if trial["kind"] == "b" else 1.0)


def shown(study) -> list:
    return [(t.number, t.configuration, t.values, t.budget, t.rung, t.state) for t in study.trials]


def uneven(trial) -> float:
    """Take a time that scrambles who ends first."""
    time.sleep(0.0005 * (hash((trial["n"], trial["kind"])) % 7))
    return bowl(trial)


@pytest.mark.parametrize("sampler", SINGLE)
def test_one_worker_and_two_give_the_same_trials(sampler) -> None:
    numbers = {"x": real(-5, 5), "n": integer(1, 8), "kind": ordered("a", "b")}
    given = {"space": numbers if sampler == "cmaes" else SPACE, "sampler": sampler, "seed": 3}
    count = 14 if sampler == "gp" else 40
    one = optimize(bowl, count, **given)
    two = optimize(uneven, count, workers=2, **given)
    assert shown(one) == shown(two)
    assert shown(one) != shown(optimize(bowl, count, **{**given, "seed": 4})) or sampler == "grid"


@pytest.mark.parametrize("scheduler", ["halving", "hyperband", "asha", "bohb"])
def test_schedulers_give_the_same_trials_with_two_workers(scheduler) -> None:
    def objective(trial):
        return bowl(trial) + 10 / trial.budget

    given = {"space": SPACE, "scheduler": scheduler, "budget": (1, 27), "seed": 1}
    one = optimize(objective, 60, **given)
    two = optimize(lambda t: (uneven(t), objective(t))[1], 60, workers=2, **given)
    assert shown(one) == shown(two)
    assert {t.budget for t in one.trials} <= {1, 3, 9, 27}
    assert max(t.budget for t in one.trials) == 27


@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    split=st.integers(0, 25),
    sampler=st.sampled_from(["random", "tpe", "evolution", "annealing", "recursive"]),
    seed=st.integers(0, 100),
)
def test_a_run_that_goes_on_gives_what_one_run_gives(split, sampler, seed) -> None:
    whole = optimize(bowl, 25, space=SPACE, sampler=sampler, seed=seed)
    parts = Optimization(SPACE, sampler=sampler, seed=seed)
    parts.run(bowl, split).run(bowl, 25)
    assert shown(whole) == shown(parts)


@pytest.mark.parametrize("sampler", ["annealing", "recursive", "tpe", "gp", "cmaes", "evolution"])
def test_samplers_find_a_bowls_ground_better_than_chance(sampler) -> None:
    space = {"x": real(-5, 5), "y": real(-5, 5), "z": real(-5, 5)}

    def objective(trial):
        return sum((trial[name] - 1) ** 2 for name in space)

    def best(sampler: str, seed: int) -> float:
        return optimize(objective, count, space=space, sampler=sampler, seed=seed).best.value

    count, seeds = (30, range(3)) if sampler in ("gp", "tpe") else (80, range(15))
    chance = np.median([best("random", seed) for seed in range(15)])
    assert np.median([best(sampler, seed) for seed in seeds]) < chance


def test_objectives_name_their_domains_as_with_optuna() -> None:
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["line", "bow"])
        x = trial.suggest_float("x", -5, 5)
        if kind == "line":
            return abs(x)
        return (x - 1) ** 2 / trial.suggest_int("width", 1, 9)

    one = optimize(objective, 60, seed=0)
    assert one.best.value < 0.2
    assert shown(one) == shown(optimize(objective, 60, seed=0, workers=2))
    assert {frozenset(t.configuration) for t in one.trials} == {
        frozenset({"kind", "x"}),
        frozenset({"kind", "x", "width"}),
    }
    with pytest.raises(InvalidParameter, match="two domains"):
        optimize(lambda t: t.suggest_int("n", 1, 2) + t.suggest_int("n", 1, 3), 1)


def test_a_duplicate_costs_nothing() -> None:
    calls: list[dict] = []
    space = {"n": integer(1, 3)}
    study = optimize(lambda t: calls.append(dict(t)) or t["n"], 30, space=space, sampler="random")
    assert len(study.trials) == 30
    assert len(calls) == 3
    copies = [t for t in study.trials if t.copied_from is not None]
    assert len(copies) == 27
    assert all(t.value == t.configuration["n"] for t in copies)
    again = optimize(
        lambda t: calls.append(dict(t)) or t["n"], 30, space=space, sampler="random", repeat=True
    )
    assert len(calls) == 33
    assert [t.values for t in again.trials] == [t.values for t in study.trials]


def test_duplicates_that_run_at_once_are_evaluated_once() -> None:
    gate, calls = threading.Event(), []

    def objective(trial):
        calls.append(trial.number)
        gate.wait(5)
        return 1.0

    study = Optimization({"n": choice(7)}, sampler="random", lag=4)
    thread = threading.Thread(target=study.run, args=(objective, 4), kwargs={"workers": 4})
    thread.start()
    time.sleep(0.1)
    gate.set()
    thread.join()
    assert calls == [0]
    assert [t.copied_from for t in study.trials] == [None, 0, 0, 0]


def test_failures_are_caught_only_where_they_are_expected() -> None:
    def objective(trial):
        if trial["n"] % 2:
            raise ZeroDivisionError("odd")
        return trial["n"]

    space = {"n": integer(0, 50)}
    with pytest.raises(ZeroDivisionError):
        optimize(objective, 20, space=space)
    study = optimize(objective, 30, space=space, catch=ZeroDivisionError)
    failed = [t for t in study.trials if t.state == "failed"]
    assert failed
    assert all(t.error == "ZeroDivisionError: odd" and math.isnan(t.value) for t in failed)
    assert study.best.value == min(t.value for t in study.trials if t.state == "complete")
    with pytest.raises(NotFound):
        optimize(lambda t: 1 / 0, 3, space=space, catch=ZeroDivisionError).best


@pytest.mark.parametrize("returned", ["0.5", None, math.nan, (1.0, 2.0), [], object()])
def test_an_objective_that_returns_no_number_is_refused(returned) -> None:
    with pytest.raises(WrongType):
        optimize(lambda t: returned, 2, space={"x": real(0, 1)})


def test_bad_trials_are_pruned_and_the_good_one_is_not() -> None:
    def objective(trial):
        for step in range(10):
            trial.report(abs(trial["x"]) + 1 / (step + 1), step)
            if trial.should_prune():
                raise Pruned
        return abs(trial["x"])

    study = optimize(
        objective, 60, space={"x": real(-1, 1)}, sampler="random", pruner=PercentilePruner()
    )
    pruned = [t for t in study.trials if t.state == "pruned"]
    assert 15 < len(pruned) < 55
    assert all(len(t.reports) < 10 for t in pruned)
    assert study.best.state == "complete"
    assert abs(study.best.configuration["x"]) == min(
        abs(t.configuration["x"]) for t in study.trials
    )


def test_a_rung_continues_what_the_objective_left_behind() -> None:
    trained: list[tuple[float, float]] = []

    def objective(trial):
        epochs = trial.state or 0
        assert epochs == trial.spent
        trained.append((trial.spent, trial.budget))
        trial.state = trial.budget
        return abs(trial["x"]) + 1 / trial.budget

    study = optimize(
        objective, 26, space={"x": real(-1, 1)}, scheduler="halving", budget=(1, 9), factor=3
    )
    assert (1.0, 3.0) in trained
    assert (3.0, 9.0) in trained
    assert not [each for each in trained if each[0] == 0 and each[1] > 1]
    assert study.best.budget == 9


def test_constraints_bar_what_breaks_them() -> None:
    def objective(trial):
        trial.constrain("size", trial["x"] - 3)  # at most 3
        return -trial["x"]

    study = optimize(objective, 60, space={"x": real(0, 10)}, seed=2)
    assert 2.5 < study.best.configuration["x"] <= 3


def test_several_directions_have_a_front() -> None:
    def objective(trial):
        return trial["x"] ** 2, (trial["x"] - 2) ** 2

    study = optimize(
        objective,
        80,
        space={"x": real(-10, 10)},
        direction=("minimize", "minimize"),
        sampler="nsga2",
    )
    front = study.pareto
    assert len(front) > 8
    assert np.mean([-0.2 <= t.configuration["x"] <= 2.2 for t in front]) > 0.8
    for one in front:
        assert not [
            o for o in study.trials if o.values != one.values
            and all(a <= b for a, b in zip(o.values, one.values, strict=True))
        ]  # fmt: skip
    with pytest.raises(InvalidParameter, match="pareto"):
        study.best


def test_ask_and_tell_give_what_run_gives() -> None:
    ran = optimize(bowl, 20, space=SPACE, seed=5, lag=1)
    study = Optimization(SPACE, seed=5, lag=1)
    for _ in range(20):
        trial = study.ask()
        study.tell(trial, bowl(trial))
    assert shown(study) == shown(ran)
    with pytest.raises(ClewError):
        study.tell(trial, 1.0)


def test_enqueued_configurations_come_first_and_must_fit() -> None:
    study = optimize(bowl, 5, space=SPACE, enqueue=[{"x": 2.0, "n": 4, "kind": "a"}])
    assert study.trials[0].value == 1.0
    with pytest.raises(InvalidParameter, match="outside its domain"):
        Optimization(SPACE).enqueue({"x": 9.0, "n": 4, "kind": "a"})


def test_callbacks_see_each_trial_and_may_end_the_run() -> None:
    seen: list[int] = []

    def callback(study, trial) -> None:
        seen.append(trial.number)
        if len(seen) == 7:
            study.stop()

    study = optimize(bowl, 50, space=SPACE, callbacks=[callback])
    assert seen == list(range(7))
    assert len(study.trials) == 7


def test_a_time_limit_ends_a_run() -> None:
    study = optimize(lambda t: time.sleep(0.01) or 0.0, space={"x": real(0, 1)}, timeout_s=0.1)
    assert 1 <= len(study.trials) <= 11


def test_trials_run_in_any_executor() -> None:
    with ThreadPoolExecutor(3) as pool:
        study = Optimization(SPACE, seed=1, lag=3).run(bowl, 20, workers=3, executor=pool)
    assert shown(study) == shown(optimize(bowl, 20, space=SPACE, seed=1, lag=3))


@pytest.mark.parametrize(
    "wrong",
    [
        {"direction": "up"},
        {"sampler": "magic"},
        {"scheduler": "magic"},
        {"scheduler": "asha"},
        {"lag": 0},
        {"scheduler": "halving", "budget": (9, 1)},
        {"scheduler": "halving", "budget": (0, 1)},
        {"scheduler": "halving", "budget": (1, 9), "factor": 1},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(InvalidParameter):
        Optimization(SPACE, **wrong)


def test_optunas_warnings_and_log_stay_quiet(capfd) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimize(bowl, 15, space=SPACE, sampler="tpe")
    assert capfd.readouterr() == ("", "")
