"""Calls of estimators are nodes; results in the store serve whoever comes later, or nobody."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import clew
from clew.cli.main import main
from clew.lineage.cache.memory import MemoryTier
from clew.lineage.fingerprint import fingerprint
from clew.lineage.trace import parse
from clew.reuse.context import reuse
from clew.reuse.estimators import graph as graphs
from clew.steps.runtime import current

FIT = "sklearn.linear_model._ridge:Ridge.fit"
SLICE = "sklearn.utils:_safe_indexing"


class Slow(RegressorMixin, BaseEstimator):
    """Takes long enough to be worth keeping."""

    def __init__(self, level: float = 0.0):
        self.level = level

    def fit(self, X: Any, y: Any) -> Slow:
        time.sleep(0.02)
        self.mean_ = np.mean(X, axis=0) + self.level
        self.noise_ = np.random.default_rng(0).random(40_000)  # too large for a row
        return self

    def predict(self, X: Any) -> Any:
        return X @ self.mean_


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    return X, X @ np.arange(6.0)


@pytest.fixture(autouse=True)
def all_are_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is written, so that no test depends on the speed of the machine."""
    monkeypatch.setattr(graphs, "NODE_S", 0.0)
    monkeypatch.setattr(graphs, "_SHARE", 1.0)
    monkeypatch.setattr("clew.reuse.estimators.session.NODE_S", 0.0)


def search() -> GridSearchCV:
    pipe = make_pipeline(StandardScaler(), PolynomialFeatures(2), PCA(5), Ridge())
    return GridSearchCV(pipe, {"ridge__alpha": [0.1, 1.0, 10.0]}, cv=3)


def test_calls_are_nodes_with_their_sources(data) -> None:
    with reuse():
        search().fit(*data)
    store = clew.open()
    found = store.runtime.store.history(FIT, 100)
    assert len(found) == 10  # 3 strengths x 3 folds, and the refit
    lineage = store.lineage(found[-1].id.hex())
    assert set(lineage.operations()) == {
        FIT,
        "sklearn.decomposition._pca:PCA.fit_transform",
        SLICE,
        "sklearn.preprocessing._polynomial:PolynomialFeatures.fit_transform",
        "sklearn.preprocessing._data:StandardScaler.fit_transform",
    }
    node = found[0]
    assert [edge.name for edge in node.inputs] == ["self", "X", "y"]
    assert node.cost.wall_s > 0
    shown = store.runtime.store.describe([edge.value for edge in node.inputs])
    assert shown[node.inputs[0].value].preview.startswith("Ridge(alpha=")
    assert shown[node.inputs[2].value].preview == "ndarray 300 float64"


def test_a_thread_of_calls_is_a_trace_that_can_be_parsed(data) -> None:
    with reuse():
        search().fit(*data)
    store = clew.open()
    node = store.runtime.store.history(FIT, 1)[0]
    assert node in parse(store.trace(node.id.hex()))  # each line is checked against its id


def test_what_depends_on_data_on_a_call_and_on_a_library(data) -> None:
    X, y = data
    with reuse():
        make_pipeline(StandardScaler(), Ridge()).fit(X, y).predict(X)
    store = clew.open()
    of_data = {node.operation for node in store.impact(fingerprint(X).hex()).downstream}
    scaler = store.runtime.store.history("sklearn.preprocessing._data:StandardScaler.transform", 1)
    assert FIT in {node.operation for node in store.impact("scikit-learn").direct}
    (scaling,) = store.runtime.store.history(
        "sklearn.preprocessing._data:StandardScaler.fit_transform", 5
    )
    reached = {node.operation for node in store.impact(scaling.id.hex()).downstream}
    assert reached >= {FIT, "sklearn.linear_model._ridge:Ridge.predict", scaler[0].operation}
    assert isinstance(of_data, set)


def test_a_later_context_computes_only_what_is_new(data) -> None:
    with reuse():
        for level in (0.0, 1.0):
            Slow(level).fit(*data)
    with reuse() as r:
        for level in (0.0, 1.0, 2.0):
            found = Slow(level).fit(*data)
            assert found.mean_.tobytes() == (np.mean(data[0], axis=0) + level).tobytes()
    assert (r.stats.hits, r.stats.misses) == (2, 1)


def test_nothing_is_kept_without_a_store(data) -> None:
    for _ in range(2):
        with reuse(store=None) as r:
            Slow().fit(*data)
        assert r.stats.misses == 1
    assert not Path(current().location, "values").exists() or not list(current().vault.blobs.ids())


def test_large_results_and_small_ones_come_back(data, tmp_path: Path) -> None:
    X, y = data
    X = np.tile(X, (60, 4))
    y = np.tile(y, 60)
    pipe = make_pipeline(PCA(20, svd_solver="full"), Ridge())
    plain = clone(pipe).fit(X, y).predict(X)
    for expected in (0, 1):
        with reuse(store=tmp_path / "kept") as r:
            model = clone(pipe).fit(X, y)
        assert r.stats.hits >= expected
        assert model.predict(X).tobytes() == plain.tobytes()


def values_of(store: Any) -> list[Path]:
    return [p for p in Path(store.location, "values").rglob("*") if p.is_file()]


def test_damaged_bytes_are_computed_anew(data, monkeypatch) -> None:
    with reuse():
        Slow().fit(*data)
    runtime = current()
    files = values_of(runtime)
    assert files
    monkeypatch.setattr(MemoryTier, "get", lambda self, id: None)
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    with reuse() as r:
        found = Slow().fit(*data)
    assert r.stats.misses == 1
    assert found.mean_.tobytes() == np.mean(data[0], axis=0).tobytes()


def test_what_was_collected_is_kept_again(data) -> None:
    with reuse():
        Slow().fit(*data)
    store = clew.open()
    freed = store.gc(dry_run=False, budget_bytes=0, grace_s=0.0)
    assert freed.freed_bytes > 0
    for misses in (1, 0):  # computed once more, then found again
        with reuse() as r:
            Slow().fit(*data)
        assert r.stats.misses == misses


def test_the_budget_of_the_store_holds(data) -> None:
    runtime = current()
    runtime.materialiser.budget_bytes = 0
    for _ in range(2):
        with reuse() as r:
            Slow().fit(*data)
        assert r.stats.misses == 1
    assert len(runtime.store.history(f"{Slow.__module__}:Slow.fit", 5)) == 1


def test_a_store_without_trust_gives_and_takes_no_pickles(data, tmp_path: Path) -> None:
    with reuse():
        Slow().fit(*data)
    runtime = current()
    runtime.vault.codecs.trusted = False
    with reuse() as r:
        Slow().fit(*data)
        Slow(1.0).fit(*data)
    assert r.stats.misses == 2
    runtime.vault.codecs.trusted = True
    with reuse() as r:
        Slow(1.0).fit(*data)
    assert r.stats.misses == 1


def test_an_edited_class_is_another_call(data, monkeypatch) -> None:
    with reuse():
        Slow().fit(*data)

    def fit(self: Any, X: Any, y: Any) -> Any:
        self.mean_ = np.mean(X, axis=0) + 100
        return self

    monkeypatch.setattr(Slow, "fit", fit)
    with reuse():
        assert Slow().fit(*data).mean_.tobytes() == (np.mean(data[0], axis=0) + 100).tobytes()


def test_calls_of_a_script_are_explained(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = Path("train.py")
    script.write_text(
        "import numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "X = np.arange(400.0).reshape(200, 2)\n"
        "Ridge().fit(X, X[:, 0])\n"
        "Ridge().fit(X, X[:, 0])\n"
        "Ridge(alpha=2.0).fit(X, X[:, 0])\n"
    )
    done = CliRunner().invoke(main, ["run", "--reuse", str(script)])
    assert done.exit_code == 0, done.output
    store = clew.open()
    run = store.run()
    assert (run.flow, run.status) == ("train.py:__main__", "finished")
    uses = {use.label: use for use in store.uses()}
    assert uses["Ridge.fit"].reason.text.endswith("then reused 1 times")
    (why,) = store.why("last", "Ridge.fit[2]")
    assert "Ridge(alpha=1.0" in why.text()
    assert "Ridge(alpha=2.0" in why.text()
    assert FIT in store.lineage("last").operations()
    again = CliRunner().invoke(main, ["run", "--reuse", str(script)])
    assert again.exit_code == 0
    assert {use.decision for use in store.uses()} <= {"reused", "computed"}


def test_a_script_that_fails_is_recorded_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text("raise ValueError('no')\n")
    done = CliRunner().invoke(main, ["run", "--reuse", "broken.py"])
    assert done.exit_code != 0
    run = clew.open().run()
    assert (run.status, run.error) == ("failed", "ValueError: no")


def test_drafts_that_nobody_needs_are_forgotten(data, monkeypatch) -> None:
    monkeypatch.setattr(graphs, "NODE_S", 1e9)
    monkeypatch.setattr(graphs, "_DRAFTS", 3)
    with reuse() as r:
        for shift in range(10):
            StandardScaler().fit(data[0] + shift)
    graph = r._made().graph
    assert graph is not None
    assert len(graph._drafts) == 3
    assert len(graph._makers) <= 8
    assert not current().store.history("sklearn.preprocessing._data:StandardScaler.fit", 5)


def test_what_is_dear_to_store_is_stored_when_it_is_computed_again(data, monkeypatch) -> None:
    monkeypatch.setattr(graphs, "_SHARE", 0.0)
    monkeypatch.setattr(graphs, "_SHARE_AGAIN", 1e9)
    hits = []
    for _ in range(3):
        with reuse() as context:
            Ridge().fit(*data)
        hits.append(context.stats.hits)
    assert hits == [0, 0, 1]


def test_the_speed_of_storing_is_learnt_within_bounds() -> None:
    graph = graphs.Graph(current())
    before = graph._byte_s
    graph._learn(10, 100.0)
    assert graph._byte_s == before  # too small to tell
    for _ in range(50):
        graph._learn(1 << 21, 100.0)
    assert before < graph._byte_s <= 4 * before
    for _ in range(50):
        graph._learn(1 << 21, 1e-9)
    assert before / 4 <= graph._byte_s < before
