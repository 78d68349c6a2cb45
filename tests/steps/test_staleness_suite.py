"""The whole staleness suite: no stale result, and nothing computed again without need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.staleness_cases import CASES, HARMLESS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def verdict() -> dict[str, list[str]]:
    # A process of its own: the suite forks, which a test process with threads must not.
    command = [sys.executable, "-m", "bench.staleness", "clew"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_program_runs(verdict: dict[str, list[str]]) -> None:
    assert not verdict["unable"]


@pytest.mark.parametrize("name", CASES)
def test_the_second_run_prints_what_it_must(name: str, verdict: dict[str, list[str]]) -> None:
    assert name not in verdict["stale"]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_edit_executes_nothing(name: str, verdict: dict[str, list[str]]) -> None:
    assert name not in verdict["needless"]


def test_the_suite_finds_what_no_reuse_at_all_would_recompute() -> None:
    command = [sys.executable, "-m", "bench.staleness", "plain"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    plain = json.loads(done.stdout)
    assert plain == {"stale": [], "needless": list(HARMLESS), "unable": []}
