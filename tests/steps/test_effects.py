"""What a step does besides computing is done again when its result is reused."""

from __future__ import annotations

import math
import random
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.errors import ClewError, WrongType
from clew.steps.effects import Effects


@clew.step
def train(x: int) -> int:
    clew.log_param("x", x)
    for epoch in range(3):
        clew.log_metric("loss", x / (epoch + 1), step=epoch)
    clew.log_metric("nan", math.nan)
    clew.log_artifact("model", [x, x])
    return x


@clew.flow
def training(x: int = 6) -> int:
    return train(x)


def test_what_a_reused_step_logged_is_logged_again() -> None:
    first, second = training.run(), training.run()
    assert second.computed == ()
    assert first.metrics["loss"] == second.metrics["loss"] == 2.0
    assert first.params == second.params == {"x": "6"}
    store = clew.open()
    one, two = store.entries(first.id), store.entries(second.id)
    assert [(e.kind, e.key, e.step) for e in one] == [(e.kind, e.key, e.step) for e in two]
    assert math.isnan(second.metrics["nan"])
    artifact = next(entry.text for entry in two if entry.kind == "artifact")
    assert store.value(artifact) == [6, 6]


def test_what_a_pruned_step_logged_counts_too() -> None:
    @clew.step
    def evaluate(x: int) -> int:
        clew.log_metric("score", x)
        return x

    @clew.step
    def report(x: int) -> str:
        return f"score {x}"

    @clew.flow
    def flow() -> str:
        return report(evaluate(train(3)))

    flow.run()
    again = flow.run()
    assert again.decisions["pruned"] == 2
    assert (again.metrics["loss"], again.metrics["score"]) == (1.0, 3.0)


def test_logging_outside_a_run_is_refused() -> None:
    with pytest.raises(ClewError, match="outside a run"):
        clew.log_metric("a", 1)


def test_logging_in_a_flows_body_belongs_to_the_run() -> None:
    @clew.flow
    def flow() -> None:
        clew.log_metric("body", 1)

    assert flow.run().metrics == {"body": 1.0}


def test_a_metric_must_be_a_number() -> None:
    with pytest.raises(WrongType, match="'acc'"):
        clew.log_metric("acc", "high")  # type: ignore[arg-type]


def test_warnings_of_a_reused_step_are_given_again() -> None:
    @clew.step
    def warn() -> int:
        warnings.warn("look here", RuntimeWarning, stacklevel=1)
        return 1

    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="look here"):
            assert warn() == 1
    assert warn.last.decision == "reused"


def test_warnings_that_the_step_kept_to_itself_are_not_given_again() -> None:
    @clew.step
    def quiet() -> int:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            warnings.warn("inside", RuntimeWarning, stacklevel=1)
        return len(seen)

    assert [quiet(), quiet()] == [1, 1]
    assert quiet.last.decision == "reused"


def test_global_generators_stand_where_they_would_stand() -> None:
    def draw() -> tuple[float, float]:
        return random.random(), float(np.random.normal())

    def sequence(function) -> list[object]:
        random.seed(3)
        np.random.seed(3)
        return [function(), random.random(), np.random.normal(), function()]

    step = clew.step(draw)
    expected = sequence(draw)
    assert sequence(step) == expected
    assert sequence(step) == expected
    assert step.last.decision == "reused"


def test_a_seeded_step_leaves_the_global_generators_alone() -> None:
    step = clew.step(seed=1)(lambda: random.random() + np.random.random())
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tobytes()
    step()
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before


GENERATORS = {
    "Generator": lambda: np.random.default_rng(4),
    "RandomState": lambda: np.random.RandomState(4),
    "Random": lambda: random.Random(4),
    "Philox": lambda: np.random.Generator(np.random.Philox(4)),
}


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
def test_a_generator_given_to_a_step_stands_where_it_would_stand(make) -> None:
    def draw(generator) -> float:
        return generator.random()

    def sequence(function) -> list[float]:
        generator = make()
        return [function(generator), function(generator), generator.random()]

    step = clew.step(draw)
    assert sequence(step) == sequence(draw)
    assert step.last.decision == "computed"
    assert sequence(step) == sequence(draw)
    assert step.last.decision == "reused"


@pytest.mark.parametrize("engine", ["inline", "threads", "processes"])
def test_a_generator_in_a_flow_is_drawn_from_in_the_order_of_the_body(engine: str) -> None:
    @clew.step
    def draw(generator: np.random.Generator, count: int) -> list[float]:
        return generator.random(count).tolist()

    @clew.flow
    def flow() -> object:
        generator = np.random.default_rng(0)
        return draw(generator, 1), draw(generator, 2), float(generator.random())

    expected = np.random.default_rng(0).random(4).tolist()
    for computed in (2, 0):
        run = flow.start({}, engine=engine, workers=2)
        one, two, last = run.result
        assert [*one, *two, last] == expected
        assert len(run.computed) == computed


def test_a_source_of_entropy_is_no_generator() -> None:
    step = clew.step(lambda generator: generator.random())
    assert step(random.SystemRandom()) != step(random.SystemRandom())


def test_seeded_steps_agree_whatever_runs_beside_them() -> None:
    @clew.step(seed=1)
    def draw(which: int) -> list[float]:
        return [np.random.random() for _ in range(200)]

    @clew.step
    def disturb(which: int) -> int:
        for _ in range(500):
            np.random.random()
        return which

    @clew.flow
    def flow() -> object:
        return [(draw(i), disturb(i)) for i in range(6)]

    drawn = [one for one, _ in flow.start({}, engine="threads", workers=4).result]
    assert drawn == [drawn[0]] * 6


def test_draws_that_may_be_mixed_with_anothers_are_not_reused() -> None:
    @clew.step(seed=1)
    def draw(place: str, which: int) -> list[float]:
        drawn = [np.random.random()]
        mark = Path(place)
        (mark / f"{which}.here").touch()
        for _ in range(20_000):
            if (mark / f"{1 - which}.here").exists():
                break
            time.sleep(0.001)
        return [*drawn, np.random.random()]

    with tempfile.TemporaryDirectory() as place:
        threads = [threading.Thread(target=draw, args=(place, i)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "another step runs" in draw.why().text


def test_a_warning_of_a_module_that_is_not_installed_runs_none_of_it(
    tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "planted.py").write_text("raise SystemExit('it ran')\n")
    monkeypatch.syspath_prepend(tmp_path)
    effects = Effects(warned=[("planted:Planted", "text"), ("json.tool:main", "other")])
    with pytest.warns(UserWarning) as shown:
        effects.replay()
    assert [str(one.message) for one in shown] == ["text", "other"]
