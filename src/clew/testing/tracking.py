"""What every store of tracking must do: experiments, runs, and what runs log.

Subclass the suites in a test module and give the fixture ``tracking``: the ports of a new, empty
store, in one hand (`clew.app.tracking.Tracking` is one).
"""

from __future__ import annotations

import math
from typing import Protocol

import pytest

from clew.entities import Dataset, DatasetInput, Metric, ModelLink
from clew.errors import AlreadyExists, InvalidParameter, InvalidState, NotFound, WrongType
from clew.registry.ports import Aliases, RegisteredModels, Removals, Versions
from clew.track.ports import (
    Artifacts,
    Audit,
    Datasets,
    Experiments,
    Histories,
    LoggedModels,
    Logging,
    Runs,
    Search,
    Traces,
    Trash,
)


class Ports(Protocol):
    """All ports of one store."""

    experiments: Experiments
    runs: Runs
    logging: Logging
    histories: Histories
    search: Search
    datasets: Datasets
    models: LoggedModels
    artifacts: Artifacts
    traces: Traces
    trash: Trash
    audit: Audit
    registered: RegisteredModels
    versions: Versions
    aliases: Aliases
    removals: Removals


class ExperimentsSuite:
    """Tests of `Experiments`; the subclass provides ``tracking``."""

    def test_the_default_experiment_is_there(self, tracking: Ports) -> None:
        """With the id 0."""
        assert tracking.experiments.get("0").name == "Default"

    def test_an_experiment_comes_back(self, tracking: Ports) -> None:
        """By id and by name, with its tags."""
        made = tracking.experiments.create("adult", tags={"team": "Σ"})
        assert tracking.experiments.get(made.id) == made
        assert tracking.experiments.by_name("adult") == made
        assert tracking.experiments.by_name("Adult") is None
        assert made.tags == {"team": "Σ"}

    def test_a_time_of_making_is_kept(self, tracking: Ports) -> None:
        """Of what was made elsewhere, before it came here."""
        made = tracking.experiments.create("adult", created_ms=5)
        assert tracking.experiments.get(made.id).created_ms == made.created_ms == 5

    def test_names_are_taken_once(self, tracking: Ports) -> None:
        """By deleted experiments, too."""
        made = tracking.experiments.create("adult")
        tracking.experiments.delete(made.id)
        for name in ("adult", "Default"):
            with pytest.raises(AlreadyExists, match="already exists"):
                tracking.experiments.create(name)
        other = tracking.experiments.create("other")
        with pytest.raises(AlreadyExists):
            tracking.experiments.rename(other.id, "adult")

    def test_an_id_can_be_kept(self, tracking: Ports) -> None:
        """And is taken once; later ids do not meet it."""
        assert tracking.experiments.create("a", id="77").id == "77"
        with pytest.raises(AlreadyExists):
            tracking.experiments.create("b", id="77")
        assert tracking.experiments.create("b").id not in ("77", "0")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 501, "nul\0", "\ud800"])
    def test_bad_names_are_refused(self, tracking: Ports, name: str) -> None:
        """Nothing is made."""
        with pytest.raises((InvalidParameter, WrongType)):
            tracking.experiments.create(name)

    @pytest.mark.parametrize("id", ["", "x", "1.5", "9" * 30, "1; DROP TABLE run"])
    def test_bad_ids_are_refused(self, tracking: Ports, id: str) -> None:
        """An id is a number."""
        with pytest.raises(InvalidParameter, match="Invalid experiment ID"):
            tracking.experiments.get(id)

    def test_unknown_ids_are_not_found(self, tracking: Ports) -> None:
        """In MLflow's words."""
        with pytest.raises(NotFound) as caught:
            tracking.experiments.get("999")
        assert caught.value.message == "No Experiment with id=999 exists"
        with pytest.raises(NotFound, match="No Experiment with id=-1337 exists"):
            tracking.experiments.get("-1337")
        with pytest.raises(InvalidParameter, match="must not be negative"):
            tracking.experiments.create("below", id="-1")

    def test_deleting_takes_the_runs_along(self, tracking: Ports) -> None:
        """And restoring brings them back; each only once."""
        made = tracking.experiments.create("adult")
        run = tracking.runs.create(made.id)
        tracking.experiments.delete(made.id)
        assert tracking.experiments.get(made.id).lifecycle == "deleted"
        assert tracking.runs.get(run.id).lifecycle == "deleted"
        with pytest.raises(NotFound):
            tracking.experiments.delete(made.id)
        tracking.experiments.restore(made.id)
        assert tracking.runs.get(run.id).lifecycle == "active"
        with pytest.raises(NotFound):
            tracking.experiments.restore(made.id)

    def test_a_deleted_experiment_takes_nothing(self, tracking: Ports) -> None:
        """No run, no tag, no name."""
        made = tracking.experiments.create("adult")
        tracking.experiments.delete(made.id)
        with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
            tracking.runs.create(made.id)
        with pytest.raises(InvalidParameter):
            tracking.experiments.set_tag(made.id, "a", "b")
        with pytest.raises(InvalidState):
            tracking.experiments.rename(made.id, "new")

    def test_tags_are_set_and_removed(self, tracking: Ports) -> None:
        """A tag that is not there cannot be removed."""
        tracking.experiments.set_tag("0", "a", "1")
        tracking.experiments.set_tag("0", "a", "2")
        assert tracking.experiments.get("0").tags == {"a": "2"}
        tracking.experiments.delete_tag("0", "a")
        with pytest.raises(NotFound, match="No tag with name: a"):
            tracking.experiments.delete_tag("0", "a")


class RunsSuite:
    """Tests of `Runs`; the subclass provides ``tracking``."""

    def test_a_run_comes_back(self, tracking: Ports) -> None:
        """With its name as a tag."""
        made = tracking.runs.create("0", name="first", user="ada", started_ms=5, tags={"k": "v"})
        assert tracking.runs.get(made.id) == made
        assert made.tags == {"k": "v", "mlflow.runName": "first"}
        assert (made.status, made.started_ms, made.user) == ("running", 5, "ada")

    def test_a_name_is_made_up(self, tracking: Ports) -> None:
        """Where none is given."""
        made = tracking.runs.create("0")
        assert made.name
        assert made.tags["mlflow.runName"] == made.name
        assert tracking.runs.create("0", tags={"mlflow.runName": "mine"}).name == "mine"
        with pytest.raises(InvalidParameter, match="different values"):
            tracking.runs.create("0", name="a", tags={"mlflow.runName": "b"})

    def test_ids_sort_by_time_and_can_be_kept(self, tracking: Ports) -> None:
        """An id is taken once."""
        first, second = tracking.runs.create("0").id, tracking.runs.create("0").id
        assert first < second
        kept = "0123456789abcdef" * 2
        assert tracking.runs.create("0", id=kept).id == kept
        with pytest.raises(AlreadyExists):
            tracking.runs.create("0", id=kept)
        with pytest.raises(InvalidParameter):
            tracking.runs.create("0", id="../etc")

    def test_a_run_ends_and_goes_on(self, tracking: Ports) -> None:
        """What is not given stays."""
        made = tracking.runs.create("0", name="a")
        ended = tracking.runs.update(made.id, status="failed", ended_ms=9, error="no")
        assert (ended.status, ended.ended_ms, ended.error, ended.name) == ("failed", 9, "no", "a")
        renamed = tracking.runs.update(made.id, name="b")
        assert (renamed.name, renamed.tags["mlflow.runName"]) == ("b", "b")
        assert renamed.status == "failed"
        assert tracking.runs.update(made.id, status="running").ended_ms is None
        with pytest.raises(InvalidParameter):
            tracking.runs.update(made.id, status="sleeping")  # type: ignore[arg-type]

    def test_deleted_runs_are_read_only(self, tracking: Ports) -> None:
        """Until they are restored."""
        made = tracking.runs.create("0")
        tracking.runs.delete(made.id)
        tracking.runs.delete(made.id)
        assert tracking.runs.get(made.id).lifecycle == "deleted"
        with pytest.raises(InvalidParameter) as caught:
            tracking.runs.update(made.id, status="finished")
        assert caught.value.message == (
            f"The run {made.id} must be in the 'active' state. Current state is deleted."
        )
        with pytest.raises(InvalidParameter):
            tracking.logging.log(made.id, metrics=[Metric("a", 1.0)])
        tracking.runs.restore(made.id)
        tracking.logging.log(made.id, metrics=[Metric("a", 1.0)])

    def test_unknown_runs_are_not_found(self, tracking: Ports) -> None:
        """In MLflow's words."""
        for call in (tracking.runs.get, tracking.runs.delete, tracking.runs.restore):
            with pytest.raises(NotFound) as caught:
                call("nothere")
            assert caught.value.message == "Run with id=nothere not found"
        with pytest.raises(NotFound):
            tracking.runs.create("12345")

    def test_purged_runs_are_gone(self, tracking: Ports) -> None:
        """Only deleted ones; all of them, or none."""
        kept, gone = tracking.runs.create("0"), tracking.runs.create("0")
        tracking.logging.log(gone.id, metrics=[Metric("a", 1.0)], params={"p": "1"})
        tracking.runs.delete(gone.id)
        assert tracking.trash.runs() == (gone.id,)
        assert tracking.trash.runs(until_ms=0) == ()
        with pytest.raises(InvalidState):
            tracking.trash.purge_runs([gone.id, kept.id])
        assert tracking.trash.purge_runs([gone.id]) == 1
        with pytest.raises(NotFound):
            tracking.runs.get(gone.id)
        again = tracking.runs.create("0")
        assert tracking.runs.get(again.id).metrics == {}
        assert tracking.audit.events(subject=f"run:{gone.id}").items[0].action == "run.purge"


class LoggingSuite:
    """Tests of `Logging` and `Histories`; the subclass provides ``tracking``."""

    def test_what_was_logged_comes_back(self, tracking: Ports) -> None:
        """In one transaction or several."""
        run = tracking.runs.create("0", name="n").id
        tracking.logging.log(
            run, metrics=[Metric("a", 1.0, 3)], params={"p": "1"}, tags=[("t", "x"), ("t", "y")]
        )
        tracking.logging.log(run, params=[("q", "")], tags={"mlflow.runName": "m"})
        found = tracking.runs.get(run)
        assert found.metrics == {"a": Metric("a", 1.0, 3)}
        assert found.params == {"p": "1", "q": ""}
        assert found.tags == {"t": "y", "mlflow.runName": "m"}
        assert found.name == "m"

    def test_the_latest_point_counts(self, tracking: Ports) -> None:
        """Step before time before value; NaN is the lowest."""
        run = tracking.runs.create("0").id
        points = [(1.0, 9, 1), (2.0, 1, 2), (math.nan, 2, 2), (3.0, 2, 2), (2.5, 2, 2)]
        for value, time_ms, step in points:
            tracking.logging.log(run, metrics=[Metric("one", value, time_ms, step)])
        batch = [Metric("all", value, time_ms, step) for value, time_ms, step in points]
        tracking.logging.log(run, metrics=batch)
        found = tracking.runs.get(run).metrics
        assert found["one"] == Metric("one", 3.0, 2, 2)
        assert found["all"] == Metric("all", 3.0, 2, 2)

    def test_every_double_is_kept(self, tracking: Ports) -> None:
        """Bit for bit; whole numbers become doubles."""
        run = tracking.runs.create("0").id
        values = [math.inf, -math.inf, 5e-324, 1e308, 0.1, -0.0, 2**53, math.nan]
        metrics = [Metric("m", value, 0, step) for step, value in enumerate(values)]
        tracking.logging.log(run, metrics=metrics)
        found = [point.value for point in tracking.histories.history(run, "m").items]
        assert list(map(repr, found)) == [repr(float(value)) for value in values]
        assert math.isnan(tracking.runs.get(run).metrics["m"].value)

    def test_a_param_is_fixed(self, tracking: Ports) -> None:
        """The same again is nothing; another value is refused, with all that came with it."""
        run = tracking.runs.create("0").id
        tracking.logging.log(run, params={"p": "1"})
        tracking.logging.log(run, params={"p": "1"})
        with pytest.raises(InvalidParameter) as caught:
            tracking.logging.log(run, params={"p": "2"}, metrics=[Metric("a", 1.0)])
        assert caught.value.message == (
            "Changing param values is not allowed. Param with key='p' was already logged with "
            f"value='1' for run ID='{run}'. Attempted logging new value '2'."
        )
        with pytest.raises(InvalidParameter, match="Duplicate parameter keys"):
            tracking.logging.log(run, params=[("x", "1"), ("x", "1")])
        assert tracking.runs.get(run).params == {"p": "1"}
        assert tracking.runs.get(run).metrics == {}

    @pytest.mark.parametrize(
        "metric",
        [
            Metric("", 1.0),
            Metric("../up", 1.0),
            Metric("/root", 1.0),
            Metric("a\0b", 1.0),
            Metric("a,b", 1.0),
            Metric("x" * 251, 1.0),
            Metric("a", "1"),  # type: ignore[arg-type]
            Metric("a", True),
            Metric("a", None),  # type: ignore[arg-type]
            Metric("a", 10**400),
            Metric("a", 1.0, -1),
            Metric("a", 1.0, 1 << 63),
            Metric("a", 1.0, 0, 1 << 63),
            Metric("a", 1.0, 0, 1.5),  # type: ignore[arg-type]
            Metric(None, 1.0),  # type: ignore[arg-type]
            Metric(7, 1.0),  # type: ignore[arg-type]
        ],
        ids=repr,
    )
    def test_bad_metrics_are_refused(self, tracking: Ports, metric: Metric) -> None:
        """With everything that came with them."""
        run = tracking.runs.create("0").id
        with pytest.raises((InvalidParameter, WrongType)):
            tracking.logging.log(run, metrics=[Metric("good", 1.0), metric])
        assert tracking.runs.get(run).metrics == {}

    def test_batches_have_limits(self, tracking: Ports) -> None:
        """1,000 metrics, 100 params, 100 tags, 1,000 in all; long texts are cut."""
        run = tracking.runs.create("0").id
        metrics = [Metric("a", float(n), n) for n in range(1001)]
        pairs = {f"k{n}": "v" for n in range(101)}
        for logged in ({"metrics": metrics}, {"params": pairs}, {"tags": pairs}):
            with pytest.raises(InvalidParameter, match="can contain at most"):
                tracking.logging.log(run, **logged)
        with pytest.raises(InvalidParameter, match="metrics, params, and tags"):
            tracking.logging.log(run, metrics=metrics[:1000], params={"p": "1"})
        tracking.logging.log(run, params={"p": "x" * 7000}, tags={"t": "x" * 9000})
        found = tracking.runs.get(run)
        assert (len(found.params["p"]), len(found.tags["t"])) == (6000, 8000)

    def test_tags_are_removed(self, tracking: Ports) -> None:
        """Only those that are there."""
        run = tracking.runs.create("0", name="n").id
        tracking.logging.log(run, tags={"t": "x"})
        tracking.logging.delete_tag(run, "t")
        assert tracking.runs.get(run).tags == {"mlflow.runName": "n"}
        with pytest.raises(NotFound, match="No tag with name: t in run with id"):
            tracking.logging.delete_tag(run, "t")

    def test_datasets_and_models_are_linked(self, tracking: Ports) -> None:
        """Twice is once; equal digests meet in one content."""
        run = tracking.runs.create("0").id
        read = DatasetInput(
            Dataset(name="adult", digest="ab12", source="{}", schema="[]", profile="{}"),
            {"mlflow.data.context": "training"},
        )
        for _ in range(2):
            tracking.logging.log_inputs(run, datasets=[read], models=[ModelLink("m-1")])
            tracking.logging.log_outputs(run, [ModelLink("m-2", 3)])
        found = tracking.runs.get(run)
        assert [(one.dataset.name, one.tags) for one in found.datasets] == [("adult", read.tags)]
        assert found.datasets[0].dataset.content
        assert (found.model_inputs, found.model_outputs) == (
            (ModelLink("m-1"),),
            (ModelLink("m-2", 3),),
        )
        kept = tracking.datasets.get("0", "adult", "ab12")
        assert kept == found.datasets[0].dataset
        assert tracking.datasets.versions("adult") == tracking.datasets.versions() == (kept,)
        assert tracking.datasets.readers("adult", "ab12") == (run,)
        with pytest.raises(NotFound):
            tracking.datasets.get("0", "adult", "none")
        with pytest.raises(InvalidParameter, match="exceeds the maximum length"):
            tracking.logging.log_inputs(
                run, datasets=[DatasetInput(Dataset(name="a", digest="x" * 37))]
            )

    def test_a_history_is_paged(self, tracking: Ports) -> None:
        """By time, step, value; the same point twice is one."""
        run = tracking.runs.create("0").id
        points = [Metric("a", float(n % 3), n // 4, n % 2) for n in range(20)] * 2
        tracking.logging.log(run, metrics=points)
        whole = tracking.histories.history(run, "a").items
        expected = sorted({(p.time_ms, p.step, p.value) for p in points})
        assert [(p.time_ms, p.step, p.value) for p in whole] == expected
        paged: list[Metric] = []
        token = None
        while True:
            page = tracking.histories.history(run, "a", limit=7, page_token=token)
            paged += page.items
            token = page.next
            if token is None:
                break
        assert tuple(paged) == whole
        assert tracking.histories.history(run, "unknown").items == ()
        with pytest.raises(InvalidParameter):
            tracking.histories.history(run, "a", page_token="no token")

    def test_charts_get_evenly_spread_points(self, tracking: Ports) -> None:
        """The first and the last among them, within a range of steps if asked."""
        run, other = tracking.runs.create("0").id, tracking.runs.create("0").id
        tracking.logging.log(run, metrics=[Metric("a", float(n), n, n) for n in range(1000)])
        tracking.logging.log(other, metrics=[Metric("a", 1.0, 5, 5)])
        found = tracking.histories.sampled([run, other, "nobody"], "a", limit=10)
        steps = [point.step for point in found[run]]
        assert (len(steps), steps[0], steps[-1]) == (10, 0, 999)
        assert steps == sorted(steps)
        assert (found[other], found["nobody"]) == ((Metric("a", 1.0, 5, 5),), ())
        some = tracking.histories.sampled([run], "a", steps=(10, 12))[run]
        assert [point.step for point in some] == [10, 11, 12]
        assert [p.step for p in tracking.histories.sampled([run], "a", limit=1)[run]] == [999]
