"""Every command answers people and, with ``--json``, programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import clew
from clew.cli.main import COMMANDS


@pytest.fixture
def run(clew_) -> str:
    """A finished run; returns its id."""
    return json.loads(clew_("run", "work.py:flow", "--json").stdout)["run"]


def as_json(clew_, *arguments: str, status: int = 0) -> object:
    return json.loads(clew_(*arguments, "--json", status=status).stdout)


def test_runs(clew_, run: str) -> None:
    assert run in clew_("runs").stdout
    (found,) = as_json(clew_, "runs")
    assert (found["id"], found["status"], found["flow"]) == (run, "finished", "work:flow")
    assert as_json(clew_, "runs", "--flow", "work:other") == []


def test_show(clew_, run: str) -> None:
    shown = as_json(clew_, "show", run[:16])
    assert shown["metrics"] == {"total": 6.0}
    assert [step["step"] for step in shown["steps"]] == ["load", "total"]
    assert as_json(clew_, "show", "last") == shown
    node = as_json(clew_, "show", f"{run}:total")
    assert node["operation"] == "work:total"
    assert node["inputs"]["by"].endswith("1.0")
    value = as_json(clew_, "show", shown["result"])
    assert (value["preview"], value["stored"]) == ("6.0", True)
    assert value["made by"] == [node["node"]]
    for text in (clew_("show", run), clew_("show", f"{run}:load"), clew_("show", shown["result"])):
        assert text.stdout.strip()


def test_lineage(clew_, run: str) -> None:
    tree = clew_("lineage", run).stdout.splitlines()
    assert tree[0].startswith("work:total")
    assert any(line.strip().startswith("rows: work:load") for line in tree)
    down = clew_("lineage", f"{run}:load", "--down").stdout.splitlines()
    assert down[0].startswith("work:load")
    assert down[1].startswith("  rows: work:total")
    found = as_json(clew_, "lineage", run)
    assert {node["operation"] for node in found["nodes"]} == {"work:load", "work:total"}
    assert "work:total" in clew_("lineage", f"{run}:total", "--trace").stdout


def test_why(clew_, run: str) -> None:
    clew_("run", "work.py:flow", "by=3", "--quiet")
    said = clew_("why").stdout
    assert "by: 1.0 → 3.0" in said
    detailed = clew_("why", "last", "total").stdout
    assert "total: computed" in detailed
    assert "compared with" in detailed
    reasons = {item["step"]: item for item in as_json(clew_, "why", "last")}
    assert reasons["load"]["decision"] != "computed"
    assert reasons["total"]["changed"] == [{"field": "input by", "was": "1.0", "now": "3.0"}]
    assert clew_("why", "last", "nothing", status=1).stderr.startswith("error: ")


def test_diff(clew_, run: str) -> None:
    other = json.loads(clew_("run", "work.py:flow", "by=3", "--json").stdout)["run"]
    assert "input by: 1.0 → 3.0" in clew_("diff", run, other).stdout
    (parting,) = as_json(clew_, "diff", run, other)
    assert parting["operation"] == "work:total"
    assert "the same thread" in clew_("diff", run, run).stdout


def test_rebuild(clew_, run: str, project: Path) -> None:
    assert "identical" in clew_("rebuild", run).stdout
    assert as_json(clew_, "rebuild", run)["identical"] is True
    more = project / "more.py"
    more.write_text(more.read_text().replace("round(x, 2)", "round(x, 2) + 1"))
    done = clew_("rebuild", run, status=1)
    assert "differs first at work:total" in done.stdout
    assert "rounded" in done.stdout
    assert as_json(clew_, "rebuild", run, status=1)["operation"] == "work:total"


def test_impact(clew_, run: str) -> None:
    assert "work:total" in clew_("impact", "rows.txt").stdout
    found = as_json(clew_, "impact", "rows.txt")
    assert [node["operation"] for node in found["direct"]] == ["work:load"]
    assert "error: " in clew_("impact", "nothing.txt", status=1).stderr


def test_sql(clew_, run: str) -> None:
    pytest.importorskip("duckdb")
    done = clew_("sql", "select flow, status from runs")
    assert "work:flow" in done.stdout


def test_gc_and_fsck(clew_, run: str) -> None:
    clew_("gc")
    clew_("fsck")
    again = json.loads(clew_("run", "work.py:flow", "--json").stdout)
    assert "computed" not in again["decisions"]


def test_export_and_import(clew_, run: str, project: Path) -> None:
    clew_("export", run, str(project / "thread.clew"))
    other = str(project / "other")
    clew_("--store", other, "import", str(project / "thread.clew"))
    assert run in clew_("--store", other, "runs").stdout
    assert clew.open(other).value(run) == 6.0


def test_init(clew_, project: Path, monkeypatch) -> None:
    monkeypatch.delenv("CLEW_STORE")
    (project / "new" / ".git").mkdir(parents=True)
    said = clew_("init", "new").stdout
    assert "clew run" in said
    assert (project / "new" / ".clew" / "clew.db").exists()
    assert ".clew/" in (project / "new" / ".gitignore").read_text()
    assert "exists" in clew_("init", "new", status=1).stderr


@pytest.mark.parametrize("command", ["show", "runs --json", "lineage"])
def test_a_reader_that_leaves_is_no_error(project: Path, clew_, command: str) -> None:
    clew_("run", "work.py:flow", "--quiet")
    words = [*command.split(), *(["last"] if "runs" not in command else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "clew", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()  # As `head` does, before anything was printed.
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(
    "command", ["runs", "show last", "why", "lineage last", "rebuild last", "diff last last"]
)
def test_an_empty_store_is_no_traceback(clew_, command: str) -> None:
    status = 0 if command == "runs" else 1
    done = clew_(*command.split(), status=status)
    assert "Traceback" not in done.output


def test_help_lists_every_command_and_loads_no_numpy(tmp_path: Path) -> None:
    script = "import sys; from clew.cli import main\ntry:\n main(['--help'], prog_name='clew')\n"
    script += "except SystemExit: pass\nprint('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"
    for command in COMMANDS:
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_fits_its_line_in_the_list(clew_, command: str) -> None:
    assert "Usage: clew " + command in clew_(command, "--help").output


def test_an_unknown_command_is_refused(clew_) -> None:
    assert "No such command" in clew_("fly", status=2).output
