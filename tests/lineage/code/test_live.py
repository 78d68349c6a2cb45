"""What a program changes while it runs counts; what lies edited on disk does not, yet."""

from __future__ import annotations

import functools
import importlib
import sys

import pytest

from clew.errors import Unhashable
from clew.lineage.code import code_id, code_record


def test_a_constant_that_changes_at_run_time(project, monkeypatch):
    project.edit(
        config="LIMIT = 3\n", flow="import config\ndef step(x):\n    return config.LIMIT\n"
    )
    before = project.id()
    monkeypatch.setattr(sys.modules["config"], "LIMIT", 4)
    assert project.id() != before
    monkeypatch.setattr(sys.modules["config"], "LIMIT", 3)
    assert project.id() == before


def test_a_constant_that_is_changed_in_place(project):
    project.edit(flow="TABLE = {'a': [1]}\ndef step(x):\n    return TABLE\n")
    before = project.id()
    sys.modules["flow"].TABLE["a"].append(2)
    assert project.id() != before


def test_a_patched_function_method_and_default(project, monkeypatch):
    project.edit(
        flow="""
        class Model:
            def go(self):
                return 1
        def helper(x, k=1):
            return Model().go() * k
        def step(x):
            return helper(x)
        """
    )
    flow = project.get("flow.step").__globals__
    ids = {project.id()}
    with monkeypatch.context() as patch:
        patch.setattr(flow["Model"], "go", lambda self: 2)
        ids.add(project.id())
    with monkeypatch.context() as patch:
        patch.setitem(flow, "helper", lambda x: 2)
        ids.add(project.id())
    with monkeypatch.context() as patch:
        patch.setattr(flow["helper"], "__defaults__", (2,))
        ids.add(project.id())
    with monkeypatch.context() as patch:
        patch.setattr(flow["Model"], "extra", 2, raising=False)
        ids.add(project.id())
    assert len(ids) == 5
    assert project.id() in ids


def test_a_file_edited_after_import_does_not_speak_for_the_old_code(project):
    project.edit(flow="def step(x):\n    return x + 1\n")
    step = project.get()
    path = project.place / "flow.py"
    path.write_text("def step(x):\n    return x + 2\n")
    stale = code_record(step)
    importlib.reload(sys.modules["flow"])
    fresh = code_record(project.get())
    assert stale.id != fresh.id
    assert stale.source == ""
    assert "x + 2" in fresh.source


def test_a_file_edited_elsewhere_after_import_still_speaks(project):
    project.edit(flow="def step(x):\n    return x + 1\n")
    step = project.get()
    path = project.place / "flow.py"
    path.write_text("import json\n\n\n# more\ndef other():\n    pass\n\n\n" + path.read_text())
    record = code_record(step)
    importlib.reload(sys.modules["flow"])
    assert record.id == project.id()
    assert "x + 1" in record.source


def test_code_without_a_text_is_known_by_its_bytecode():
    def run(text):
        namespace = {"__name__": "generated"}
        exec(text, namespace)
        return code_id(namespace["f"])

    plain = run("def f(x):\n    total = x + 1\n    return total\n")
    assert plain == run(
        "def f(x):\n    'doc'\n    # why\n    renamed = x + 1\n\n    return renamed\n"
    )
    assert plain != run("def f(x):\n    total = x + 2\n    return total\n")
    assert plain != run("def f(x):\n    total = x - 1\n    return total\n")
    assert plain != run("def f(y):\n    total = y + 1\n    return total\n")


def test_two_closures_of_one_function_differ():
    def make(k):
        def inner(x):
            return x * k

        return inner

    assert code_id(make(2)) == code_id(make(2))
    assert code_id(make(2)) != code_id(make(3))
    assert code_id(make(1)) != code_id(make(True))
    assert code_id(make(max)) != code_id(make(min))


def test_an_empty_cell_is_not_a_value():
    def make():
        def inner():
            return later

        first = code_id(inner)
        later = None
        return first, code_id(inner)

    first, second = make()
    assert first != second


def test_partials_differ_by_function_and_arguments():
    def power(x, n, m=1):
        return x**n * m

    def other(x, n, m=1):
        return x * n * m

    partials = [
        functools.partial(power, n=2),
        functools.partial(power, n=3),
        functools.partial(power, m=2),
        functools.partial(power, 2),
        functools.partial(other, n=2),
    ]
    assert len({code_id(one) for one in partials}) == len(partials)
    assert code_id(functools.partial(power, n=2)) == code_id(partials[0])


def test_a_bound_method_is_its_function_and_its_object():
    class Model:
        def __init__(self, k):
            self.k = k

        def go(self):
            return self.k

        def stay(self):
            return -self.k

    ids = {code_id(m) for m in (Model(1).go, Model(2).go, Model(1).stay, Model.go)}
    assert len(ids) == 4
    assert code_id(Model(1).go) == code_id(Model(1).go)


def test_lambdas_of_one_line_are_told_apart():
    pair = (lambda x: x + 1, lambda x: x + 2, lambda x: lambda y: x + y)
    records = [code_record(one) for one in (*pair, pair[2](1))]
    assert len({record.id for record in records}) == 4
    assert all(record.source for record in records)


def test_a_list_of_calls_kept_outside_is_not_an_input():
    calls, counts, total = [], {"n": 0}, 0

    def step(x):
        nonlocal total
        calls.append(x)
        counts["n"] += 1
        total += 1
        return x

    before = code_id(step)
    step(1)
    assert (calls, counts, total) == ([1], {"n": 1}, 1)
    assert code_id(step) == before


def test_what_is_written_and_read_is_an_input():
    calls = []

    def step(x):
        calls.append(x)
        return len(calls)

    before = code_id(step)
    step(1)
    assert code_id(step) != before


def test_a_name_that_is_only_written_to_by_user_code_is_an_input():
    class Log(list):
        def append(self, item):
            raise KeyError(item)

    log = Log()

    def step(x):
        log.append(x)

    before = code_id(step)
    log.extend([1])
    assert code_id(step) != before


def test_mutual_recursion_and_cycles_through_values_end(project):
    project.edit(
        flow="""
        def even(n):
            return n == 0 or odd(n - 1)
        def odd(n):
            return n != 0 and even(n - 1)
        class Node:
            def go(self):
                return ROOT, step
        ROOT = Node()
        ROOT.next = ROOT
        TABLE = {"step": [even]}
        TABLE["self"] = TABLE
        def step(n):
            return even(n), ROOT.go(), TABLE
        """
    )
    first = project.id()
    assert project.id() == first
    assert project.id("flow.even") != project.id("flow.odd")
    flow = sys.modules["flow"]
    flow.Node.go = lambda self: 1
    assert project.id() != first


def test_many_functions_in_one_table_that_all_read_it(project):
    lines = [f"def f{i}(n):\n    return TABLE[n] + {i}\n" for i in range(60)]
    table = "TABLE = {'deep': [" + ", ".join(f"[f{i}]" for i in range(60)) + "]}\n"
    project.edit(flow="".join(lines) + table + "def step(n):\n    return TABLE\n")
    assert project.id() == project.id()


def test_what_has_no_content_id_says_its_name(project):
    project.edit(flow="HANDLE = (i for i in [1])\ndef step(x):\n    return HANDLE\n")
    with pytest.raises(Unhashable, match="`HANDLE` in module flow"):
        project.id()


def test_eval_takes_the_whole_module(project):
    text = "LIMIT = 3\ndef step(x):\n    return eval(x)\n"
    project.edit(flow=text)
    before = project.id()
    project.edit(flow=text.replace("3", "4"))
    assert project.id() != before


def test_a_declared_dependency_counts(project):
    project.edit(
        plugin="def go(x):\n    return x + 1\n",
        flow="import plugin\ndef step(x, how):\n    return how(x)\n",
    )
    step, plugin = project.get(), sys.modules["plugin"]
    plain, declared = code_id(step), code_id(step, depends_on=[plugin.go])
    assert plain != declared
    assert code_id(step, depends_on=[plugin]) not in (plain, declared)
    assert code_id(step, depends_on=[3]) != code_id(step, depends_on=[4])
    assert code_record(step, depends_on=[plugin.go]).id == declared


def test_of_a_settings_object_only_what_is_read_counts(project):
    project.edit(
        flow="""
        from types import SimpleNamespace
        class Settings:
            def __init__(self):
                self.depth, self.rate, self.lists = 3, 0.1, [1]
            @property
            def double(self):
                return self.depth * 2
        SETTINGS = Settings()
        NESTED = SimpleNamespace(model=SimpleNamespace(depth=3, rate=0.1))
        def step(x):
            return SETTINGS.depth, NESTED.model.depth
        def other(x):
            return SETTINGS.double
        def third(x):
            return SETTINGS.lists
        """
    )
    names = ("flow.step", "flow.other", "flow.third")
    before = [project.id(name) for name in names]
    flow = sys.modules["flow"]
    flow.SETTINGS.rate = flow.NESTED.model.rate = 0.2
    assert project.id() == before[0]
    flow.SETTINGS.depth = 4
    assert all(project.id(name) != old for name, old in zip(names, before, strict=True))
    flow.SETTINGS.depth, flow.NESTED.model.depth = 3, 4
    assert project.id() != before[0]


def test_an_attribute_that_runs_code_takes_the_whole_object(project):
    project.edit(
        flow="""
        class Lazy:
            def __init__(self):
                self.__dict__["depth"] = 3
                self.scale = 1
            def __getattribute__(self, name):
                found = object.__getattribute__(self, name)
                return found * object.__getattribute__(self, "scale") if name == "depth" else found
        LAZY = Lazy()
        def step(x):
            return LAZY.depth
        """
    )
    before = project.id()
    sys.modules["flow"].LAZY.scale = 2
    assert project.id() != before
