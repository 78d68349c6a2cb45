"""Settings of libraries that are in force are part of what decides a result."""

from __future__ import annotations

import decimal
import locale
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
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


@contextmanager
def raising() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        yield


@contextmanager
def variable(name: str, text: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, text)
        yield


@contextmanager
def digits() -> Iterator[None]:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


@contextmanager
def zone() -> Iterator[None]:
    with variable("TZ", "Asia/Tokyo"):
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what the tests of this project set for themselves."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


CHANGES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "numpy error": lambda: np.errstate(divide="raise"),
    "numpy printing": lambda: np.printoptions(precision=3),
    "sklearn transform_output": lambda: sklearn.config_context(transform_output="pandas"),
    "pandas": lambda: pd.option_context("display.precision", 3),
    "decimal prec": lambda: decimal.localcontext(prec=5),
    "decimal traps": lambda: decimal.localcontext(traps=[decimal.Inexact]),
    "locale": collation,
    "warnings": raising,
    "variable OMP_NUM_THREADS": lambda: variable("OMP_NUM_THREADS", "3"),
    "variable POLARS_FMT_MAX_ROWS": lambda: variable("POLARS_FMT_MAX_ROWS", "3"),
    "python int_max_str_digits": digits,
}


@pytest.mark.usefixtures("plain")
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


def test_a_time_zone_that_is_set_while_the_store_is_open_counts() -> None:
    @clew.step
    def hour(at_s: float) -> str:
        return time.strftime("%H", time.localtime(at_s))

    before = hour(0.0)
    with zone():
        assert hour(0.0) == "09"
        assert "computed" in str(hour.last)
    assert hour(0.0) == before
    assert "reused" in str(hour.last)


ZONE_OF_ZERO = """
import os, sys, time
if sys.argv[1] == "late":  # Nobody calls tzset: local times are told as before.
    os.environ["TZ"] = sys.argv[2]
import clew

@clew.step
def hour(at_s: float) -> int:
    return time.localtime(at_s).tm_hour

print(hour(0.0), hour.last.decision)
"""


def test_a_time_zone_that_is_named_and_not_in_force_is_another(tmp_path: Path) -> None:
    script = tmp_path / "zone.py"
    script.write_text(ZONE_OF_ZERO)

    def run(started_in: str, *arguments: str) -> str:
        environment = {**os.environ, "TZ": started_in}
        command = [sys.executable, str(script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert run("UTC", "late", "Asia/Tokyo") == "0 computed"
    assert run("Asia/Tokyo", "plain") == "9 computed"
    assert run("UTC", "late", "Asia/Tokyo") == "0 reused"
    assert run("Asia/Tokyo", "plain") == "9 reused"


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


@pytest.mark.usefixtures("plain")
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


@pytest.mark.usefixtures("plain")
def test_filters_that_only_show_or_hide_warnings_say_nothing() -> None:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.filterwarnings("ignore", message="old")
        warnings.simplefilter("always", UserWarning)
        assert settings.in_force() == ()
        warnings.simplefilter("error", FutureWarning, append=True)
        ((name, text),) = settings.in_force()
        assert name == "warnings"
        assert text.startswith("pass::builtins.UserWarning"), "it may keep an error back"


@pytest.mark.usefixtures("plain")
def test_a_value_is_not_given_where_its_warning_is_an_error() -> None:
    @clew.step
    def careful(x: int) -> str:
        import warnings

        try:
            warnings.warn("odd", RuntimeWarning, stacklevel=1)
        except RuntimeWarning:
            return "raised"
        return "went on"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert careful(1) == "went on"
        warnings.simplefilter("error", RuntimeWarning)
        assert careful(1) == "raised"
        warnings.simplefilter("ignore")
        assert careful(1) == "went on"
        assert careful.last is not None and careful.last.decision == "reused"


@pytest.mark.parametrize("engine", ["inline", "threads", "processes"])
def test_warning_filters_reach_the_workers(engine: str) -> None:
    @clew.step
    def careful(x: int) -> str:
        import warnings

        try:
            warnings.warn("odd", RuntimeWarning, stacklevel=1)
        except RuntimeWarning:
            return "raised"
        return "went on"

    @clew.flow
    def flow() -> str:
        return careful(1)

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert flow.start({}, engine=engine, workers=1).result == "raised"
        assert flow.run().computed == ()


ASSERTING = """
import clew

@clew.step
def checked(x: int) -> str:
    try:
        assert x > 1
    except AssertionError:
        return "refused"
    return "taken"

print(checked(1))
"""


def test_asserts_that_python_leaves_out_make_another_result(tmp_path: Path) -> None:
    (tmp_path / "asserting.py").write_text(ASSERTING)

    def run(*options: str) -> str:
        command = [sys.executable, *options, "asserting.py"]
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert [run(), run("-O"), run()] == ["refused", "taken", "refused"]
