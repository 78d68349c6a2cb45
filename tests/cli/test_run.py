"""``clew run``: a flow from a file, its parameters by type, its plan, its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def result(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith("result: "))[8:]


def test_a_second_process_reuses_what_the_first_computed(fresh) -> None:
    first = json.loads(fresh("run", "work.py:flow", "by=2", "--json").stdout)
    second = json.loads(fresh("run", "work.py:flow", "by=2.0", "--json").stdout)
    assert first["decisions"] == {"computed": 2}
    assert "computed" not in second["decisions"]
    assert first["result"] == second["result"] == "12.0"
    assert second["metrics"] == {"total": 12.0}
    assert {step["step"] for step in second["steps"]} == {"load", "total"}


def test_an_edit_recomputes_what_depends_on_it(fresh, project: Path) -> None:
    fresh("run", "work.py:flow", "--json")
    more = project / "more.py"
    more.write_text(more.read_text().replace("round(x, 2)", "round(x, 2) + 1  # one more"))
    again = json.loads(fresh("run", "work.py:flow", "--json").stdout)
    decisions = {step["step"]: step["decision"] for step in again["steps"]}
    assert decisions["total"] == "computed"
    assert decisions["load"] != "computed"
    assert again["result"] == "7.0"
    more.write_text(more.read_text().replace("# one more", "# and a comment"))
    harmless = json.loads(fresh("run", "work.py:flow", "--json").stdout)
    assert "computed" not in harmless["decisions"]


def test_what_a_run_says(fresh) -> None:
    done = fresh("run", "work.py:flow")
    assert "finished" in done.stdout
    assert "2 computed" in done.stdout
    assert "metric total = 6" in done.stdout
    assert result(done.stdout) == "6.0"
    assert "\x1b" not in done.stdout + done.stderr


PARAMETERS = {
    "count=7": "7",
    "rate=2": "2.0",
    "rate=1e-3": "0.001",
    "name=7": "'7'",
    "name=a=b": "'a=b'",
    "name=": "''",
    "flag=true": "True",
    "flag=no": "False",
    "mode=EXACT": "'EXACT'",
    "mode=exact": "'EXACT'",
    "kind=b": "'b'",
    "path=a/b": "'a/b'",
    "limit=none": "None",
    "limit=3": "3",
    "items=[1, 2]": "[1, 2]",
    "table={'a': 1}": "{'a': 1}",
    "free=3": "3",
    "free=text": "'text'",
}


@pytest.mark.parametrize(("pair", "expected"), PARAMETERS.items(), ids=PARAMETERS)
def test_parameters_have_the_types_of_the_signature(clew_, pair: str, expected: str) -> None:
    assert expected in result(clew_("run", "work.py:typed", pair, "--quiet").stdout)


WRONG = {
    "count=x": "int",
    "count=1.5": "int",
    "rate=high": "float",
    "flag=perhaps": "true or false",
    "mode=slow": "FAST or EXACT",
    "kind=c": "a or b",
    "limit=x": "int",
    "items=3": "list",
    "colour=red": "count, rate",
    "count": "name=value",
}


@pytest.mark.parametrize(("pair", "said"), WRONG.items(), ids=WRONG)
def test_wrong_parameters_are_refused_with_what_is_expected(clew_, pair: str, said: str) -> None:
    done = clew_("run", "work.py:typed", pair, status=1)
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_a_missing_parameter_is_named(clew_) -> None:
    assert "'x'" in clew_("run", "work.py:needs", status=1).stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("work.py:nothing", "work.py:flow"),
        ("work.py", "flows"),
        ("gone.py:flow", "no file"),
        ("no_such_module:flow", "no module"),
        ("../../etc/passwd:flow", "neither a Python file nor a module"),
        ("", "neither a Python file nor a module"),
        ("work.py:load", "no flow"),
    ],
)
def test_a_flow_that_is_not_there(clew_, target: str, said: str) -> None:
    assert said in clew_("run", target, status=1).stderr


def test_a_module_can_be_run(clew_) -> None:
    assert result(clew_("run", "work:flow", "--quiet").stdout) == "6.0"


def test_a_plan_runs_nothing(clew_) -> None:
    before = clew_("run", "work.py:flow", "--plan").stdout
    assert before.count("compute") >= 2
    assert "estimated cost" in before
    assert "no runs yet" in clew_("runs").stdout
    clew_("run", "work.py:flow", "--quiet")
    plan = json.loads(clew_("run", "work.py:flow", "--plan", "--json").stdout)
    assert "compute" not in {step["state"] for step in plan["steps"]}


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_an_engine_can_be_chosen(clew_, engine: str) -> None:
    done = clew_("run", "work.py:flow", "--engine", engine, "--workers", "2", "--quiet")
    assert result(done.stdout) == "6.0"


def test_an_error_of_the_user_shows_the_users_lines_only(fresh) -> None:
    done = fresh("run", "work.py:failing", status=1)
    assert "ZeroDivisionError" in done.stderr
    assert "more.py" in done.stderr
    assert "return x / 0" in done.stderr
    assert "in step broken of run" in done.stderr
    assert "clew/steps" not in done.stderr


def test_a_store_can_be_given(clew_, project: Path) -> None:
    clew_("--store", str(project / "mine"), "run", "work.py:flow", "--quiet")
    assert (project / "mine" / "clew.db").exists()
