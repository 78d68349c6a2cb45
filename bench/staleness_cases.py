"""The staleness suite: programs that are run twice, with something changed in between.

A program is a set of files; `main.py` prints results. `flow.py` takes `step` (the system's way to
reuse a function) and `env` from `system.py`. A system is stale where its second run prints another
thing than the program would without reuse.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Check = Literal["truth", "same", "differs"]
"""What the second run must print: what plain Python prints; what the first run printed; anything
but that."""

MAIN = "import flow\nprint(flow.step(3))\n"


@dataclass(frozen=True)
class Case:
    """One way in which a result can go stale.

    Parameters
    ----------
    flow, main : str
        The files of these names; `others` are more.
    edit : (file, old, new), optional
        Replacement made between the runs.
    change : callable, optional
        Anything else that is done between the runs, in the program's folder.
    variables : tuple of mapping
        Environment variables of the first and of the second run.
    """

    flow: str
    main: str = MAIN
    others: Mapping[str, str] = field(default_factory=dict)
    edit: tuple[str, str, str] | None = None
    change: Callable[[Path], None] | None = None
    variables: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    check: Check = "truth"

    def write(self, folder: Path) -> None:
        """Write the program as it is before the first run."""
        files = {"flow.py": "from system import env, executed, step\n" + text(self.flow)}
        files |= {"main.py": text(self.main)}
        files |= {name: text(content) for name, content in self.others.items()}
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)

    def alter(self, folder: Path) -> None:
        """Change what the case is about."""
        if self.edit is not None:
            name, old, new = self.edit
            before = (folder / name).read_text()
            assert old in before, (name, old)
            (folder / name).write_text(before.replace(old, new))
        if self.change is not None:
            self.change(folder)


def text(source: str) -> str:
    return textwrap.dedent(source).lstrip("\n")


def replace_unseen(folder: Path) -> None:
    """Replace a file by one of the same size and modification time."""
    file = folder / "data.txt"
    before = file.stat()
    (folder / "new.txt").write_text("222")
    (folder / "new.txt").replace(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def rewrite_unseen(folder: Path) -> None:
    """Rewrite a file in place, size and modification time kept."""
    file = folder / "data.txt"
    before = file.stat()
    file.write_text("333")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


HELPER = """
from helper import outer
@step
def step(x: int) -> int:
    executed()
    return outer(x)
"""
LIBRARY = {
    "site-packages/colours/__init__.py": "__version__ = '1.0'\ndef mix(x):\n    return x + 1\n",
    "site-packages/colours-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: colours\n"
    "Version: 1.0\n",
    "site-packages/colours-1.0.dist-info/RECORD": "colours/__init__.py,,\n",
}


def upgrade(folder: Path) -> None:
    """Install the next version of the library."""
    place = folder / "site-packages"
    (place / "colours-1.0.dist-info").rename(place / "colours-2.0.dist-info")
    for file in (place / "colours/__init__.py", place / "colours-2.0.dist-info/METADATA"):
        file.write_text(file.read_text().replace("1.0", "2.0").replace("x + 1", "x + 2"))


PATH_STEP = """
@step
def step(path: str) -> str:
    executed()
    with open(path) as file:
        return file.read()
"""
PATH_MAIN = "import flow\nprint(flow.step('data.txt'))\n"
DATA = {"data.txt": "111"}

CASES: dict[str, Case] = {
    "own body": Case(
        "@step\ndef step(x: int) -> int:\n    executed()\n    return x + 1\n",
        edit=("flow.py", "x + 1", "x + 2"),
    ),
    "helper body": Case(
        """
        def helper(x):
            return x + 1
        @step
        def step(x: int) -> int:
            executed()
            return helper(x)
        """,
        edit=("flow.py", "x + 1", "x + 2"),
    ),
    "helper of a helper in another module": Case(
        HELPER,
        others={
            "helper.py": "from deeper import inner\ndef outer(x):\n    return inner(x)\n",
            "deeper.py": "def inner(x):\n    return x + 1\n",
        },
        edit=("deeper.py", "x + 1", "x + 2"),
    ),
    "module constant": Case(
        "RATE = 2\n@step\ndef step(x: int) -> int:\n    executed()\n    return x * RATE\n",
        edit=("flow.py", "RATE = 2", "RATE = 3"),
    ),
    "constant of another module": Case(
        HELPER,
        others={
            "helper.py": "import limits\ndef outer(x):\n    return min(x, limits.MOST)\n",
            "limits.py": "MOST = 1\n",
        },
        edit=("limits.py", "MOST = 1", "MOST = 2"),
    ),
    "two closures of one function": Case(
        """
        def make(k):
            @step
            def scaled(x: int) -> int:
                executed()
                return x * k
            return scaled
        """,
        main="import flow\nprint(flow.make(2)(3), flow.make(5)(3))\n",
    ),
    "default argument": Case(
        "@step\ndef step(x: int, k: int = 2) -> int:\n    executed()\n    return x * k\n",
        edit=("flow.py", "k: int = 2", "k: int = 3"),
    ),
    "class attribute": Case(
        """
        class Model:
            depth = 1
        @step
        def step(x: int) -> int:
            executed()
            return x + Model.depth
        """,
        edit=("flow.py", "depth = 1", "depth = 2"),
    ),
    "method of a base class": Case(
        """
        from base import Base
        class Model(Base):
            pass
        @step
        def step(x: int) -> int:
            executed()
            return Model().apply(x)
        """,
        others={"base.py": "class Base:\n    def apply(self, x):\n        return x + 1\n"},
        edit=("base.py", "x + 1", "x + 2"),
    ),
    "file behind a path argument": Case(
        PATH_STEP,
        main=PATH_MAIN,
        others=DATA,
        change=lambda folder: (folder / "data.txt").write_text("22222") and None,
    ),
    "file replaced, same size and time": Case(
        PATH_STEP, main=PATH_MAIN, others=DATA, change=replace_unseen
    ),
    "file rewritten, same size and time": Case(
        PATH_STEP, main=PATH_MAIN, others=DATA, change=rewrite_unseen
    ),
    "environment variable": Case(
        "@step\ndef step(x: int) -> str:\n    executed()\n    return str(x) + str(env('MODE'))\n",
        variables=({"MODE": "a"}, {"MODE": "b"}),
    ),
    "random state after a hit": Case(
        """
        import random
        @step
        def step(x: int) -> float:
            executed()
            return x + random.random()
        """,
        main="""
        import random, flow
        random.seed(7)
        print(flow.step(3), random.random())
        """,
    ),
    "NumPy's random state after a hit": Case(
        """
        import numpy
        @step
        def step(x: int) -> float:
            executed()
            return x + numpy.random.rand()
        """,
        main="""
        import numpy, flow
        numpy.random.seed(7)
        print(flow.step(3), numpy.random.rand())
        """,
    ),
    "random step without a seed": Case(
        """
        import random
        @step
        def step(x: int) -> float:
            executed()
            return x + random.random()
        """,
        check="differs",
    ),
    "fresh entropy": Case(
        """
        import numpy
        @step
        def step(x: int) -> float:
            executed()
            return x + numpy.random.default_rng().random()
        """,
        check="differs",
    ),
    "the clock": Case(
        """
        import time
        @step
        def step(x: int) -> int:
            executed()
            return x + time.time_ns()
        """,
        check="differs",
    ),
    "argument changed in place": Case(
        """
        @step
        def step(x: list) -> int:
            executed()
            x.append(1)
            return len(x)
        """,
        main="import flow\nx = [3]\nprint(flow.step(x), x, flow.step([3]))\n",
        check="same",
    ),
    "array changed in place": Case(
        """
        @step
        def step(x: object) -> float:
            executed()
            x += 1
            return float(x.sum())
        """,
        main="""
        import flow, numpy
        x = numpy.zeros(3)
        try:
            print(flow.step(x), x, flow.step(numpy.zeros(3)))
        except Exception as error:
            print(type(error).__name__)
        """,
        check="same",
    ),
    "result changed by the caller": Case(
        "@step\ndef step(x: int) -> list:\n    executed()\n    return [x]\n",
        main="import flow\nflow.step(3).append(4)\nprint(flow.step(3))\n",
    ),
    "dtype": Case(
        """
        @step
        def step(x: object) -> str:
            executed()
            return str(x.dtype)
        """,
        main="""
        import flow, numpy
        print(flow.step(numpy.zeros(3, "f4")), flow.step(numpy.zeros(3, "f8")))
        """,
    ),
    "memory layout": Case(
        """
        @step
        def step(x: object) -> bool:
            executed()
            return bool(x.flags.c_contiguous)
        """,
        main="""
        import flow, numpy
        x = numpy.arange(6.0).reshape(2, 3)
        print(flow.step(x), flow.step(numpy.asfortranarray(x)))
        """,
    ),
    "bool, int and float": Case(
        "@step\ndef step(x: object) -> str:\n    executed()\n    return type(x).__name__\n",
        main="import flow\nprint(flow.step(1), flow.step(True), flow.step(1.0))\n",
    ),
    "order of keys": Case(
        "@step\ndef step(x: dict) -> str:\n    executed()\n    return ''.join(x)\n",
        main="import flow\nprint(flow.step({'a': 1, 'b': 2}), flow.step({'b': 2, 'a': 1}))\n",
    ),
    "minus zero": Case(
        "@step\ndef step(x: float) -> str:\n    executed()\n    return str(x)\n",
        main="import flow\nprint(flow.step(0.0), flow.step(-0.0))\n",
    ),
    "edited method of an argument's class": Case(
        """
        @step
        def step(model: object) -> int:
            executed()
            return model.predict(3)
        """,
        main="import flow, model\nprint(flow.step(model.Model(2)))\n",
        others={
            "model.py": """
            class Model:
                def __init__(self, k):
                    self.k = k
                def predict(self, x):
                    return x * self.k
            """
        },
        edit=("model.py", "x * self.k", "x - self.k"),
    ),
    "warnings of a reused step": Case(
        """
        import warnings
        @step
        def step(x: int) -> int:
            executed()
            warnings.warn("low", UserWarning)
            return x
        """,
        main="""
        import warnings, flow
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            result = flow.step(3)
        print(result, [str(w.message) for w in seen if str(w.message) == "low"])
        """,
    ),
    "objects that differ deep down": Case(
        "@step\ndef step(x: list) -> str:\n    executed()\n    return repr(x)\n",
        main="""
        import flow
        def deep(leaf):
            for _ in range(12):
                leaf = [leaf]
            return leaf
        print(flow.step(deep(1)), flow.step(deep(2)))
        """,
    ),
    "deep constant": Case(
        """
        TREE = {"a": [[[[[[[{"b": 1}]]]]]]]}
        @step
        def step(x: int) -> str:
            executed()
            return repr(TREE)
        """,
        edit=("flow.py", '{"b": 1}', '{"b": 2}'),
    ),
    "partial": Case(
        """
        @step
        def step(f: object) -> int:
            executed()
            return f(3)
        """,
        main="""
        import flow, functools
        def power(k, x):
            return x ** k
        print(flow.step(functools.partial(power, 2)), flow.step(functools.partial(power, 3)))
        """,
    ),
    "lambda": Case(
        """
        @step
        def step(f: object) -> int:
            executed()
            return f(3)
        """,
        main="import flow\nprint(flow.step(lambda x: x + 1), flow.step(lambda x: x + 2))\n",
    ),
    "body of a decorator": Case(
        """
        import functools
        def doubled(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                return f(*args, **kwargs) * 2
            return inner
        @step
        @doubled
        def step(x: int) -> int:
            executed()
            return x
        """,
        edit=("flow.py", ") * 2", ") * 3"),
    ),
    "generator as a result": Case(
        """
        from collections.abc import Iterator
        @step
        def step(n: int) -> Iterator[int]:
            executed()
            yield from range(n)
        """,
        main="import flow\nprint(list(flow.step(3)), list(flow.step(3)))\n",
    ),
    "version of a library": Case(
        """
        import colours
        @step
        def step(x: int) -> int:
            executed()
            return colours.mix(x)
        """,
        others=LIBRARY,
        change=upgrade,
    ),
    "exception": Case(
        """
        @step
        def step(x: int) -> int:
            executed()
            if env("BROKEN"):
                raise ValueError("broken")
            return x
        """,
        main="""
        import flow
        try:
            print(flow.step(3))
        except Exception:
            print("failed")
        """,
        variables=({"BROKEN": "1"}, {}),
    ),
}

BODY = """
@step
def step(x: int) -> int:
    executed()
    total = x + 1
    return total
"""
HARMLESS: dict[str, Case] = {
    "nothing at all": Case(BODY),
    "comment": Case(BODY, edit=("flow.py", "total = x + 1", "total = x + 1  # one more")),
    "docstring": Case(
        BODY, edit=("flow.py", "    executed()", '    """One more."""\n    executed()')
    ),
    "formatting": Case(BODY, edit=("flow.py", "total = x + 1", "total = (\n        x + 1\n    )")),
    "name of a local variable": Case(BODY, edit=("flow.py", "total", "result")),
    "unrelated function in the same file": Case(
        "def other():\n    return 1\n" + BODY, edit=("flow.py", "return 1", "return 2")
    ),
    "unrelated constant in the same file": Case(
        "OTHER = 1\n" + BODY, edit=("flow.py", "OTHER = 1", "OTHER = 2")
    ),
    "lines moved": Case(BODY, edit=("flow.py", "@step\n", "\n\n\n@step\n")),
    "comment in a helper": Case(
        HELPER,
        others={"helper.py": "def outer(x):\n    return x + 1\n"},
        edit=("helper.py", "x + 1", "x + 1  # one more"),
    ),
    "file touched": Case(
        PATH_STEP,
        main=PATH_MAIN,
        others=DATA,
        change=lambda folder: os.utime(folder / "data.txt", (1, 1)),
    ),
}
