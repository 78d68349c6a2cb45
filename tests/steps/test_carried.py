"""Code that arrives as an argument and reads the world forbids reuse."""

import time

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import clew


class Clock:
    def __call__(self):
        return time.time_ns()


class Doubler:
    def __call__(self):
        return 2


CARRIERS = [time.time_ns, lambda: time.time_ns(), Clock(), Clock().__call__]


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: [f], lambda f: {"f": f}])
@pytest.mark.parametrize("carrier", CARRIERS, ids=["builtin", "lambda", "object", "method"])
def test_what_an_argument_reads_when_called_is_read_again(carrier, wrap):
    @clew.step
    def ask(given):
        inner = given[0] if isinstance(given, list) else given
        inner = inner["f"] if isinstance(inner, dict) else inner
        return inner()

    first, second = ask(wrap(carrier)), ask(wrap(carrier))
    assert first != second
    assert ask.last.reason.code == "ambient-argument"


def test_a_callable_that_reads_nothing_is_reused():
    @clew.step
    def ask(given):
        return given()

    assert ask(Doubler()) == ask(Doubler()) == 2
    assert ask.last.decision == "reused"


def test_the_user_may_say_that_it_does_not_matter():
    @clew.step(reuse=True)
    def ask(given):
        return given()

    assert ask(Clock()) == ask(Clock())


class Stamp:
    def now(self):
        return time.time_ns()


def test_an_object_whose_method_reads_the_clock_is_asked_again():
    @clew.step
    def ask(given):
        return given.now()

    assert ask(Stamp()) != ask(Stamp())


class Box:
    def __init__(self, content):
        self.content = content


def now_added(X):
    return X + time.time_ns()


def doubled(X):
    return 2 * X


@pytest.mark.parametrize(
    "wrap",
    [
        lambda f: FunctionTransformer(f),
        lambda f: make_pipeline(FunctionTransformer(f), "passthrough"),
        lambda f: [{"deep": (1, [{"er": FunctionTransformer(f)}])}],
        lambda f: Box(Box({"f": f})),
        lambda f: [0] * 100 + [f],
    ],
    ids=["estimator", "pipeline", "nested", "attributes", "long list"],
)
@pytest.mark.parametrize("function", [now_added, doubled])
def test_code_deep_inside_an_argument_counts(wrap, function):
    @clew.step
    def ask(given):
        return 1

    ask(wrap(function))
    ask(wrap(function))
    wanted = "ambient-argument" if function is now_added else "same-call"
    assert ask.last.reason.code == wanted


def test_a_result_that_carries_such_code_is_no_input_that_can_be_named():
    @clew.step
    def make(n):
        return FunctionTransformer(now_added)

    @clew.step
    def apply(transformer):
        return int(transformer.transform(np.zeros(1, dtype=np.int64))[0])

    @clew.flow
    def flow(n=1):
        return apply(make(n))

    assert flow() != flow()


@pytest.mark.usefixtures("own_folder")  # It is a pickle, which is not read from just anybody.
def test_a_result_that_carries_harmless_code_is_reused():
    @clew.step
    def make(n):
        return FunctionTransformer(doubled)

    make(1)
    make(1)
    assert make.last.decision == "reused"
