"""A step called outside a flow: it runs at once, or its known result is given."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.errors import InvalidParameter, WrongType


def scale(x: int, by: int = 2) -> int:
    return x * by


def test_the_second_call_is_reused() -> None:
    step = clew.step(scale)
    assert [step(3), step(3)] == [6, 6]
    assert step.last is not None
    assert step.last.decision == "reused"
    assert step.last.saved_s >= 0


def test_a_call_is_the_same_however_its_arguments_are_written() -> None:
    step = clew.step(scale)
    step(3)
    for call in (lambda: step(x=3), lambda: step(3, 2), lambda: step(by=2, x=3)):
        assert call() == 6
        assert step.last.decision == "reused"


@pytest.mark.parametrize("other", [3.0, True, "3", np.int64(3), np.float32(3), [3], (3,), {3: 1}])
def test_arguments_of_another_type_are_another_call(other: object) -> None:
    @clew.step
    def kind(x: object) -> str:
        return type(x).__name__

    kind(3)
    assert kind(other) == type(other).__name__


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Place:
    name: str
    size: float


@pytest.mark.parametrize(
    "value",
    [None, True, 7, 2.5, "text", b"bytes", (1, [2]), {"a": {1, 2}}, Colour.RED, Place("x", 1.0)],
    ids=str,
)
@pytest.mark.usefixtures("own_folder")  # Pickles are not read from just anybody.
def test_results_of_every_kind_come_back_as_they_were(value: object) -> None:
    step = clew.step(lambda: value)
    assert step() == step() == value
    assert step.last.decision == "reused"
    assert type(step()) is type(value)


def test_a_result_belongs_to_the_caller() -> None:
    @clew.step
    def build() -> dict[str, list[int]]:
        return {"a": [1]}

    for _ in range(3):
        mine = build()
        assert mine == {"a": [1]}
        mine["a"].append(2)


def test_two_closures_of_one_function_are_two_steps() -> None:
    def make(factor: int) -> clew.step:
        return clew.step(lambda x: x * factor)

    assert [make(2)(5), make(3)(5), make(2)(5)] == [10, 15, 10]


@pytest.mark.usefixtures("own_folder")  # Pickles are not read from just anybody.
def test_a_lambda_a_partial_and_a_builtin_can_be_steps() -> None:
    for function, expected in [
        (lambda x: x + 1, 5),
        (functools.partial(scale, by=3), 12),
        (abs, 4),
        (Place("p", 1.0).__class__, None),
    ]:
        step = clew.step(function)
        one = step(4, 1.0) if expected is None else step(4)
        two = step(4, 1.0) if expected is None else step(4)
        assert one == two
        assert expected is None or one == expected
        assert step.last.decision == "reused"


def test_two_partials_are_two_steps() -> None:
    double, triple = (clew.step(functools.partial(scale, by=by)) for by in (2, 3))
    assert [double(5), triple(5)] == [10, 15]


def test_a_decorator_above_the_step_is_part_of_its_code() -> None:
    def plus(n: int):
        def decorate(function):
            @functools.wraps(function)
            def wrapped(x: int) -> int:
                return function(x) + n

            return wrapped

        return decorate

    @clew.step
    @plus(1)
    def one(x: int) -> int:
        return x

    @clew.step
    @plus(2)
    def two(x: int) -> int:
        return x

    assert [one(1), two(1)] == [2, 3]
    assert one.name != two.name


class Scaler:
    factor = 2

    def __init__(self, offset: int) -> None:
        self.offset = offset

    @clew.step
    def apply(self, x: int) -> int:
        return x * self.factor + self.offset


def test_a_method_depends_on_its_object_and_on_its_class(monkeypatch) -> None:
    assert [Scaler(1).apply(3), Scaler(2).apply(3)] == [7, 8]
    monkeypatch.setattr(Scaler, "factor", 10)
    assert Scaler(1).apply(3) == 31


def test_arguments_that_do_not_fit_are_refused() -> None:
    step = clew.step(scale)
    with pytest.raises(WrongType, match=r"missing a required argument.*x") as caught:
        step()
    assert "scale(x: 'int'" in str(caught.value) or "scale(x: int" in str(caught.value)
    with pytest.raises(TypeError):
        step(1, 2, 3)
    with pytest.raises(TypeError):
        step(1, z=2)


def test_variable_arguments_count_one_by_one() -> None:
    @clew.step
    def listed(*rows: int, **names: int) -> object:
        return rows, names

    assert listed(1, 2, a=3) == ((1, 2), {"a": 3})
    assert listed(1, 2, a=4) == ((1, 2), {"a": 4})
    assert listed(1, b=2, a=3) == ((1,), {"b": 2, "a": 3})
    assert listed((1, 2)) == (((1, 2),), {})


def test_order_of_keyword_arguments_can_be_told_apart() -> None:
    @clew.step
    def order(**names: int) -> list[str]:
        return list(names)

    assert [order(a=1, b=2), order(b=2, a=1)] == [["a", "b"], ["b", "a"]]


def test_what_cannot_be_a_step_is_refused() -> None:
    async def wait() -> None: ...

    with pytest.raises(WrongType, match="async"):
        clew.step(wait)
    with pytest.raises(WrongType):
        clew.step(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option",
    [
        {"retry": -1},
        {"retry": 1.5},
        {"seed": -1},
        {"seed": 1.0},
        {"timeout_s": 0},
        {"retry_wait_s": -1},
        {"outputs": -2},
        {"reuse": "yes"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        clew.step(**option)(scale)


def test_options_can_be_changed_later() -> None:
    step = clew.step(scale)
    always = step.with_options(reuse=False)
    step(3)
    assert always(3) == 6
    assert always.last.decision == "computed"
    assert always.why().code == "reuse-off"
    assert step.options == replace(always.options, reuse=None)


def test_what_has_no_content_id_is_executed_and_says_so() -> None:
    class Opaque:
        def __init__(self) -> None:
            self.lock = __import__("threading").Lock()

    @clew.step
    def look(thing: object) -> int:
        return 1

    thing = Opaque()
    for _ in range(2):
        look(thing)
        assert look.last.decision == "computed"
        assert look.why().code == "unhashable-input"
        assert "thing" in look.why().text


def test_a_result_without_content_id_is_given_and_not_kept() -> None:
    @clew.step
    def lock() -> object:
        return __import__("threading").Lock()

    assert lock() is not lock()
    assert lock.last.decision == "computed"


def test_a_step_keeps_its_name_and_signature() -> None:
    step = clew.step(scale)
    assert step.__name__ == "scale"
    assert step.__wrapped__ is scale
    assert "scale" in repr(step)
    assert step.map([1, 2], by=5) == [5, 10]


def test_steps_in_classes_of_users_survive_pickling(tmp_path: Path) -> None:
    import cloudpickle

    step = cloudpickle.loads(cloudpickle.dumps(clew.step(lambda x: x + 1)))
    assert step(1) == 2


def test_depends_on_declares_what_the_code_does_not_show(tmp_path: Path) -> None:
    file = tmp_path / "table.txt"

    def at(version: object) -> clew.step:
        return clew.step(depends_on=[version, file])(scale)

    file.write_text("1")
    at(1)(3)
    again = at(1)
    again(3)
    assert again.last.decision == "reused"
    other = at(2)
    other(3)
    assert other.last.decision == "computed"
    file.write_text("2")
    edited = at(1)
    edited(3)
    assert edited.last.decision == "computed"


def test_an_unseeded_draw_is_never_repeated() -> None:
    draw = clew.step(lambda: random.random())
    assert draw() != draw()


def test_another_seed_is_another_call() -> None:
    def draw() -> tuple[float, float]:
        return random.random(), float(np.random.random())

    one, two = clew.step(seed=1)(draw), clew.step(seed=2)(draw)
    assert one() == one() != two()
    assert one.last.decision == "reused"
