"""A project of two modules and a file of data, imported fresh after each edit."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

PIPELINE = """
import clew
import features

@clew.step
def load(path: str) -> list[int]:
    with open(path) as file:
        return [int(line) for line in file]

@clew.step
def scale(rows: list[int], by: int) -> list[int]:
    return [features.scaled(row, by) for row in rows]

@clew.step(seed=3)
def noisy(rows: list[int]) -> list[float]:
    import random
    return [row + random.random() for row in rows]

@clew.step
def split(rows: list[float]) -> tuple[list[float], list[float]]:
    return rows[:1], rows[1:]

@clew.step
def score(train: list[float], test: list[float]) -> float:
    value = sum(test) / sum(train)
    clew.log_metric("score", value)
    return value

@clew.flow
def flow(path: str = "rows.txt", by: int = 2) -> dict[str, object]:
    train, test = split(noisy(scale(load(path), by)))
    return {"score": score(train, test), "rows": [train, test]}
"""
FEATURES = """
import statistics
OFFSET = 1

def scaled(row, by):
    return clip(row * by) + OFFSET

def clip(value):
    return statistics.median([0, value, 100])
"""


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch) -> Iterator[Callable[..., ModuleType]]:
    """Return a function that edits the project and imports it anew."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "rows.txt").write_text("1\n2\n3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget() -> None:
        for name in ("pipeline", "features"):
            sys.modules.pop(name, None)

    def imported(file: str = "", old: str = "", new: str = "") -> ModuleType:
        if file:
            text = (tmp_path / file).read_text()
            assert old in text
            (tmp_path / file).write_text(text.replace(old, new))
        forget()
        importlib.invalidate_caches()
        return importlib.import_module("pipeline")

    yield imported
    forget()
