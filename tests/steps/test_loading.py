"""Libraries that a step loads: by themselves they change nothing about it."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.lineage.code import code_id

PART = """
import random
import numpy
random.random(), numpy.random.random(), numpy.random.default_rng().random()
def double(x): return 2 * x
"""
LAZY = """
import importlib
def __getattr__(name):
    if name == "part": return importlib.import_module("lazylib.part")
    raise AttributeError(name)
"""
SCRIPT = """
import random
import clew
import lazylib

@clew.step
def named(x):
    return lazylib.part.double(x)

@clew.step
def imported(x):
    from lazylib import part
    return part.double(x)

@clew.step(seed=1)
def draws(x):
    import lazylib.part
    return random.random()

random.seed(5)
for step in (named, imported, draws, named, imported, draws):
    step(4)
    print(step.why().code)
print(random.random() == random.Random(5).random())
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site-packages" / "lazylib"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(LAZY)
    (folder / "part.py").write_text(PART)
    monkeypatch.syspath_prepend(folder.parent)
    yield folder.parent
    for name in [name for name in sys.modules if name.startswith("lazylib")]:
        del sys.modules[name]


def test_what_a_library_draws_when_a_step_loads_it_is_no_draw_of_the_step(library: Path) -> None:
    @clew.step
    def doubled(x: int) -> int:
        import lazylib.part

        return int(lazylib.part.double(x))

    before = random.getstate(), np.random.get_state()[2]
    doubled(3)
    assert "entropy" not in doubled.why().text
    assert (random.getstate(), np.random.get_state()[2]) == before
    random.random()
    doubled(3)
    assert doubled.why().code == "same-call"


def test_what_a_step_draws_does_not_depend_on_who_loads_a_library_first(library: Path) -> None:
    @clew.step(seed=3, reuse=False)
    def drawn() -> float:
        import lazylib.part  # noqa: F401

        return random.random()

    assert drawn() == drawn()


@pytest.mark.parametrize("how", ["attribute", "from", "module"])
def test_a_part_that_is_loaded_at_its_first_use_keeps_its_name(library: Path, how: str) -> None:
    import lazylib

    def attribute() -> object:
        return lazylib.part.double

    def from_it() -> object:
        from lazylib import part

        return part.double

    def module() -> object:
        return lazylib.part

    code = {"attribute": attribute, "from": from_it, "module": module}[how]
    before = code_id(code)
    assert "lazylib.part" not in sys.modules
    code()
    assert "lazylib.part" in sys.modules
    assert code_id(code) == before


def test_in_another_process_too(library: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    said = [
        subprocess.run(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(library), "CLEW_STORE": str(tmp_path / "store")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert said[0] == ["new-call"] * 3 + ["same-call"] * 3 + ["True"]
    assert said[1] == ["same-call"] * 6 + ["True"]


@pytest.mark.slow
def test_torch_begins_with_fresh_entropy_unless_the_step_has_a_seed(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "script.py").write_text(
        "import clew, sys\n"
        "@clew.step\n"
        "def drawn(n):\n    import torch\n    return torch.rand(n).tolist()\n"
        "@clew.step(seed=1)\n"
        "def seeded(n):\n    import torch\n    return torch.rand(n).tolist()\n"
        "if sys.argv[1:]:\n    import torch\n    torch.manual_seed(7)\n"
        "print(drawn(2), drawn(2), seeded(2), sep=';')\n"
    )

    def run(*arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "script.py", *arguments],
            cwd=tmp_path,
            env={"CLEW_STORE": str(tmp_path / "store")},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().split(";")

    lazy, seven = run(), run("seven")
    assert len({*lazy[:2], *seven[:2]}) == 4
    assert lazy[2] == seven[2]
