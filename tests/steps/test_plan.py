"""What a run would do, before it does it; and how a run shows itself."""

from __future__ import annotations

import time

import pytest

import clew
from clew.errors import PlanError


@clew.step
def slow(x: int) -> int:
    time.sleep(0.03)
    return x


@clew.step
def double(x: int) -> int:
    return 2 * x


@clew.step
def late(x: int, y: int) -> int:
    time.sleep(0.02)
    return x + y


@clew.flow
def flow(x: int = 1, y: int = 1) -> int:
    return late(double(slow(x)), y)


def states(plan) -> dict[str, str]:
    return {step.label: step.state for step in plan.steps}


def test_a_plan_runs_nothing() -> None:
    plan = flow.plan()
    assert states(plan) == dict.fromkeys(["slow", "double", "late"], "compute")
    assert clew.open().runs() == []
    assert plan.count("compute") == 3
    assert plan.cost_s > 0


def test_a_plan_is_what_the_run_then_does() -> None:
    flow()
    plan = flow.plan()
    assert plan.count("compute") == 0
    run = flow.run()
    assert run.computed == ()
    changed = flow.plan(y=2)
    assert states(changed) == {"slow": "prune", "double": "load", "late": "compute"}
    run = flow.run(y=2)
    assert {use.label: use.decision for use in run.uses} == {
        "slow": "pruned",
        "double": "reused",
        "late": "computed",
    }
    assert changed.cost_s < flow.plan(x=5).cost_s


def test_a_plan_says_why() -> None:
    flow()
    for step in flow.plan(y=2).steps:
        assert step.reason
        assert step.cost_s >= 0


def test_a_plan_cannot_look_at_what_is_not_known_yet() -> None:
    @clew.flow
    def branching() -> int:
        return double(1) if slow(1).result() else double(2)

    with pytest.raises(PlanError, match="not known yet"):
        branching.plan()
    branching()
    assert branching.plan().count("compute") == 0


def test_an_early_cut_off_reuses_what_stands_downstream() -> None:
    def make(function):
        parity = clew.step(function)

        @clew.flow
        def flow(x: int) -> int:
            return slow(parity(x))

        return flow

    make(lambda x: x % 2)(3)
    run = make(lambda x: (x + 2) % 2).run(3)
    assert run.computed == ("<lambda>",)
    assert run.result == 1


def test_a_cheap_large_result_is_computed_rather_than_stored() -> None:
    import numpy as np

    @clew.step
    def wide(n: int) -> np.ndarray:
        return np.zeros(n)

    @clew.step
    def length(values: np.ndarray) -> int:
        return len(values)

    @clew.flow
    def flow() -> int:
        return length(wide(1 << 20))

    assert flow() == 1 << 20
    assert flow.run().computed == ()


def test_a_run_renders_itself_in_a_notebook() -> None:
    @clew.step
    def tag(text: str) -> str:
        return text

    @clew.flow
    def shown() -> str:
        return tag("<script>")

    run = shown.run()
    html = run._repr_html_()
    assert run.id in html
    assert "<td>tag</td>" in html
    assert "<script>" not in html
    assert "finished" in repr(run)
    assert "1 computed" in repr(run)


def test_steps_in_notebook_cells_count_by_what_runs() -> None:
    """Cells have no file: the interpreter keeps their text in `linecache`."""
    import linecache
    import sys
    import types

    main = types.ModuleType("__main__")
    main.clew = clew
    outer, sys.modules["__main__"] = sys.modules["__main__"], main
    try:

        def cell(number: int, source: str) -> None:
            name = f"<ipython-input-{number}-abc>"
            linecache.cache[name] = (len(source), None, source.splitlines(True), name)
            exec(compile(source, name, "exec"), main.__dict__)

        step = "@clew.step\ndef step(x):\n    return helper(x)\n"
        cell(1, "def helper(x):\n    return x + 1\n")
        cell(2, step)
        assert main.step(1) == 2
        cell(3, step)
        assert main.step(1) == 2
        assert main.step.last.decision == "reused"
        cell(4, "def helper(x):\n    # plus two\n    return x + 2\n")
        assert main.step(1) == 3
        assert main.step.last.decision == "computed"
        cell(5, "def helper(x):\n    return x + 1\n")
        assert main.step(1) == 2
        assert main.step.last.decision == "reused"
    finally:
        sys.modules["__main__"] = outer


def test_listeners_hear_of_every_step() -> None:
    heard: list[tuple[str, str]] = []
    run = flow.start({}, listeners=[lambda use: heard.append((use.label, use.decision))])
    assert heard == [(use.label, use.decision) for use in run.uses]
