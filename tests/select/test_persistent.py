"""Studies in the store of this place: shared by processes, listed and shown."""

import json
import subprocess
import sys

import numpy as np
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.select.store import MemoryStore

SCRIPT = """
import numpy as np, clew
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 4)); y = (X[:, 0] > 0).astype(int)
search = clew.Search(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(X, y)
print(search.account_.fits, search.study_id_, list(search.cv_results_["mean_test_score"]))
"""


def run():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
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


def test_a_store_of_its_own_records_no_study():
    X = np.arange(40.0).reshape(20, 2)
    y = np.tile([0, 1], 10)
    search = clew.Search(LogisticRegression(), {"C": [1.0]}, cv=2, store=MemoryStore())
    assert search.fit(X, y).study_id_ is None


def test_an_empty_list_says_what_to_do():
    assert "clew.Search" in CliRunner().invoke(main, ["study", "list"]).output
    assert CliRunner().invoke(main, ["study", "show"]).exit_code == 1
