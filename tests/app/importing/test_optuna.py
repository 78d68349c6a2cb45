"""Optuna's storages: every trial comes in as it is there, once."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clew.app.importing.optuna import import_optuna
from clew.app.tracking import Tracking
from clew.cli.main import main
from clew.errors import InvalidParameter, NotFound

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    trial.suggest_int("n", 1, 4)
    trial.set_user_attr("why", {"kind": kind})
    for step in range(3):
        trial.report(x + step, step)
    if trial.number == 2:
        raise optuna.TrialPruned
    if trial.number == 3:
        raise RuntimeError("broken")
    return float("inf") if trial.number == 4 else x**2


def studied(storage: Any, name: str = "parabola", trials: int = 8) -> Any:
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(
        storage=storage, study_name=name, sampler=sampler, load_if_exists=True
    )
    study.optimize(objective, n_trials=trials, catch=(RuntimeError,))
    return study


def runs_of(tracking: Tracking, name: str) -> dict[int, Any]:
    experiment = tracking.experiments.by_name(name)
    assert experiment is not None
    found = tracking.search.runs([experiment.id], limit=1000).items
    return {int(run.tags["optuna.number"]): run for run in found}


def test_a_database_comes_in_trial_by_trial(tracking: Tracking, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = studied(url)
    report = import_optuna(tracking, url)
    assert (report.new["experiments"], report.new["runs"], report.verified) == (1, 8, 8)
    runs = runs_of(tracking, "parabola")
    assert len(runs) == 8
    for trial in study.get_trials():
        run = runs[trial.number]
        assert float(run.params["x"]) == trial.params["x"]
        assert run.params["kind"] == (trial.params["kind"] or "null")
        assert json.loads(run.tags["optuna.user.why"]) == {"kind": trial.params["kind"]}
        steps = tracking.histories.history(run.id, "intermediate").items
        assert [(p.step, p.value) for p in steps] == sorted(trial.intermediate_values.items())
        if trial.state.name == "COMPLETE":
            assert run.status == "finished"
            assert run.metrics["value"].value == trial.value
        else:
            assert "value" not in run.metrics
    assert (runs[2].status, runs[3].status) == ("killed", "failed")
    assert math.isinf(runs[4].metrics["value"].value)


def test_what_is_new_comes_in_and_nothing_twice(tracking: Tracking, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    url = f"sqlite:///{path}"
    study = studied(url, trials=3)
    waiting = study.ask()
    waiting.report(1.0, 0)
    first = import_optuna(tracking, str(path))
    assert first.new["runs"] == 4
    assert runs_of(tracking, "parabola")[3].status == "running"
    waiting.suggest_float("late", 0, 1)
    waiting.report(2.0, 1)
    study.tell(waiting, 7.0)
    study.optimize(objective, n_trials=2, catch=(RuntimeError,))
    again = import_optuna(tracking, str(path))
    assert (again.new["runs"], again.known["runs"]) == (2, 4)
    run = runs_of(tracking, "parabola")[3]
    assert (run.status, run.metrics["value"].value) == ("finished", 7.0)
    assert "late" in run.params
    points = tracking.histories.history(run.id, "intermediate").items
    assert [(p.step, p.value) for p in points] == [(0, 1.0), (1, 2.0)]


def test_journals_and_several_aims(tracking: Tracking, tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(
        storage=storage, study_name="both", directions=["minimize", "maximize"]
    )
    study.optimize(lambda t: (t.suggest_float("x", 0, 1), 2.0), n_trials=3)
    studied(storage, "other", trials=2)
    with pytest.raises(InvalidParameter, match="several studies"):
        import_optuna(tracking, str(path), experiment="one")
    report = import_optuna(tracking, str(path), study="both", experiment="two aims")
    assert report.new["runs"] == 3
    run = runs_of(tracking, "two aims")[0]
    assert set(run.metrics) == {"value_0", "value_1"}
    experiment = tracking.experiments.by_name("two aims")
    assert experiment is not None
    assert experiment.tags["optuna.directions"] == "minimize,maximize"


def test_what_is_no_storage_is_told(tracking: Tracking, tmp_path: Path) -> None:
    for missing in (str(tmp_path / "no.db"), f"sqlite:///{tmp_path / 'no.db'}"):
        with pytest.raises(NotFound, match="no such storage"):
            import_optuna(tracking, missing)
    assert not list(tmp_path.iterdir())
    strange = tmp_path / "x.txt"
    strange.write_text("no journal\n")
    with pytest.raises(NotFound, match="no study in this storage"):
        import_optuna(tracking, str(strange))
    strange.write_bytes(b"SQLite format 3\0" + bytes(200))
    with pytest.raises(InvalidParameter, match="no storage of Optuna"):
        import_optuna(tracking, str(strange))
    url = f"sqlite:///{tmp_path / 'study.db'}"
    studied(url, trials=1)
    with pytest.raises(NotFound, match="no such study"):
        import_optuna(tracking, url, study="other")


def test_on_the_command_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    studied(url, trials=2)
    done = CliRunner().invoke(main, ["import", "optuna", url, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["new"] == {"experiments": 1, "runs": 2}
