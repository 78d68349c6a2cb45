"""The benchmarks' runner: its listing, its lines, its exit status, and README's table."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import pytest

import bench as bench_package
from bench import __main__ as bench
from bench import readme
from bench.asked import ASKED, Asked
from bench.figure import Figure

FIELDS = ["figure", "value", "unit", "clew", "peer", "peer_name", "agrees", "asked", "machine"]


@pytest.fixture
def benchmark_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Put a benchmark named `sample` with the given source beside the real ones."""

    def put(source: str, name: str = "sample") -> None:
        (tmp_path / f"{name}.py").write_text("from bench.figure import Figure\n" + source)

    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.jsonl")
    monkeypatch.setattr("bench.__path__", [*bench_package.__path__, str(tmp_path)])
    sys.modules.pop("bench.sample_part", None)
    monkeypatch.delitem(sys.modules, "bench.sample", raising=False)
    monkeypatch.setitem(ASKED, "sample.ratio", Asked("a ratio", ">= 2"))
    monkeypatch.setitem(ASKED, "sample.time", Asked("a time", "<= 5"))
    yield put
    sys.modules.pop("bench.sample", None)


TWO = """
def figures(quick):
    yield Figure("sample.ratio", 1.0 if quick else 4.0, "ratio", 2.0, 8.0, "peer 1.0")
    yield Figure("sample.time", 3.0, "ms")
"""


def test_one_line_of_json_per_figure(benchmark_of, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark_of(TWO)
    assert bench.main(["sample", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["figure"] for line in lines] == ["sample.ratio", "sample.time"]
    assert list(lines[0]) == FIELDS
    assert lines[0]["asked"] == ">= 2"
    assert set(lines[0]["machine"]) == {"cores", "cpu", "python"}


def test_one_figure_and_the_quick_case(benchmark_of, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark_of(TWO)
    assert bench.main(["sample", "--quick", "--figure", "sample.ratio", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["value"] == 1.0


def test_a_benchmark_may_have_parts(benchmark_of, capsys) -> None:
    benchmark_of('def figures(quick):\n    yield Figure("sample.ratio", 2.0, "ratio")')
    benchmark_of('def figures(quick):\n    yield Figure("sample.time", 2.0, "ms")', "sample_part")
    assert bench.main(["sample", "--json"]) == 0
    lines = [json.loads(line)["figure"] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["sample.ratio", "sample.time"]


NAMED = """
def forbidden(quick):
    raise AssertionError("measured, but not asked for")
FIGURES = {
    "sample.ratio": forbidden,
    "sample.time": lambda quick: Figure("sample.time", 3.0, "ms"),
}
"""


def test_a_figure_that_has_a_name_is_measured_alone(benchmark_of, capsys) -> None:
    benchmark_of(NAMED)
    assert bench.main(["sample", "--figure", "sample.time", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["value"] == 3.0
    with pytest.raises(AssertionError, match="not asked for"):
        bench.main(["sample"])


def test_every_named_figure_says_what_is_asked() -> None:
    named = [
        figure
        for module in bench.benchmarks()["search"]
        for figure in importlib.import_module(f"bench.{module}").FIGURES
    ]
    assert sorted(named) == sorted(bench.figure_ids("search"))


def test_what_disagrees_fails(benchmark_of, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark_of('def figures(quick):\n    yield Figure("sample.time", 1.0, "ms", agrees=False)')
    assert bench.main(["sample", "--json", "--save"]) == bench.DISAGREES
    captured = capsys.readouterr()
    assert json.loads(captured.out)["agrees"] is False
    assert "disagree" in captured.err
    assert not bench.RESULTS.exists()


def test_a_missing_peer_fails_and_is_named(benchmark_of, capsys) -> None:
    benchmark_of("import a_peer_that_is_not_there\ndef figures(quick):\n    yield")
    assert bench.main(["sample", "--json"]) == bench.MISSING
    assert "a_peer_that_is_not_there" in capsys.readouterr().err


@pytest.mark.parametrize(
    "question", [["nothing"], ["sample", "--figure", "sample.none"], ["sample", "--figure", "x.y"]]
)
def test_a_wrong_question_says_what_there_is(benchmark_of, capsys, question: list[str]) -> None:
    benchmark_of(TWO)
    assert bench.main(question) == bench.WRONG_QUESTION
    assert "sample" in capsys.readouterr().err


def test_listing_names_figures_and_bounds(benchmark_of, capsys) -> None:
    benchmark_of(TWO)
    assert bench.main([]) == 0
    shown = capsys.readouterr().out
    assert "sample.ratio" in shown
    assert ">= 2" in shown


def test_results_are_kept_for_the_table(benchmark_of, capsys) -> None:
    benchmark_of(TWO)
    assert bench.main(["sample", "--save", "--quick"]) == 0
    assert not bench.RESULTS.exists()
    assert bench.main(["sample", "--save"]) == 0
    kept = readme.latest(bench.RESULTS)
    table = readme.table(kept)
    assert "| `sample.ratio` | a ratio | ≥ 2× | 4× | peer 1.0 |" in table
    assert "| `sample.time` | a time | ≤ 5 ms | 3 ms |  |" in table
    missed = readme.table({"sample.time": {**kept["sample.time"], "value": 9.0}})
    assert "9 ms (missed)" in missed


def test_readme_shows_the_saved_results() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.BEGIN in text
    assert text == readme.written(text)


def test_every_benchmark_says_what_is_asked() -> None:
    for name in bench.benchmarks():
        assert bench.figure_ids(name), f"bench/{name}.py has no row in bench/asked.py"
    for asked in ASKED.values():
        sign, number = asked.bound.split()
        assert asked.met_by(float(number))
        assert sign in ("<=", ">=", "==")


def test_a_figure_has_the_promised_fields() -> None:
    assert [field.name for field in dataclasses.fields(Figure)] == FIELDS[:-1]
