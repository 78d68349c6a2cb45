"""Lazy references: what a flow's body may do with a result that is not there yet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import clew
from clew.errors import NotFound, PlanError, WrongType


@clew.step
def one(x: int = 1) -> int:
    return x


@clew.step
def add(a: int, b: int) -> int:
    return a + b


@clew.step
def total(values: object) -> int:
    pending, found = [values], 0
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
        else:
            found += item
    return found


class Pair(NamedTuple):
    left: int
    right: int


def twice(flow: clew.flow) -> object:
    """Run a flow twice; the second run executes nothing and gives the same."""
    first, second = flow.run(), flow.run()
    assert second.computed == ()
    assert first.result == second.result
    assert type(first.result) is type(second.result)
    return first.result


def test_results_are_given_on() -> None:
    @clew.flow
    def flow() -> int:
        return add(one(2), add(one(3), 4))

    assert twice(flow) == 9


def test_a_tuple_is_unpacked_by_its_annotation() -> None:
    @clew.step
    def split() -> tuple[int, str]:
        return 1, "a"

    @clew.flow
    def flow() -> object:
        number, text = split()
        return {"text": text, "number": add(number, 1)}

    assert twice(flow) == {"text": "a", "number": 2}


def test_a_tuple_is_unpacked_by_its_return_statement() -> None:
    @clew.step
    def split(flag: bool):
        if flag:
            return 1, 2, 3
        return 4, 5, 6

    @clew.flow
    def flow() -> object:
        a, *rest = split(True)
        return [a, rest, len(split(False))]

    assert twice(flow) == [1, [2, 3], 3]


def test_a_tuple_is_unpacked_by_the_declared_number_of_outputs() -> None:
    @clew.step(outputs=2)
    def split() -> object:
        return Pair(3, 4)

    @clew.flow
    def flow() -> int:
        a, b = split()
        return add(a, b)

    assert twice(flow) == 7


def test_items_and_attributes_are_picked_later() -> None:
    @clew.step
    def parts() -> dict[str, object]:
        return {"pair": Pair(1, 2), "rows": [10, 20, 30], "z": np.arange(6).reshape(2, 3)}

    @clew.flow
    def flow() -> object:
        found = parts()
        return found["pair"].right, found["rows"][-1], found["rows"][0:2], found["z"].shape

    assert twice(flow) == (2, 30, [10, 20], (2, 3))


def test_references_are_found_in_nested_containers() -> None:
    @clew.flow
    def flow() -> int:
        return total([one(1), (one(2), {"a": one(3), "b": [one(4), 5]})])

    assert twice(flow) == 15


def test_where_a_reference_stands_counts() -> None:
    @clew.step
    def show(values: object) -> str:
        return repr(values)

    @clew.flow
    def flow() -> object:
        a, b = one(1), one(2)
        return [
            show([a, b]),
            show([b, a]),
            show((a, b)),
            show({"a": a}),
            show({"b": a}),
            show([[a]]),
        ]

    assert twice(flow) == ["[1, 2]", "[2, 1]", "(1, 2)", "{'a': 1}", "{'b': 1}", "[[1]]"]


def test_a_literal_that_looks_like_the_mark_of_a_reference_is_no_reference() -> None:
    @clew.step
    def show(values: object) -> str:
        return repr(values)

    @clew.flow
    def flow() -> object:
        return [show([one(1), "ref"]), show([one(1), ("ref",)]), show(["ref", one(1)])]

    assert twice(flow) == ["[1, 'ref']", "[1, ('ref',)]", "['ref', 1]"]


def test_a_step_is_mapped_over_values_and_over_results() -> None:
    @clew.step
    def numbers() -> list[int]:
        return [1, 2, 3]

    @clew.flow
    def flow() -> object:
        return total(add.map(numbers().result(), b=10)), add.map(range(2), b=one(5))

    assert twice(flow) == (36, [5, 6])


def test_a_result_can_be_branched_on() -> None:
    @clew.flow
    def flow(x: int) -> object:
        return add(x, 1) if one(x).result() > 2 else "small"

    assert flow(1) == "small"
    assert flow(5) == 6
    assert [use.label for use in flow.run(1).uses] == ["one"]


def test_a_result_that_was_looked_at_is_a_private_copy() -> None:
    @clew.step
    def rows() -> list[int]:
        return [1, 2]

    @clew.flow
    def flow() -> object:
        lazy = rows()
        mine = lazy.result()
        mine.append(10)
        return total(lazy), total(mine)

    assert twice(flow) == (3, 13)


def test_arguments_are_what_they_were_when_the_step_was_called() -> None:
    @clew.flow
    def flow() -> object:
        values = [1]
        before = total(values)
        values.append(5)
        return before, total(values)

    assert twice(flow) == (1, 6)


def test_an_array_changed_after_it_was_given_to_a_step_is_refused() -> None:
    @clew.step
    def sum_of(values: np.ndarray) -> float:
        return float(values.sum())

    @clew.flow
    def flow() -> object:
        values = np.ones(3)
        before = sum_of(values)
        values[0] = 5
        return before, sum_of(values)

    for _ in range(2):
        with pytest.raises(clew.errors.MutatedArgument, match="values"):
            flow()


def test_the_same_content_from_a_literal_and_from_a_step_is_one_call() -> None:
    @clew.flow
    def flow() -> object:
        return [add(1, 2), add(one(1), 2), add(1, one(2)), add(one(1), one(2))]

    run = flow.run()
    assert run.result == [3, 3, 3, 3]
    assert sum(label.startswith("add") for label in run.computed) == 1
    assert sum(label.startswith("one") for label in run.computed) == 2


def test_equal_calls_of_a_step_that_is_never_reused_each_execute() -> None:
    always = one.with_options(reuse=False)

    @clew.flow
    def flow() -> object:
        return [always(1), always(1), always(1)]

    assert len(flow.run().computed) == 3
    assert len(flow.run().computed) == 3


MISUSES = {
    "condition": lambda r: 1 if r else 0,
    "not": lambda r: not r,
    "comparison": lambda r: r == 1,
    "order": lambda r: r < 1,
    "sorting": lambda r: sorted([r, r]),
    "length": len,
    "iteration": list,
    "sum": sum,
    "call": lambda r: r(),
    "addition": lambda r: r + 1,
    "right addition": lambda r: 1 + r,
    "negation": lambda r: -r,
    "power": lambda r: r**2,
    "int": int,
    "float": float,
    "index": lambda r: [1, 2][r],
    "range": range,
    "text": str,
    "f-string": lambda r: f"{r}",
    "search": lambda r: 1 in r,
    "item assignment": lambda r: r.__setitem__(0, 1),
    "array": np.asarray,
    "sine": np.sin,
    "lazy index": lambda r: r[r],
}


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
def test_what_a_reference_cannot_do_is_refused_with_a_hint(misuse) -> None:
    @clew.flow
    def flow() -> object:
        return misuse(one())

    with pytest.raises(PlanError) as caught:
        flow()
    assert "lazy" in str(caught.value)
    assert ".result()" in str(caught.value)


def test_a_reference_can_be_shown_while_debugging() -> None:
    @clew.flow
    def flow() -> str:
        return repr(one())

    assert flow() == "<lazy one>"


def test_a_wrong_number_of_arguments_is_refused_where_it_is_written() -> None:
    @clew.flow
    def flow() -> object:
        return add(1)

    with pytest.raises(WrongType, match="add"):
        flow()


def test_a_missing_item_is_an_error_of_that_pick() -> None:
    @clew.step
    def rows() -> dict[str, int]:
        return {"a": 1}

    @clew.flow
    def flow() -> object:
        return rows()["b"]

    with pytest.raises(KeyError) as caught:
        flow()
    assert any("rows['b']" in note for note in caught.value.__notes__)


def test_a_flow_within_a_flow_is_part_of_its_graph() -> None:
    @clew.flow
    def inner(x: int) -> int:
        return add(one(x), 1)

    @clew.flow
    def outer() -> int:
        return add(inner(1), inner(2))

    run = outer.run()
    assert run.result == 5
    assert len(clew.open().runs()) == 1
    assert set(run.computed) == {"one", "one#2", "add", "add#2", "add#3"}


def test_a_flow_without_steps_has_a_result() -> None:
    @clew.flow
    def flow(x: int = 2) -> int:
        return x + 1

    assert flow(3) == 4
    assert flow.run().uses == ()


def test_steps_that_nothing_takes_run_all_the_same() -> None:
    @clew.step
    def log(x: int) -> None:
        clew.log_metric("seen", x)

    @clew.flow
    def flow() -> int:
        log(3)
        return one(1)

    assert flow.run().metrics == {"seen": 3.0}
    assert flow.run().metrics == {"seen": 3.0}


def test_labels_name_the_steps_of_a_run() -> None:
    @clew.flow
    def flow() -> object:
        return add(one(1), one(2))

    run = flow.run()
    assert run.use("one#2").decision == "computed"
    assert run.why("add").startswith("computed: ")
    with pytest.raises(NotFound, match="'two'") as caught:
        run.use("two")
    assert "one, one#2, add" in str(caught.value)
