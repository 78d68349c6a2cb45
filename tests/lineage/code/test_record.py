"""Records say what was read, where it comes from, and why two of them differ."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import linecache
import os
import subprocess
import sys
import textwrap

import numpy as np

from clew.lineage.code import code_id, code_record, explain


def plus_one(x):
    """Add one."""
    total = x + 1  # here
    return total  # noqa: RET504


def test_the_format_is_frozen():
    assert code_id(plus_one).hex() == "498c2f0b1b71c3dde71d074158334e28b39743f0"


def test_units_libraries_and_sources(project):
    project.edit(
        config="LIMIT = 3\nAPI_KEY = 'hunter2'\n",
        flow="""
        import json
        import numpy as np
        import config

        class Model:
            def go(self):
                return config.LIMIT, config.API_KEY

        def helper(x):
            return np.mean(x), json.dumps(x), Model()

        def step(x):
            return helper(x)
        """,
    )
    record = project.record()
    found = {(unit.kind, unit.module, unit.name): unit for unit in record.units}
    assert {key for key in found if key[0] != "constant"} == {
        ("function", "flow", "step"),
        ("function", "flow", "helper"),
        ("class", "flow", "Model"),
        ("function", "flow", "Model.go"),
    }
    assert found["constant", "config", "LIMIT"].text == "3"
    assert found["constant", "config", "LIMIT"].value_id is not None
    assert found["constant", "config", "API_KEY"].text == ""
    assert found["function", "flow", "helper"].source.startswith("def helper(x):")
    assert found["class", "flow", "Model"].source.startswith("class Model:")
    assert (record.module, record.qualname) == ("flow", "step")
    assert record.source == "def step(x):\n    return helper(x)\n"
    assert dict(record.libraries)["numpy"] == np.__version__
    assert dict(record.libraries)["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert record.id == project.id()
    assert record.ambient == record.generators == record.files == ()


def test_the_version_of_a_library_counts(project, monkeypatch):
    project.edit(flow="import numpy as np\ndef step(x):\n    return np.mean(x)\n")
    before = project.record()
    read = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda n: "9.9" if n == "numpy" else read(n))
    after = project.record()
    assert after.id != before.id
    assert [line for line in explain(before, after) if line.startswith("numpy ")]
    monkeypatch.undo()
    assert project.id() == before.id


def test_an_installed_distribution_counts_by_version_and_not_by_text(
    tmp_path, monkeypatch, project
):
    site = tmp_path / "site-packages"

    def install(version, body):
        site.mkdir(exist_ok=True)
        for old in site.glob("gadget-*/METADATA"):
            old.unlink()
            old.parent.rmdir()
        info = site / f"gadget-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gadget\nVersion: {version}\n")
        (site / "gadget.py").write_text(body)
        sys.modules.pop("gadget", None)
        linecache.clearcache()
        importlib.invalidate_caches()

    monkeypatch.syspath_prepend(str(site))
    flow = (
        "import gadget\nfrom gadget import turn\ndef step(x):\n    return turn(x), gadget.turn(x)\n"
    )
    install("1.0", "def turn(x):\n    return x\n")
    project.edit(flow=flow)
    before = project.record()
    install("1.0", "def turn(x):\n    return -x\n")
    project.edit(flow=flow)
    assert project.id() == before.id
    install("1.1", "def turn(x):\n    return -x\n")
    project.edit(flow=flow)
    after = project.record()
    sys.modules.pop("gadget", None)
    assert after.id != before.id
    assert explain(before, after) == ["gadget 1.0 → 1.1"]


def test_explain_names_the_unit_that_changed(project):
    flow = """
    from features import scale
    LIMIT = 3
    def step(x):
        return scale(x) + LIMIT
    """
    project.edit(features="def scale(x):\n    return x\n", flow=flow)
    first = project.record()
    assert explain(first, first) == []
    project.edit(features="def scale(x):\n    return -x\n")
    second = project.record()
    assert explain(first, second) == ["helper `scale` in module features changed"]
    project.edit(flow=flow.replace("= 3", "= 4"))
    third = project.record()
    assert explain(second, third) == ["constant LIMIT in module flow: 3 → 4"]
    project.edit(flow=flow.replace("= 3", "= 4").replace("+ LIMIT", "- LIMIT"))
    fourth = project.record()
    assert explain(third, fourth) == ["function `step` itself changed"]
    project.edit(flow=flow.replace("return scale(x) + LIMIT", "return LIMIT"))
    assert "no longer reads helper `scale` in module features" in explain(first, project.record())


def test_explain_sees_into_the_classes_of_values(project):
    flow = """
    class Model:
        def go(self):
            return 1
    MODEL = [Model()]
    def step(x):
        return MODEL[0].go()
    """
    project.edit(flow=flow)
    first = project.record()
    project.edit(flow=flow.replace("return 1", "return 2"))
    lines = explain(first, project.record())
    assert "helper `Model.go` in module flow changed" in lines


def test_a_notebook_cell_is_project_code_with_a_text():
    text = "import math\nK = 2\ndef step(x):\n    return math.sqrt(x) * K\n"

    def run(text):
        name = f"/tmp/ipykernel_1/{hashlib.md5(text.encode()).hexdigest()}.py"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        namespace = {"__name__": "__main__"}
        exec(compile(text, name, "exec"), namespace)
        return code_record(namespace["step"])

    first = run(text)
    assert first.source.startswith("def step(x):")
    assert run(text.replace("* K", "*  K  # twice")).id == first.id
    assert run(text.replace("* K", "/ K")).id != first.id
    assert run(text.replace("K = 2", "K = 3")).id != first.id


SCRIPT = """
import sys
sys.path.insert(0, {place!r})
import flow
from clew.lineage.code import code_id
print(code_id(flow.step).hex())
"""


def test_the_id_is_the_same_in_other_processes(project):
    project.edit(
        features="NAMES = {'b', 'a', 'c'}\ndef scale(x):\n    return x in NAMES, x in {'u', 'v'}\n",
        flow="""
        import features
        class Model(dict):
            kinds = frozenset({"x", "y"})
            def go(self):
                return step
        MODEL = Model(a=1)
        def step(x):
            return features.scale(x), MODEL.go(), [y for y in x]
        """,
    )
    expected = project.id().hex()
    for seed in ("0", "7"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT.format(place=str(project.place)))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected


def test_a_step_that_another_step_calls_is_its_function(project):
    flow = """
    import clew
    @clew.step
    def inner(x):
        return x + 1
    def step(x):
        return inner(x)
    """
    project.edit(flow=flow)
    first = project.record()
    assert ("function", "flow", "inner") in {(u.kind, u.module, u.name) for u in first.units}
    project.edit(flow=flow.replace("x + 1", "x + 2"))
    assert project.id() != first.id


def test_what_a_step_declares_counts_where_it_is_called(project):
    flow = """
    import clew
    K = 1
    @clew.step(depends_on=[K], seed=1)
    def inner(x):
        return x + 1
    def step(x):
        return inner(x)
    """
    project.edit(flow=flow)
    first = project.id()
    project.edit(flow=flow.replace("K = 1", "K = 2"))
    assert project.id() != first
    project.edit(flow=flow.replace("seed=1", "seed=2"))
    assert project.id() != first


def test_texts_that_may_name_files_are_listed_wherever_they_stand(project):
    project.edit(
        features="""
        from pathlib import Path
        HERE = Path("some/where")
        SETTINGS = {"path": ["deep.csv"], "name": "age"}
        def load(name="default.csv"):
            return open(name), HERE, SETTINGS
        """,
        flow="""
        import features
        def step(x):
            return features.load(), [open("literal.csv") for _ in x], "plain"
        """,
    )
    record = project.record()
    assert record.paths == ("deep.csv", "default.csv", "literal.csv", "some/where")


def test_a_path_counts_by_its_text(project, tmp_path):
    text = "from pathlib import Path\nHERE = Path('{}')\ndef step(x):\n    return HERE\n"
    (tmp_path / "a").mkdir()
    project.edit(flow=text.format(tmp_path / "a"))
    before = project.id()
    (tmp_path / "a" / "new").write_text("1")
    assert project.id() == before
    project.edit(flow=text.format(tmp_path / "b"))
    assert project.id() != before


def test_a_cell_with_await_at_its_top_has_a_text():
    text = "async def now(): ...\nawait now\ndef step(x):\n    return x\n"
    name = "/tmp/ipykernel_1/awaiting.py"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {"__name__": "__main__"}
    exec(compile(text.replace("await now", "now"), name, "exec"), namespace)
    assert code_record(namespace["step"]).source
