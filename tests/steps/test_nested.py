"""Steps and flows in the body of a step: the outer result stands on what the inner ones did."""

from __future__ import annotations

from pathlib import Path

import pytest

import clew


@clew.step
def read(path: str) -> str:
    with open(path) as file:
        return file.read()


@clew.step
def region(prefix: str) -> str:
    return prefix + (clew.env("REGION") or "")


@clew.step
def measure(x: int) -> int:
    clew.log_metric("inner", x)
    return x


@clew.step(reuse=False)
def always(x: int) -> int:
    return x


@clew.flow
def reading(path: str) -> str:
    return read(path)


@clew.flow
def all_of_it(path: str) -> tuple[str, int]:
    return read(path), measure(3)


def path_in(folder: str) -> str:
    return "".join([folder, "/da", "ta"])


@pytest.mark.parametrize("inner", [read, reading], ids=["step", "flow"])
@pytest.mark.parametrize("known", [False, True], ids=["inner computed", "inner reused"])
def test_a_file_that_an_inner_call_reads_counts(tmp_path: Path, inner, known: bool) -> None:
    @clew.step
    def outer(folder: str) -> str:
        return inner(path_in(folder))

    (tmp_path / "data").write_text("one")
    if known:
        inner(path_in(str(tmp_path)))
    assert outer(str(tmp_path)) == "one"
    (tmp_path / "data").write_text("other")
    assert outer(str(tmp_path)) == "other"
    outer(str(tmp_path))
    assert outer.last.decision == "reused"


@pytest.mark.parametrize("engine", ["inline", "threads", "processes"])
def test_what_an_inner_flow_reads_and_logs_counts_on_every_engine(
    tmp_path: Path, engine: str
) -> None:
    @clew.step
    def outer(folder: str) -> tuple[str, int]:
        arguments = {"path": path_in(folder)}
        return all_of_it.start(arguments, engine=engine, workers=2).result

    @clew.flow
    def flow() -> object:
        return outer(str(tmp_path))

    (tmp_path / "data").write_text("one")
    all_of_it(path_in(str(tmp_path)))
    flow()
    (tmp_path / "data").write_text("other")
    assert flow() == ("other", 3)
    again = flow.run()
    assert again.computed == ()
    assert again.metrics == {"inner": 3.0}


def test_a_variable_that_an_inner_step_reads_counts(monkeypatch) -> None:
    @clew.step
    def outer() -> str:
        return region("in ")

    assert outer() == "in "
    monkeypatch.setenv("REGION", "north")
    assert outer() == "in north"


def test_what_an_inner_step_logs_is_logged_again_with_the_outer() -> None:
    @clew.step
    def outer(x: int) -> int:
        return measure(x) + measure(x + 1)

    @clew.flow
    def flow() -> int:
        return outer(1)

    first, second = flow.run(), flow.run()
    assert second.computed == ()
    assert [e.number for e in clew.open().entries(first.id)] == [1.0, 2.0]
    assert [e.number for e in clew.open().entries(second.id)] == [1.0, 2.0]


@pytest.mark.parametrize("how", ["step", "flow"])
def test_an_inner_step_that_always_executes_keeps_the_outer_from_reuse(how: str) -> None:
    @clew.flow
    def inner_flow(x: int) -> int:
        return always(x)

    inner = always if how == "step" else inner_flow

    @clew.step
    def outer(x: int) -> int:
        return inner(x)

    for _ in range(2):
        assert outer(1) == 1
        assert outer.last.decision == "computed"
    assert "not reusable" in outer.why().text


def test_the_code_of_an_inner_step_counts() -> None:
    def make(function):
        inner = clew.step(function)
        return clew.step(lambda x: inner(x))

    assert make(lambda x: x + 1)(1) == 2
    assert make(lambda x: x + 2)(1) == 3


def test_the_seed_of_an_inner_step_counts() -> None:
    import random

    def make(seed: int):
        inner = clew.step(seed=seed)(lambda: random.random())
        return clew.step(lambda: inner())

    assert make(1)() != make(2)()
    assert make(1)() == make(1)()


def test_a_recursive_step_reuses_its_own_results() -> None:
    @clew.step
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(12) == 144
    assert len(clew.open().runtime.store.history(fibonacci.name, 100)) == 13
