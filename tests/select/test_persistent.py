"""Studies in the store of this place: shared by processes, listed and shown."""

import copy
import json
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from click.testing import CliRunner
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.lineage.canonical import Digest
from clew.select.persistent import WORK, RuntimeStudies
from clew.select.store import MemoryStore

SCRIPT = """
import numpy as np, clew
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 4)); y = (X[:, 0] > 0).astype(int)
search = clew.Search(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(X, y)
print(search.account_.fits, search.study_id_, search.cv_results_["mean_test_score"].tolist())
"""


def run(script=SCRIPT):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    fits, study, scores = done.stdout.split(" ", 2)
    return int(fits), study, scores


def test_another_process_fits_nothing_again():
    first, second = run(), run()
    assert (first[0], second[0]) == (9, 0)
    assert first[1:] == second[1:]


def test_a_study_is_listed_and_shown():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    search = clew.Search(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3).fit(X, y)
    listed = json.loads(CliRunner().invoke(main, ["study", "list", "--json"]).output)
    assert [row["study"] for row in listed] == [search.study_id_]
    shown = json.loads(CliRunner().invoke(main, ["study", "show", "--json"]).output)
    assert shown["results"]["mean_test_score"] == list(search.cv_results_["mean_test_score"])
    plain = CliRunner().invoke(main, ["study", "show", search.study_id_[:8]]).output
    assert "rank" in plain


def test_a_study_is_shown_with_all_that_decided_it():
    X = np.arange(40.0).reshape(20, 2)
    y = np.tile([0, 1], 10)
    space = {"C": [0.5, 2.0]}
    search = clew.Search(LogisticRegression(), space, cv=2, scoring=["accuracy", "f1"], refit="f1")
    search.fit(X, y)
    shown = CliRunner().invoke(main, ["study", "show", search.study_id_]).output
    assert "estimator: LogisticRegression" in shown and "best: C=" in shown
    assert all(f"  {name}: " in shown for name in ("X", "y", "space", "cv"))
    assert "accuracy\tf1\tC" in shown
    data = json.loads(CliRunner().invoke(main, ["study", "show", "--json"]).output)
    assert data["results"]["best_params"] == search.best_params_
    assert "LogisticRegression" in data["inputs"]["estimator"]


OVERLAPPING = SCRIPT.replace("[0.1, 1.0, 10.0]", "[1.0, 10.0, 100.0, 1000.0]")


def test_an_overlapping_grid_of_another_process_computes_only_what_is_new():
    assert run()[0] == 9
    fits, _, scores = run(OVERLAPPING)
    assert fits == 6
    alone, _, expected = run(OVERLAPPING.replace("cv=3", "cv=3, store=None"))
    assert alone == 12 and scores == expected


PROPOSED = (
    SCRIPT.replace("[0.1, 1.0, 10.0]", "[1e-6]")
    .replace("cv=3", "cv=3, start_from_best=True")
    .replace("print(", "print(search.proposal_.parameters['C'], ")
)


@pytest.mark.slow
def test_a_search_may_start_from_the_best_that_another_found():
    _, study, scores = run()
    best = max(json.loads(scores))
    done = subprocess.run(
        [sys.executable, "-c", PROPOSED], capture_output=True, text=True, check=True
    )
    value, fits, later, found = done.stdout.split(" ", 3)
    assert float(value) in (0.1, 1.0, 10.0)
    assert int(fits) == 3  # the proposed one is known
    assert json.loads(found)[0] == best and len(json.loads(found)) == 2
    store = clew.open()
    edges = {edge.name: edge.value for edge in store.node(later).inputs}
    assert edges["proposal"] == store.node(study).output("result")
    assert study[:8] in CliRunner().invoke(main, ["lineage", later]).output


def test_no_proposal_without_an_earlier_study_of_the_same_rows():
    X = np.arange(40.0).reshape(20, 2)
    y = np.tile([0, 1], 10)
    options = {"cv": 2, "start_from_best": True}
    first = clew.Search(LogisticRegression(), {"C": [1.0]}, **options).fit(X, y)
    assert first.proposal_ is None
    other = clew.Search(LogisticRegression(), {"C": [2.0]}, **options).fit(X + 1, y)
    assert other.proposal_ is None
    again = clew.Search(LogisticRegression(), {"C": [2.0]}, **options).fit(X, y)
    assert again.proposal_.parameters == {"C": 1.0}
    assert again.cv_results_["params"][0] == {"C": 1.0}


SLOW = """
import os, sys, time
import numpy as np, clew
from sklearn.linear_model import LogisticRegression

def wait(progress):
    if progress.done == 4 and not os.path.exists(sys.argv[1]):
        print("ready", flush=True)
        time.sleep(60)

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 4)); y = (X[:, 0] > 0).astype(int)
space = {"C": [0.1, 1.0, 3.0]}
search = clew.Search(LogisticRegression(), space, cv=2, progress=wait).fit(X, y)
print(search.interrupted_, search.account_.fits, search.best_params_["C"], flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_gives_the_best_so_far_and_the_study_resumes(tmp_path):
    script, marker = tmp_path / "slow.py", tmp_path / "quick"
    script.write_text(SLOW)
    command = [sys.executable, "-W", "ignore", str(script), str(marker)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate()
    assert running.returncode == 0
    interrupted, fits, best = rest.split()
    assert interrupted == "True" and int(fits) == 4 and float(best) in (0.1, 1.0, 3.0)
    marker.touch()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    interrupted, fits, _ = done.stdout.split()
    assert interrupted == "False" and int(fits) == 2  # four of six tasks are known


class Stopped(LogisticRegression):
    """Somebody presses Ctrl-C while the last configuration is fitted."""

    def fit(self, X, y):
        if self.C == 3.0:
            raise KeyboardInterrupt
        return super().fit(X, y)


def test_ctrl_c_keeps_what_workers_have_finished():
    X = np.arange(40.0).reshape(20, 2)
    y = np.tile([0, 1], 10)
    search = clew.Search(Stopped(random_state=0), {"C": [1.0, 2.0, 3.0]}, cv=2, n_jobs=2)
    with parallel_config("threading"), pytest.warns(UserWarning, match="interrupted"):
        search.fit(X, y)
    assert search.interrupted_ and search.best_params_["C"] in (1.0, 2.0)


def test_a_store_of_its_own_records_no_study():
    X = np.arange(40.0).reshape(20, 2)
    y = np.tile([0, 1], 10)
    search = clew.Search(LogisticRegression(), {"C": [1.0]}, cv=2, store=MemoryStore())
    assert search.fit(X, y).study_id_ is None


def test_an_empty_list_says_what_to_do():
    assert "clew.Search" in CliRunner().invoke(main, ["study", "list"]).output
    assert CliRunner().invoke(main, ["study", "show"]).exit_code == 1


def pieces(store, count):
    keys = [bytes([number]) * 20 for number in range(count)]
    for number, key in enumerate(keys):
        store.put(key, {"test": float(number), "train": None})
    return keys


def test_small_pieces_are_written_together():
    runtime = clew.open().runtime
    store = RuntimeStudies(runtime)
    keys = pieces(store, 50)
    store.put(b"a" * 20, LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    store.flush()
    nodes = runtime.store.history(WORK, 100)
    assert sorted(len(node.inputs) for node in nodes) == [1, 50]
    opened_anew = RuntimeStudies(clew.open().runtime)
    found = [opened_anew.get(key) for key in keys]
    assert found == [{"test": float(number), "train": None} for number in range(50)]
    assert opened_anew.get(b"a" * 20).coef_.shape == (1, 1)
    assert opened_anew.get(b"z" * 20) is None


def test_a_piece_that_no_format_can_hold_harms_no_other():
    store = RuntimeStudies(clew.open().runtime)
    keys = pieces(store, 3)
    store.put(b"b" * 20, {"test": threading.main_thread().__class__})
    store.put(b"c" * 20, {"test": lambda: None, "odd": iter("")})
    store.flush()
    opened_anew = RuntimeStudies(clew.open().runtime)
    assert [opened_anew.get(key)["test"] for key in keys] == [0.0, 1.0, 2.0]


def test_another_environment_has_its_own_work():
    runtime = clew.open().runtime
    store = RuntimeStudies(runtime)
    (key,) = pieces(store, 1)
    store.flush()
    elsewhere = copy.copy(runtime)
    elsewhere.environment = (Digest(b"e" * 20), {})
    assert RuntimeStudies(elsewhere).get(key) is None
    assert RuntimeStudies(runtime).get(key) is not None


def test_what_is_quick_to_make_stays_in_memory():
    store = RuntimeStudies(clew.open().runtime)
    store.put(b"q" * 20, {"answers": np.zeros(3)}, cost_s=1e-3)
    store.put(b"d" * 20, {"answers": np.zeros(3)}, cost_s=10.0)
    store.flush()
    opened_anew = RuntimeStudies(clew.open().runtime)
    assert store.get(b"q" * 20) is not None and opened_anew.get(b"q" * 20) is None
    assert opened_anew.get(b"d" * 20) is not None


def test_a_study_that_was_collected_is_computed_again():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)

    def search():
        store = RuntimeStudies(clew.open().runtime)  # as another process sees it
        options = {"cv": 3, "store": store, "start_from_best": True}
        return clew.Search(LogisticRegression(), {"C": [0.1, 1.0]}, **options).fit(X, y)

    first, warm = search(), search()
    assert (first.account_.fits, warm.account_.fits) == (6, 0)
    run = CliRunner()
    gone = run.invoke(main, ["gc", "--older-than", "0s", "--grace", "0s", "--yes"])
    assert gone.exit_code == 0, gone.output
    shown = run.invoke(main, ["study", "show", first.study_id_])
    assert shown.exit_code != 0 and "Traceback" not in shown.output
    again, later = search(), search()
    assert (again.account_.fits, later.account_.fits) == (6, 0)
    for found in (warm, again, later):
        for name in ("mean_test_score", "rank_test_score"):
            assert np.array_equal(found.cv_results_[name], first.cv_results_[name])
    assert run.invoke(main, ["study", "show", again.study_id_]).exit_code == 0
