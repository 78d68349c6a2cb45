"""The staleness suite again, its steps called inside flows: planned, and run by an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import dataclasses, json, sys
from bench import staleness

staleness.SYSTEMS["flow"] = staleness._COMMON + '''
import clew
from clew import env
def step(function):
    wrapped = clew.step(function)
    @clew.flow
    def whole(args, kwargs):
        return wrapped(*args, **kwargs)
    def run(*args, **kwargs):
        arguments = {"args": args, "kwargs": kwargs}
        return whole.start(arguments, engine="ENGINE", workers=2).result
    return run
'''.replace("ENGINE", sys.argv[1])
staleness.LOADED["flow"] = (*staleness.LOADED["clew"], "clew.steps.flow")
print(json.dumps(dataclasses.asdict(staleness.judge("flow"))))
"""


@pytest.mark.parametrize(
    "engine", ["inline", *(pytest.param(e, marks=pytest.mark.slow) for e in ("threads",))]
)
def test_flows_are_never_stale_and_recompute_nothing_without_need(engine: str) -> None:
    # A process of its own: the suite forks, which a test process with threads must not.
    command = [sys.executable, "-c", SCRIPT, engine]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"stale": [], "needless": [], "unable": []}
