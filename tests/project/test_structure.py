"""The shape of the code: small files, documented modules, a core free of frameworks."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "manager", "common", "misc", "util"}
FRAMEWORKS = {"duckdb", "pandas", "polars", "pyarrow", "scipy", "sklearn", "skops", "torch"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= MAX_FILE_LINES
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    assert ast.get_docstring(tree)
    assert not [name for name, lines in function_sizes(tree) if lines > MAX_FUNCTION_LINES]


def function_sizes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            described = docstring.count("\n") + 1 if docstring else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - described


@pytest.mark.parametrize("path", sorted((ROOT / "src/clew/lineage").rglob("*.py")), ids=named)
def test_the_core_loads_no_framework(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not FRAMEWORKS & {name.split(".")[0] for name in imported_on_load(tree.body)}


def imported_on_load(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "orelse", "handlers", "finalbody"):
                    inner = getattr(statement, part, [])
                    inner = [s for i in inner for s in (i.body if hasattr(i, "type") else [i])]
                    yield from imported_on_load(inner)


def test_help_loads_no_numerical_library(tmp_path: Path) -> None:
    if not hasattr(__import__("clew.cli", fromlist=["main"]), "main"):
        pytest.skip("there is no command line yet")
    # What only a store elsewhere needs is not loaded for one in a folder, either.
    elsewhere = {"psycopg", "obstore"}
    script = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print('\\n' + json.dumps(sorted(sys.modules))))\n"
        "from clew.cli import main\n"
        "main(['--help'], prog_name='clew')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {"numpy", *elsewhere, *FRAMEWORKS}
    script = (
        "import json, sys, clew\n"
        "clew.open(sys.argv[1]).runs()\n"
        "import clew.app.served, clew.cli.backup, clew.api.server\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(done.stdout)) & elsewhere


def test_the_package_exports_at_most_fifteen_names() -> None:
    import clew

    assert len(getattr(clew, "__all__", ())) <= 15
    assert clew.__doc__


def test_other_distributions_tests_are_not_found_first(tmp_path: Path) -> None:
    other = tmp_path / "site" / "tests"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    script = "import tests, tests.project; print(tests.__file__)"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{other.parent}"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == str(ROOT / "tests" / "__init__.py"), done.stderr


def test_versions_agree() -> None:
    import clew

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert clew.__version__ == declared == importlib.metadata.version("clew")


def test_all_is_every_optional_part_but_spark_and_torch() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    sets = {"all", "demo", "test", "docs", "dev", "browser", "node", "peers", "fuzz", "bench"}
    held = {name for line in extras["all"] for name in line[len("clew[") : -1].split(",")}
    assert held == set(extras) - sets - {"spark", "torch"}
