"""Code that arrives as an argument and reads the world forbids reuse."""

import time

import pytest

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
