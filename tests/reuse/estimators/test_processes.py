"""Results in files: shared by worker processes, and by runs that come later."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from clew.errors import InvalidParameter, UnsafeLoad
from clew.reuse.context import reuse, run_script
from clew.reuse.estimators.packed import dump, load, pack
from clew.reuse.estimators.results import Output, Result

SCRIPT = """
import sys
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
import time

class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        time.sleep(0.05)
        self.n_ = X.shape[1]
        return self
    def transform(self, X):
        return 2 * X

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = X.sum(axis=1)
    pipe = make_pipeline(Doubled(), PolynomialFeatures(2), Ridge())
    search = GridSearchCV(pipe, {"ridge__alpha": [0.1, 1.0, 10.0]}, cv=3, n_jobs=int(sys.argv[1]))
    search.fit(X, y)
    print(search.cv_results_["mean_test_score"].tobytes().hex())
"""

RUN = """
import sys
from clew.reuse.context import reuse, run_script
if len(sys.argv) == 4:
    context = run_script(sys.argv[1], sys.argv[2:3])
    print(context.context.stats.hits)
else:
    sys.argv = sys.argv[1:]
    import runpy
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def python(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    return done.stdout.split()


def test_a_script_runs_unchanged(tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(SCRIPT)
    (plain,) = python(str(script), "1")
    found, hits = python(str(script), "1", "reuse")
    assert found == plain
    assert int(hits) > 0


@pytest.mark.slow
def test_classes_of_the_script_reach_worker_processes(tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(SCRIPT)
    (plain,) = python(str(script), "2")
    found, _ = python(str(script), "2", "reuse")
    assert found == plain


def test_a_script_sees_its_own_arguments_and_place(tmp_path: Path, capsys) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'found'")
    script = tmp_path / "main.py"
    script.write_text("import sys, beside; print(__name__, sys.argv[1:], beside.NAME)")
    before = list(sys.argv), list(sys.path)
    run_script(script, ["a", "b"])
    assert capsys.readouterr().out == "__main__ ['a', 'b'] found\n"
    assert (sys.argv, sys.path) == before


def slow_pipeline() -> GridSearchCV:
    steps = (StandardScaler(), PolynomialFeatures(3), PCA(5, svd_solver="full"), Ridge())
    return GridSearchCV(make_pipeline(*steps), {"ridge__alpha": [0.1, 1.0, 10.0]}, cv=3)


def test_a_later_context_finds_what_an_earlier_one_stored(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 8))
    y = X.sum(axis=1)
    plain = slow_pipeline().fit(X, y)
    for expected in (False, True):
        with reuse(store=tmp_path / "kept") as r:
            found = slow_pipeline().fit(X, y)
        assert (
            found.best_estimator_.predict(X).tobytes() == plain.best_estimator_.predict(X).tobytes()
        )
        names = [name for name in plain.cv_results_ if name.startswith("split")]
        assert all((plain.cv_results_[n] == found.cv_results_[n]).all() for n in names)
        assert ("GridSearchCV.fit: 1 reused" in r.explain()) == expected


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4)[:, 1:3],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(9.0)[::3],
    ],
    ids=["columns", "fortran", "strided"],
)
def test_the_layout_of_arrays_survives(array: np.ndarray) -> None:
    read_only = array.copy()
    read_only.flags.writeable = False
    content = dump(Result(Output("private", [array, read_only])), 5.0)
    assert content is not None
    found, locked = load(pack({b"k": content}).part(b"k"))[0].output.value
    assert found.strides == array.strides
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable
    assert not locked.flags.writeable


def test_a_folder_that_others_can_write_into_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(UnsafeLoad, match="somebody else"), reuse(store=folder):
        pass


def test_nonsense_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        reuse(budget_bytes=-1)
    with pytest.raises(InvalidParameter):
        reuse(seed=1.5)  # type: ignore[arg-type]


@pytest.mark.slow
def test_worker_processes_share_what_they_computed() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 9))
    y = (X.sum(axis=1) > 0).astype(int)
    grid = [
        {"model": [LogisticRegression()], "model__C": [0.1, 1.0, 10.0]},
        {"model": [KNeighborsClassifier()], "model__n_neighbors": [1, 5]},
    ]
    steps = [("p", PolynomialFeatures(3)), ("s", StandardScaler()), ("model", Ridge())]
    from sklearn.pipeline import Pipeline

    search = GridSearchCV(Pipeline(steps), grid, cv=3)
    plain = clone(search).fit(X, y)
    with reuse() as r:
        found = clone(search).set_params(n_jobs=2).fit(X, y)
    for name, values in plain.cv_results_.items():
        if name.startswith("split"):
            assert values.tobytes() == found.cv_results_[name].tobytes()
    assert "PolynomialFeatures.fit_transform: 0 reused" not in r.explain()


def test_the_docstring_example_runs() -> None:
    code = textwrap.dedent(
        """
        import doctest, clew.reuse.context as m, clew.reuse.estimators.statistics as s
        print(doctest.testmod(m).failed + doctest.testmod(s).failed)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "0"
