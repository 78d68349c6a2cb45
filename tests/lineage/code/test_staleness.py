"""Every edit that can change a result changes the id; every harmless edit keeps it."""

from __future__ import annotations

import pytest

FLOW = """
    import features
    from features import scale as rescale

    OFFSET = 10

    def step(x, k=2):
        return features.scale(x) * k + OFFSET
"""
FEATURES = """
    from config import LIMIT

    def scale(x):
        total = sum(x)
        return clip(total)

    def clip(value):
        return min(value, LIMIT)
"""
BASE = {"flow": FLOW, "features": FEATURES, "config": "LIMIT = 3\n"}

# name: (files before, file, old text, new text)
CHANGES = {
    "own body": (BASE, "flow", "* k +", "* k -"),
    "helper body": (BASE, "features", "sum(x)", "max(x)"),
    "helper of a helper": (BASE, "features", "min(value", "max(value"),
    "constant in another module": (BASE, "config", "LIMIT = 3", "LIMIT = 4"),
    "constant of the same value and another type": (BASE, "config", "LIMIT = 3", "LIMIT = 3.0"),
    "module constant": (BASE, "flow", "OFFSET = 10", "OFFSET = 11"),
    "default argument": (BASE, "flow", "k=2", "k=3"),
    "keyword-only default": (
        {"flow": "def step(x, *, k=2):\n    return x * k\n"},
        "flow",
        "k=2",
        "k=3",
    ),
    "parameter name": (
        {"flow": "def step(x, k=2):\n    return x * k\n"},
        "flow",
        "def step(x, k=2):\n    return x * k",
        "def step(x, j=2):\n    return x * j",
    ),
    "constant of a constant": (
        {"flow": "A = {'a': [1, 2, {'b': (3, 4)}]}\ndef step(x):\n    return A\n"},
        "flow",
        "3, 4",
        "3, 5",
    ),
    "closure value": (
        {
            "flow": """
            def make(k):
                def step(x):
                    return x * k
                return step
            step = make(2)
            """
        },
        "flow",
        "make(2)",
        "make(3)",
    ),
    "closure function": (
        {
            "flow": """
            def make():
                def inner(x):
                    return x + 1
                def step(x):
                    return inner(x)
                return step
            step = make()
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "class attribute": (
        {
            "flow": """
            class Model:
                depth = 3
            def step(x):
                return Model.depth + x
            """
        },
        "flow",
        "depth = 3",
        "depth = 4",
    ),
    "method of a base class in another module": (
        {
            "base": "class Base:\n    def go(self, x):\n        return x + 1\n",
            "flow": """
            from base import Base
            class Model(Base):
                pass
            def step(x):
                return Model().go(x)
            """,
        },
        "base",
        "x + 1",
        "x + 2",
    ),
    "attribute of a metaclass": (
        {
            "flow": """
            class Meta(type):
                def size(cls):
                    return 1
            class Model(metaclass=Meta):
                pass
            def step(x):
                return Model.size()
            """
        },
        "flow",
        "return 1",
        "return 2",
    ),
    "property, static and class method": (
        {
            "flow": """
            class Model:
                @property
                def a(self):
                    return 1
                @staticmethod
                def b():
                    return 2
                @classmethod
                def c(cls):
                    return 3
            def step(x):
                return Model
            """
        },
        "flow",
        "return 2",
        "return 22",
    ),
    "method of the class of an instance": (
        {
            "flow": """
            class Model:
                def __init__(self):
                    self.k = 1
                def go(self):
                    return self.k
            MODEL = Model()
            def step(x):
                return MODEL.go()
            """
        },
        "flow",
        "return self.k",
        "return -self.k",
    ),
    "state of an instance": (
        {
            "flow": """
            class Model:
                def __init__(self):
                    self.k = 1
            MODEL = Model()
            def step(x):
                return MODEL.k
            """
        },
        "flow",
        "self.k = 1",
        "self.k = 2",
    ),
    "default factory of a dataclass": (
        {
            "flow": """
            from dataclasses import dataclass, field
            @dataclass
            class Config:
                k: list = field(default_factory=lambda: [1])
            def step(x):
                return Config().k
            """
        },
        "flow",
        "[1]",
        "[2]",
    ),
    "setting of a dataclass": (
        {
            "flow": """
            from dataclasses import dataclass
            @dataclass(order=False)
            class Config:
                k: int = 1
            def step(x):
                return Config()
            """
        },
        "flow",
        "order=False",
        "order=True",
    ),
    "order of enum members": (
        {
            "flow": """
            from enum import Enum
            class Colour(Enum):
                RED = 1
                BLUE = 2
            def step(x):
                return list(Colour)
            """
        },
        "flow",
        "    RED = 1\n                BLUE = 2",
        "    BLUE = 2\n                RED = 1",
    ),
    "field default of a named tuple": (
        {
            "flow": """
            from typing import NamedTuple
            class Pair(NamedTuple):
                a: int = 1
            def step(x):
                return Pair()
            """
        },
        "flow",
        "= 1",
        "= 2",
    ),
    "partial argument": (
        {
            "flow": """
            from functools import partial
            def power(x, n):
                return x ** n
            step = partial(power, n=2)
            """
        },
        "flow",
        "n=2",
        "n=3",
    ),
    "function of a partial": (
        {
            "flow": """
            from functools import partial
            def power(x, n):
                return x ** n
            step = partial(power, n=2)
            """
        },
        "flow",
        "**",
        "*",
    ),
    "lambda": ({"flow": "step = lambda x: x + 1\n"}, "flow", "+ 1", "+ 2"),
    "one of two lambdas on a line": (
        {"flow": "other, step = (lambda x: x + 1), (lambda x: x + 1)\n"},
        "flow",
        "x + 1)\n",
        "x + 2)\n",
    ),
    "inner of a decorated function": (
        {
            "flow": """
            import functools
            def twice(f):
                @functools.wraps(f)
                def wrapper(*args):
                    return f(*args) * 2
                return wrapper
            @twice
            def step(x):
                return x + 1
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "wrapper of a decorated function": (
        {
            "flow": """
            import functools
            def twice(f):
                @functools.wraps(f)
                def wrapper(*args):
                    return f(*args) * 2
                return wrapper
            @twice
            def step(x):
                return x + 1
            """
        },
        "flow",
        "* 2",
        "* 3",
    ),
    "cached helper": (
        {
            "flow": """
            from functools import lru_cache
            @lru_cache
            def helper(x):
                return x + 1
            def step(x):
                return helper(x)
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "implementation of a single dispatch": (
        {
            "flow": """
            from functools import singledispatch
            @singledispatch
            def step(x):
                return x
            @step.register
            def _(x: int):
                return x + 1
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "context manager": (
        {
            "flow": """
            from contextlib import contextmanager
            @contextmanager
            def around():
                yield 1
            def step(x):
                with around() as value:
                    return value
            """
        },
        "flow",
        "yield 1",
        "yield 2",
    ),
    "generator": (
        {"flow": "def step(x):\n    for item in x:\n        yield item + 1\n"},
        "flow",
        "+ 1",
        "+ 2",
    ),
    "generator instead of list": (
        {"flow": "def step(x):\n    return [item for item in x]\n"},
        "flow",
        "[item for item in x]",
        "(item for item in x)",
    ),
    "async instead of sync": (
        {"flow": "def step(x):\n    return x\n"},
        "flow",
        "def step",
        "async def step",
    ),
    "function in a registry": (
        {
            "flow": """
            def first(x):
                return x + 1
            TABLE = {"first": first}
            def step(x):
                return TABLE["first"](x)
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "function in a nested registry": (
        {
            "flow": """
            def first(x):
                return x + 1
            TABLE = {"deep": [(first, 1)]}
            def step(x):
                return TABLE["deep"][0][0](x)
            """
        },
        "flow",
        "x + 1",
        "x + 2",
    ),
    "import inside the function": (
        {**BASE, "flow": "def step(x):\n    import features\n    return features.scale(x)\n"},
        "features",
        "min(value",
        "max(value",
    ),
    "from-import inside the function": (
        {
            **BASE,
            "flow": "def step(x):\n    from features import scale as s\n    return s(x)\n",
        },
        "features",
        "min(value",
        "max(value",
    ),
    "module passed around": (
        {
            **BASE,
            "flow": """
            import features
            def step(x):
                return getattr(features, "cl" + "ip")(x)
            """,
        },
        "features",
        "min(value",
        "max(value",
    ),
    "module constant under another name": (
        {"config": "LIMIT = 3\n", "flow": "import config as c\ndef step(x):\n    return c.LIMIT\n"},
        "config",
        "3",
        "4",
    ),
    "attribute of a function": (
        {
            "flow": """
            def helper(x):
                return helper.k * x
            helper.k = 1
            def step(x):
                return helper(x)
            """
        },
        "flow",
        "helper.k = 1",
        "helper.k = 2",
    ),
    "swapped variables": (
        {"flow": "def step(x):\n    a = x + 1\n    b = x + 2\n    return a - b\n"},
        "flow",
        "return a - b",
        "return b - a",
    ),
    "local that becomes global": (
        {"flow": "def step(x):\n    global a\n    a = x\n    return a\n"},
        "flow",
        "    global a\n",
        "",
    ),
    "nonlocal that becomes local": (
        {
            "flow": """
            def step(x):
                a = 1
                def inner():
                    nonlocal a
                    a = 2
                inner()
                return a
            """
        },
        "flow",
        "nonlocal a",
        "pass",
    ),
    "name of an inner function": (
        {
            "flow": """
            def step(x):
                def inner():
                    return 1
                return inner.__name__
            """
        },
        "flow",
        "inner",
        "outer",
    ),
    "local that a query reads by name": (
        {
            "flow": """
            def step(df):
                a = 1
                b = 2
                return df.query("x > @a"), a + b
            """
        },
        "flow",
        "a = 1\n                b = 2",
        "b = 1\n                a = 2",
    ),
    "format specification": (
        {"flow": "def step(x):\n    return f'{x:.2f}'\n"},
        "flow",
        ".2f",
        ".3f",
    ),
    "literal 1 instead of True": ({"flow": "def step(x):\n    return 1\n"}, "flow", "1", "True"),
    "negative zero": ({"flow": "def step(x):\n    return 0.0\n"}, "flow", "0.0", "-0.0"),
    "helper that did not exist": (
        {"flow": "def step(x):\n    return later(x)\n"},
        "flow",
        "def step",
        "def later(x):\n    return x\n\ndef step",
    ),
    "project function in the place of a library's": (
        {
            "flow": """
            import math
            def mine(x):
                return x
            def step(x):
                return math.sqrt(x)
            """
        },
        "flow",
        "def step",
        "math.sqrt = mine\n            def step",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_edit_that_can_change_a_result_changes_the_id(name, project, monkeypatch):
    import math

    monkeypatch.setattr(math, "sqrt", math.sqrt)
    files, module, old, new = CHANGES[name]
    project.edit(**files)
    before = project.id()
    assert old in files[module], "the edit must be one"
    project.edit(**{module: files[module].replace(old, new)})
    assert project.id() != before


HARMLESS = {
    "comment": (BASE, "flow", "    def step", "    # why\n    def step"),
    "comment in a body": (BASE, "features", "total = sum(x)", "total = sum(x)  # all of it"),
    "docstring": (
        BASE,
        "flow",
        "return features",
        '"""What it does."""\n        return features',
    ),
    "docstring of a helper": (BASE, "features", "return min", '"""Clip."""\n        return min'),
    "docstring that mentions a local": (
        BASE,
        "features",
        "total = sum(x)",
        '"""Return the total of x."""\n        total = sum(x)',
    ),
    "blank lines": (BASE, "features", "total = sum(x)\n", "total = sum(x)\n\n\n"),
    "wrapped call": (
        BASE,
        "features",
        "min(value, LIMIT)",
        "min(\n            value,\n            LIMIT,\n        )",
    ),
    "redundant parentheses": (
        BASE,
        "features",
        "return min(value, LIMIT)",
        "return (min((value), LIMIT))",
    ),
    "local renamed": (BASE, "features", "total", "everything"),
    "annotation of a local": (BASE, "features", "total = ", "total: float = "),
    "annotation of a parameter": (BASE, "features", "(value)", "(value: float) -> float"),
    "unrelated function added": (
        BASE,
        "features",
        "    def scale",
        "    def other():\n        return 1\n\n    def scale",
    ),
    "unrelated constant added": (BASE, "config", "LIMIT", "OTHER = 1\nLIMIT"),
    "unrelated import": (BASE, "features", "    def scale", "    import json\n\n    def scale"),
    "quotes and number notation": (
        {"flow": "def step(x):\n    return 'a', 1000, 255\n"},
        "flow",
        "'a', 1000, 255",
        '"a", 1_000, 0xff',
    ),
    "pass": (BASE, "features", "total = sum(x)", "pass\n        total = sum(x)"),
    "import order": (
        {
            "flow": "import json\nimport math\n"
            "def step(x):\n    return math.floor(x), json.dumps(x)\n"
        },
        "flow",
        "import json\nimport math",
        "import math\nimport json",
    ),
    "functions in another order": (
        {
            "flow": "def a(x):\n    return b(x)\ndef b(x):\n    return x\n"
            "def step(x):\n    return a(x)\n"
        },
        "flow",
        "def a(x):\n    return b(x)\ndef b(x):\n    return x\n",
        "def b(x):\n    return x\ndef a(x):\n    return b(x)\n",
    ),
    "comprehension variable": (
        {"flow": "def step(x):\n    return [item + 1 for item in x if item]\n"},
        "flow",
        "item",
        "element",
    ),
    "variables of with, except, for, match, walrus, import": (
        {
            "flow": """
            def step(x):
                import json as aa
                with open(x) as bb:
                    for cc in bb:
                        try:
                            if (dd := aa.loads(cc)):
                                del cc
                        except ValueError as ee:
                            raise KeyError from ee
                match x:
                    case [ff, *gg]:
                        return ff, gg
                    case {"a": hh, **ii}:
                        return hh, ii
                return dd
            """
        },
        "flow",
        *("abcdefghi", "renamed"),
    ),
    "local of an enclosing function": (
        {
            "flow": """
            def make():
                factor = 2
                def step(x):
                    return factor * x
                return step
            step = make()
            """
        },
        "flow",
        "factor",
        "multiple",
    ),
    "local shared with a nested function": (
        {
            "flow": """
            def step(x):
                count = 0
                def inner():
                    nonlocal count
                    count += 1
                    return count
                return inner() + count
            """
        },
        "flow",
        "count",
        "number",
    ),
    "methods in another order": (
        {
            "flow": """
            class Model:
                def a(self): return 1
                def b(self): return 2
            def step(x):
                return Model
            """
        },
        "flow",
        "    def a(self): return 1\n                def b(self): return 2",
        "    def b(self): return 2\n                def a(self): return 1",
    ),
    "docstring of a class": (
        {"flow": "class Model:\n    k = 1\ndef step(x):\n    return Model\n"},
        "flow",
        "k = 1",
        '"""A model."""\n    k = 1',
    ),
    "logger": (
        {
            "flow": """
            import logging
            log = logging.getLogger("a")
            def step(x):
                log.info("x")
                return x
            """
        },
        "flow",
        '"a"',
        '"b"',
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_edit_keeps_the_id(name, project):
    files, module, old, new = HARMLESS[name]
    project.edit(**files)
    before = project.id()
    text = files[module]
    if old == "abcdefghi":
        for letter in old:
            text = text.replace(letter * 2, f"{new}_{letter}")
    assert text.replace(old, new) != files[module], "the edit must be one"
    project.edit(**{module: text.replace(old, new)})
    assert project.id() == before


def test_an_edit_of_an_unrelated_function_keeps_the_id(project):
    project.edit(**BASE, other="def other():\n    return 1\n")
    before = project.id()
    edited = FEATURES + "\n    def other():\n        return 2\n"
    project.edit(features=edited)
    assert project.id() == before
