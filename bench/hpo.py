"""Samplers and schedulers: on LCBench's surrogate, against Optuna, and with several workers.

The surrogate (`hpo/lcbench_model.onnx` of the shared data) gives the validation accuracy of a
network on one of 34 tasks after 1 to 52 epochs.
"""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bench.data import beside
from bench.figure import Figure
from bench.place import fresh_store

TASKS = (
    *("3945", "7593", "126026", "146212", "167104"),
    *("167161", "168329", "168908", "189862", "34539"),
)
MOST_EPOCHS = 52
TRAININGS = 200
NAMES = (
    *("batch_size", "learning_rate", "momentum", "weight_decay"),
    *("num_layers", "max_units", "max_dropout"),
)
SHARE = 0.25
WAYS = (("bohb", "tpe"), ("asha", "tpe"))


def space() -> dict[str, Any]:
    """Return LCBench's space."""
    from clew.select import integer, real

    return {
        "batch_size": integer(16, 512, log=True),
        "learning_rate": real(1e-4, 0.1, log=True),
        "momentum": real(0.1, 0.99),
        "weight_decay": real(1e-5, 0.1),
        "num_layers": integer(1, 5),
        "max_units": integer(64, 1024, log=True),
        "max_dropout": real(0, 1),
    }


def accuracy(task: str, configuration: Any, epochs: float) -> float:
    """Return the validation accuracy, in percent, that the surrogate gives."""
    session, codes = surrogate()
    numbers = [epochs, *(configuration[name] for name in NAMES)]
    answer = session.run(
        None,
        {
            "x_cat": np.array([[codes[task]]], np.int32),
            "x_cont": np.array([numbers], np.float32),
        },
    )
    return float(answer[0][0, 1])


@cache
def surrogate() -> tuple[Any, dict[str, int]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = beside("hpo", "lcbench_model.onnx")
    codes = json.loads(beside("hpo", "lcbench_encoding.json").read_text())["OpenML_task_id"]
    return onnxruntime.InferenceSession(str(model), options), codes


def lcbench_wins(tasks: tuple[str, ...], seeds: int) -> Figure:
    """Tasks on which BOHB or ASHA reaches random search's best in a quarter of its epochs.

    Random search trains 200 configurations for 52 epochs each. A task counts when, in the median
    of the seeds, one of the two has seen as good a validation accuracy after at most a quarter of
    these epochs.
    """
    whole = TRAININGS * MOST_EPOCHS
    shares: dict[str, dict[str, float]] = {}
    for task in tasks:
        targets = [max(a for _, a in trained(task, None, "random", 1000 + s)) for s in range(seeds)]
        shares[task] = {
            f"{scheduler} + {sampler}": float(
                np.median(
                    [
                        reached(trained(task, scheduler, sampler, seed), target) / whole
                        for seed, target in enumerate(targets)
                    ]
                )
            )
            for scheduler, sampler in WAYS
        }
    wins = sum(min(each.values()) <= SHARE for each in shares.values())
    slower = sum(min(each.values()) > 1 for each in shares.values())
    told = "; ".join(
        f"{t}: " + ", ".join(f"{w} {s:.2f}" for w, s in e.items()) for t, e in shares.items()
    )
    return Figure(
        "hpo.lcbench_wins", wins, "count", clew=wins, peer=len(tasks),
        peer_name=f"share of random search's epochs, of {len(tasks)} tasks: {told}",
        agrees=slower == 0,
    )  # fmt: skip


def trained(task: str, scheduler: str | None, sampler: str, seed: int) -> list[tuple[float, float]]:
    """Return (epochs, accuracy) of each training; half of random search's epochs at most."""
    from clew.select import Optimization

    log: list[tuple[float, float]] = []

    def objective(trial: Any) -> float:
        found = accuracy(task, trial, trial.budget)
        log.append((trial.budget - trial.spent, found))
        trial.state = trial.budget
        return -found

    budget = (2.0, float(MOST_EPOCHS))
    study = Optimization(
        space(), sampler=sampler, scheduler=scheduler, budget=budget, seed=seed, lag=1
    )
    if scheduler is None:
        study.run(objective, TRAININGS)
        return log
    count = 0
    while sum(epochs for epochs, _ in log) < TRAININGS * MOST_EPOCHS / 2:
        study.run(objective, count := count + 50)
    return log


def reached(log: list[tuple[float, float]], target: float) -> float:
    """Return the epochs until the target was seen; infinite when it never was."""
    spent = 0.0
    for epochs, found in log:
        spent += epochs
        if found >= target - 1e-9:
            return spent
    return math.inf


def trial_overhead(trials: int) -> Figure:
    """CPU of a trial in a durable study, beyond Optuna's in memory, both with TPE."""
    import optuna

    from clew.select import optimize, real

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    named = {f"x{i}": (-5.0, 5.0) for i in range(4)}

    def theirs(trial: Any) -> float:
        return sum(trial.suggest_float(n, *bounds) ** 2 for n, bounds in named.items())

    def ours(trial: Any) -> float:
        return float(sum(trial[name] ** 2 for name in named))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.process_time()
        peer = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, multivariate=True))
        peer.optimize(theirs, n_trials=trials)
        peer_ms = (time.process_time() - began) / trials * 1000
    with fresh_store():
        began = time.process_time()
        domains = {name: real(*bounds) for name, bounds in named.items()}
        study = optimize(ours, trials, space=domains, study="bench", seed=0)
        clew_ms = (time.process_time() - began) / trials * 1000
    return Figure(
        "hpo.trial_overhead", clew_ms - peer_ms, "ms", clew=clew_ms, peer=peer_ms,
        peer_name=f"Optuna {optuna.__version__} in memory",
        agrees=len(study.trials) == len(peer.trials) == trials,
    )  # fmt: skip


def deterministic(trials: int) -> Figure:
    """Trials that differ between one worker and two, over all samplers and schedulers."""
    from clew.select import optimize

    def objective(trial: Any) -> float:
        time.sleep(0.0004 * (trial["num_layers"] % 4))
        return (trial["momentum"] - 0.5) ** 2 + trial["num_layers"] / trial.budget

    samplers = ("random", "grid", "annealing", "recursive", "tpe", "evolution", "cmaes", "gp")
    ways: list[dict[str, Any]] = [{"sampler": name} for name in samplers]
    ways += [
        {"scheduler": name, "budget": (1, 27)} for name in ("halving", "hyperband", "asha", "bohb")
    ]
    differing = total = 0
    for way in ways:
        count = min(trials, 16) if way.get("sampler") == "gp" else trials
        one, two = (
            optimize(objective, count, space=space(), seed=1, workers=workers, **way).trials
            for workers in (1, 2)
        )
        pairs = zip(one, two, strict=True)
        differing += sum(
            (a.configuration, a.values, a.budget) != (b.configuration, b.values, b.budget)
            for a, b in pairs
        )
        total += count
    return Figure("hpo.deterministic", differing, "count", clew=total, peer=total)


def two_core_speedup(trials: int) -> Figure:
    """Wall time of a study in one process, to that in two workers, each trial 0.3 s of CPU."""
    from concurrent.futures import ProcessPoolExecutor

    from clew.select import Optimization

    seconds, found = [], []
    for workers in (1, 2):
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(busy, [0.01] * workers))
            study = Optimization(space(), seed=0, sampler="random")
            began = time.perf_counter()
            study.run(working, trials, workers=workers, executor=pool)
            seconds.append(time.perf_counter() - began)
            found.append([(t.configuration, t.values) for t in study.trials])
    return Figure(
        "hpo.two_core_speedup", seconds[0] / seconds[1], "ratio", clew=seconds[1], peer=seconds[0],
        peer_name="one worker", agrees=found[0] == found[1],
    )  # fmt: skip


def working(trial: Any) -> float:
    """An objective that computes."""
    busy(0.3)
    return float(trial["momentum"])


def busy(cpu_s: float) -> None:
    """Use so much CPU time."""
    until = time.process_time() + cpu_s
    while time.process_time() < until:
        pass


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "hpo.lcbench_wins": lambda quick: lcbench_wins(*((TASKS[:2], 2) if quick else (TASKS, 10))),
    "hpo.trial_overhead": lambda quick: trial_overhead(200 if quick else 1000),
    "hpo.deterministic": lambda quick: deterministic(20 if quick else 60),
    "hpo.two_core_speedup": lambda quick: two_core_speedup(12 if quick else 40),
}
