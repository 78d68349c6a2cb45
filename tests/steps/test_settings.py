"""Settings of libraries that are in force are part of what decides a result."""

from __future__ import annotations

import decimal
import locale
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn

import clew
from clew.steps import settings


@contextmanager
def collation() -> Iterator[None]:
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "C.UTF-8")
        yield
    finally:
        locale.setlocale(locale.LC_TIME, before)


CHANGES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "numpy error": lambda: np.errstate(divide="raise"),
    "numpy printing": lambda: np.printoptions(precision=3),
    "sklearn transform_output": lambda: sklearn.config_context(transform_output="pandas"),
    "pandas": lambda: pd.option_context("display.precision", 3),
    "decimal prec": lambda: decimal.localcontext(prec=5),
    "decimal traps": lambda: decimal.localcontext(traps=[decimal.Inexact]),
    "locale": collation,
}


def test_defaults_say_nothing() -> None:
    assert settings.in_force() == ()


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_setting_makes_another_call(name: str) -> None:
    ran: list[int] = []

    @clew.step(reuse=True)
    def count(x: int) -> int:
        ran.append(x)
        return x

    count(1)
    with CHANGES[name]():
        assert any(found.startswith(name) for found, _ in settings.in_force())
        count(1)
        assert len(ran) == 2
        count(1)
        assert len(ran) == 2
    count(1)
    assert len(ran) == 2


def test_a_result_under_a_setting_is_not_given_without_it() -> None:
    @clew.step
    def ratio(digits: str) -> str:
        import decimal

        return str(decimal.Decimal(1) / decimal.Decimal(digits))

    with decimal.localcontext(prec=4):
        assert ratio("3") == "0.3333"
    assert ratio("3") == "0." + 28 * "3"


def test_the_settings_are_shown() -> None:
    @clew.step
    def one(x: int) -> int:
        return x

    with np.errstate(divide="raise"):
        one(1)
    store = clew.open().runtime.store
    node = store.node(one.last.node)  # type: ignore[union-attr, arg-type]
    assert node is not None and node.environment is not None
    assert (store.environment(node.environment) or {})["numpy error divide"] == "raise"


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_a_worker_with_other_settings_gives_nothing_to_others(engine: str) -> None:
    """A flow's settings do not reach its workers: what they compute is not what it asked for."""

    @clew.step
    def ratio(digits: str) -> str:
        import decimal

        return str(decimal.Decimal(1) / decimal.Decimal(digits))

    @clew.flow
    def ask(digits: str) -> str:
        return ratio(digits)

    with decimal.localcontext(prec=4):
        run = ask.start({"digits": "7"}, engine=engine, workers=2)
        assert "settings of libraries" in run.use("ratio").reason.text
        assert ratio("7") == "0.1429"


def test_settings_are_those_of_the_thread() -> None:
    seen: list[Any] = []
    with np.errstate(divide="raise"):
        thread = threading.Thread(target=lambda: seen.append(settings.in_force()))
        thread.start()
        thread.join()
    assert seen == [()]


def test_settings_that_a_step_changes_do_not_pass_for_those_of_the_flow() -> None:
    @clew.step(reuse=False)
    def careless(x: int) -> int:
        import decimal

        decimal.getcontext().prec = 4
        return x

    @clew.step
    def ratio(x: int) -> str:
        import decimal

        return str(decimal.Decimal(1) / decimal.Decimal(x))

    @clew.flow
    def ask() -> str:
        return ratio(careless(3))

    with decimal.localcontext():
        assert ask.run().result == "0.3333"
    assert ratio(3) == "0." + 28 * "3"
