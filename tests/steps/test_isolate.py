"""Arguments and results are values: nobody can change them behind another's back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import MutatedArgument


def test_a_step_may_change_its_own_copy() -> None:
    @clew.step
    def grow(values: list[int], table: dict[str, list[int]]) -> tuple[int, int]:
        values.append(1)
        table["a"].append(2)
        return len(values), len(table["a"])

    values, table = [0], {"a": [1]}
    assert [grow(values, table), grow(values, table)] == [(2, 2), (2, 2)]
    assert (values, table) == ([0], {"a": [1]})
    assert grow.last.decision == "reused"


def test_two_arguments_never_share_an_object() -> None:
    @clew.step
    def grow(first: list[int], second: list[int], *more: list[int]) -> list[list[int]]:
        for values in (first, *more):
            values.append(1)
        return [second, *more]

    same = [0]
    assert grow(same, same, same, same) == [[0], [0, 1], [0, 1]]
    assert grow([0], [0], [0], [0]) == [[0], [0, 1], [0, 1]]


CHANGES = {
    "array": (np.zeros(3), lambda a: a.__setitem__(0, 9)),
    "sort": (np.array([3, 1, 2]), lambda a: a.sort()),
    "frame": (pd.DataFrame({"a": [1, 2]}), lambda t: t.__setitem__("b", 1)),
    "series": (pd.Series([1, 2]), lambda s: s.__setitem__(0, 9)),
    "shape": (np.arange(4), lambda a: a.resize((2, 2), refcheck=False)),
}


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES)
def test_changing_a_large_argument_in_place_is_an_error(value, change) -> None:
    @clew.step
    def spoil(data: object) -> int:
        change(data)
        return 1

    value = value.copy()
    for _ in range(2):
        with pytest.raises(MutatedArgument, match="'data'") as caught:
            spoil(value.copy())
        assert "copy()" in str(caught.value)


def test_arrays_inside_containers_are_copies() -> None:
    @clew.step
    def spoil(data: dict[str, np.ndarray]) -> float:
        data["a"][0] = 9
        return float(data["a"].sum())

    data = {"a": np.zeros(3)}
    assert [spoil(data), spoil(data)] == [9.0, 9.0]
    assert data["a"].tolist() == [0, 0, 0]


def test_what_a_step_gave_and_keeps_cannot_spoil_the_store() -> None:
    kept: dict[str, list[int]] = {}

    @clew.step
    def build(x: int) -> list[int]:
        return kept.setdefault("rows", [x])

    first = build(1)
    first.append(2)
    assert clew.open().value(build.last.node.hex()) == [1]


def test_an_array_result_belongs_to_the_caller() -> None:
    @clew.step
    def zeros(n: int) -> np.ndarray:
        return np.zeros(n)

    for _ in range(3):
        mine = zeros(4)
        assert mine.sum() == 0
        mine[:] = 7
    assert mine.flags.writeable


def test_a_result_that_is_an_argument_changes_with_nobody() -> None:
    same = clew.step(lambda values: values)
    given = np.zeros(3)
    first = same(given)
    first[0] = 5
    assert same(np.zeros(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_two_readers_of_one_result_do_not_see_each_other(engine: str) -> None:
    @clew.step
    def rows() -> list[int]:
        return [3, 1, 2]

    @clew.step
    def largest(values: list[int]) -> int:
        values.sort()
        return values.pop()

    @clew.step
    def first(values: list[int]) -> int:
        return values[0]

    @clew.flow
    def flow() -> object:
        found = rows()
        return largest(found), first(found), found

    for _ in range(2):
        assert flow.start({}, engine=engine, workers=2).result == (3, 3, [3, 1, 2])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (np.zeros(3, "f4"), np.zeros(3, "f8")),
        (np.ones((3, 4)), np.asfortranarray(np.ones((3, 4)))),
        (np.array([1, 2]), [1, 2]),
        (np.array([0.0]), np.array([-0.0])),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}, index=[5])),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [2], "a": [1]})),
        ((1, 2), [1, 2]),
        ({1: 1}, {True: True}),
        (0.0, -0.0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ("1", b"1"),
    ],
    ids=repr,
)
def test_values_that_a_program_can_tell_apart_are_two_calls(one: object, two: object) -> None:
    look = clew.step(lambda value: 1)
    look(one)
    look(two)
    assert look.last.decision == "computed"
    look(one)
    assert look.last.decision == "reused"


def test_retries_begin_with_the_arguments_as_they_were(tmp_path) -> None:
    tries = tmp_path / "tries"

    @clew.step(retry=2)
    def flaky(values: list[int], generator: np.random.Generator) -> object:
        values.append(1)
        drawn = generator.random(), np.random.random()
        clew.log_metric("drawn", drawn[0])
        with open(tries, "a") as log:
            log.write("x")
        if tries.stat().st_size < 3:
            raise OSError("not yet")
        return values, drawn

    np.random.seed(0)
    expected = ([1], (np.random.default_rng(1).random(), np.random.random()))
    np.random.seed(0)

    @clew.flow
    def flow() -> object:
        return flaky([], np.random.default_rng(1))

    run = flow.run()
    assert run.result == expected
    assert tries.read_text() == "xxx"
    assert len(clew.open().entries(run.id)) == 1


def test_retries_end() -> None:
    @clew.step(retry=1, retry_wait_s=0.001)
    def never() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        never()


def test_a_list_that_holds_itself_is_an_argument_like_any_other() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    length = clew.step(lambda values: len(values))

    @clew.flow
    def flow() -> int:
        return length(loop)

    assert [length(loop), flow()] == [2, 2]


def test_a_shared_list_of_lazy_results_stays_in_both_places() -> None:
    one = clew.step(lambda x: x)
    show = clew.step(lambda values: repr(values))

    @clew.flow
    def flow() -> str:
        shared = [one(1), 2]
        return show([shared, {"again": shared}])

    run = flow.run()
    assert run.result == "[[1, 2], {'again': [1, 2]}]"
    assert flow.start({}, engine="threads", workers=2).computed == ()


def whole(X):
    return X


def part(X):
    return X[1:]


def turned(X):
    return X.T


def listed(X):
    return [X, {"part": X[:1]}]


@pytest.mark.parametrize("function", [whole, part, turned, listed])
def test_a_returned_argument_is_a_copy_from_the_first_run_on(function):
    given = np.arange(6.0).reshape(2, 3)
    step = clew.step(function)
    first, second = step(given), step(given)
    assert step.last.decision == "reused"
    for result in (first, second):
        array = result[1]["part"] if isinstance(result, list) else result
        array[:] = -1
        assert given.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_returned_table_is_a_copy():
    frame = pd.DataFrame({"a": [1, 2]})
    result = clew.step(whole)(frame)
    result["b"] = 0
    assert list(frame) == ["a"]


def test_what_is_returned_twice_stays_one_thing():
    @clew.step
    def twice(X):
        return [X, X]

    one, two = twice(np.arange(3))
    assert one is two


def test_a_layout_survives_the_copy():
    given = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert clew.step(whole)(given).flags.f_contiguous
