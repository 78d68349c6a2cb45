"""What every store must find: runs, experiments, logged models.

Subclass `SearchSuite` in a test module and give the fixture ``tracking`` (`clew.testing.tracking`).
The expected answers come from a plain Python reading of the same runs.
"""

from __future__ import annotations

import fnmatch
import math
import operator
import random
from collections.abc import Callable, Sequence

import pytest

from clew.entities import Dataset, DatasetInput, Metric, Run
from clew.entities.filter import Comparison
from clew.errors import InvalidParameter
from clew.testing.tracking import Ports
from clew.track.query import RUNS

_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
    "IN": lambda a, b: a in b,  # type: ignore[operator]
    "NOT IN": lambda a, b: a not in b,  # type: ignore[operator]
    "LIKE": lambda a, b: _like(str(a), str(b)),
    "ILIKE": lambda a, b: _like(str(a).lower(), str(b).lower()),
}


def _like(text: str, pattern: str) -> bool:
    escaped = "".join({"%": "*", "_": "?"}.get(c, f"[{c}]" if c in "*?[" else c) for c in pattern)
    return fnmatch.fnmatchcase(text, escaped)


def matches(run: Run, one: Comparison) -> bool:
    """Tell whether a run meets a condition, by reading the run."""
    logged: object
    if one.kind == "metric":
        logged = run.metrics[one.key].value if one.key in run.metrics else None
    elif one.kind in ("parameter", "tag"):
        logged = (run.params if one.kind == "parameter" else run.tags).get(one.key)
    elif one.kind == "dataset":
        return any(
            _COMPARE[one.op](
                read.tags.get("mlflow.data.context")
                if one.key == "context"
                else getattr(read.dataset, one.key),
                one.value,
            )
            for read in run.datasets
        )
    else:
        attributes = {
            "run_id": run.id,
            "run_name": run.name,
            "user_id": run.user,
            "status": run.status.upper(),
            "start_time": run.started_ms,
            "end_time": run.ended_ms,
        }
        logged = attributes[one.key]
    if one.value is None:
        return (logged is None) is (one.op == "IS NULL")
    return logged is not None and _COMPARE[one.op](logged, one.value)


FILTERS = (
    "metrics.auc > 0.5",
    "metrics.auc != 0.5 and metrics.`log loss` <= 1",
    "metrics.auc >= -1000000",
    "metrics.auc < 1e300",
    "params.depth = '3'",
    'params."depth" != "3"',
    "params.depth IS NULL",
    "params.depth IS NOT NULL AND tags.stage IS NULL",
    "tags.stage LIKE 'Pro%'",
    "tags.stage LIKE '_ro*[d'",
    "tags.stage ILIKE '%ROD%'",
    "attributes.status = 'FINISHED'",
    "status != 'RUNNING' and user_id = 'ada'",
    "run_name LIKE 'r1%'",
    "start_time >= 1010 AND start_time < 1020",
    "end_time > 0",
    "dataset.name = 'adult'",
    "datasets.digest IN ('d1', 'd2')",
    "dataset.context ILIKE 'TRAIN%'",
    "metrics.nowhere > 0",
    "params.nowhere IS NULL",
    "tags.nowhere != 'x'",
)
ORDERS: tuple[Sequence[str], ...] = (
    (),
    ("metrics.auc DESC",),
    ("metrics.auc ASC", "params.depth DESC"),
    ("params.depth", "metrics.auc"),
    ("tags.stage DESC", "start_time"),
    ("attributes.end_time DESC",),
    ("run_id",),
    ("status", "metrics.`log loss` DESC"),
    ("metrics.nowhere",),
)


class SearchSuite:
    """Tests of `Search`; the subclass provides ``tracking``."""

    @pytest.fixture
    def runs(self, tracking: Ports) -> list[Run]:
        """Return runs that every test only reads (see `random_runs`)."""
        return random_runs(tracking)

    @pytest.mark.parametrize("filter", FILTERS)
    def test_a_filter_finds_what_reading_finds(
        self, tracking: Ports, runs: list[Run], filter: str
    ) -> None:
        """The same runs, newest first, each once."""
        conditions = RUNS.parse(filter)
        expected = [run for run in runs if all(matches(run, one) for one in conditions)]
        expected.sort(key=lambda run: (-run.started_ms, run.id))
        found = tracking.search.runs(["0"], filter=filter).items
        assert [run.id for run in found] == [run.id for run in expected]
        assert found == tuple(expected) or "nan" in repr(found)

    @pytest.mark.parametrize("order", ORDERS, ids=str)
    def test_pages_hold_every_run_once_and_in_order(
        self, tracking: Ports, runs: list[Run], order: Sequence[str]
    ) -> None:
        """Whatever the length of a page; what is missing comes last."""
        whole = [run.id for run in tracking.search.runs(["0"], order_by=order).items]
        assert sorted(whole) == sorted(run.id for run in runs)
        for limit in (1, 7, 59, 60):
            paged: list[str] = []
            token = None
            while True:
                page = tracking.search.runs(["0"], order_by=order, limit=limit, page_token=token)
                paged += [run.id for run in page.items]
                token = page.next
                if token is None:
                    break
            assert paged == whole

    @pytest.mark.parametrize("ascending", [True, False])
    def test_metrics_are_ordered_numbers_then_nan_then_missing(
        self, tracking: Ports, runs: list[Run], ascending: bool
    ) -> None:
        """In both directions; ties by start, newest first, then id."""

        def key(run: Run) -> tuple[int, float, int, str]:
            metric = run.metrics.get("auc")
            rank = 2 if metric is None else int(math.isnan(metric.value))
            value = metric.value if metric is not None and rank == 0 else 0.0
            return rank, value if ascending else -value, -run.started_ms, run.id

        clause = f"metrics.auc {'ASC' if ascending else 'DESC'}"
        found = tracking.search.runs(["0"], order_by=[clause]).items
        assert [run.id for run in found] == [run.id for run in sorted(runs, key=key)]

    def test_views_and_experiments_bound_the_search(self, tracking: Ports) -> None:
        """No experiment, nothing; deleted runs only where they are asked for."""
        kept, gone = tracking.runs.create("0"), tracking.runs.create("0")
        other = tracking.experiments.create("other").id
        third = tracking.runs.create(other)
        tracking.runs.delete(gone.id)

        def ids(*experiments: str, view: str = "active") -> set[str]:
            page = tracking.search.runs(experiments, view=view)  # type: ignore[arg-type]
            return {run.id for run in page.items}

        assert ids() == set()
        assert ids("0") == {kept.id}
        assert ids("0", view="deleted") == {gone.id}
        assert ids("0", other, view="all") == {kept.id, gone.id, third.id}

    @pytest.mark.parametrize(
        ("filter", "message"),
        [
            ("metrics.a = 'x'", "Expected numeric value type for metric"),
            ("params.a = 3", "Expected a quoted string value for parameter"),
            ("params.a > 'x'", "Invalid comparator '>'"),
            ("bogus.a = 'x'", "Invalid entity type 'bogus'"),
            ("attributes.bogus = 'x'", "Invalid attribute key 'bogus'"),
            ("metrics.a = 1 OR metrics.b = 2", "Invalid clause"),
            ("metrics.a >", "Invalid clause"),
            ("metrics.a IS NULL", "only supported for tags and params"),
            ("status IN ('a')", "attributes support comparison with a list"),
            ("run_id IN ()", "empty list"),
            ("1 = metrics.a", "Expected 'Identifier'"),
            ("'; DROP TABLE run; --", "Invalid clause"),
            ("(" * 5000, "Invalid clause"),
        ],
    )
    def test_mistakes_are_named(self, tracking: Ports, filter: str, message: str) -> None:
        """In MLflow's words."""
        with pytest.raises(InvalidParameter, match=message.replace("(", r"\(")):
            tracking.search.runs(["0"], filter=filter)

    def test_orders_and_limits_are_checked(self, tracking: Ports) -> None:
        """Directions, keys, repeated keys; from 1 to 50,000 results."""
        for order in (["metrics.a SIDEWAYS"], ["attributes.bogus"], ["a b c"], [""]):
            with pytest.raises(InvalidParameter):
                tracking.search.runs(["0"], order_by=order)
        with pytest.raises(InvalidParameter, match="duplicate fields"):
            tracking.search.runs(["0"], order_by=["metrics.a", "metrics.a DESC"])
        for limit in (0, -1, 50_001):
            with pytest.raises(InvalidParameter, match="max_results"):
                tracking.search.runs(["0"], limit=limit)

    def test_tokens_belong_to_their_query(self, tracking: Ports, runs: list[Run]) -> None:
        """Forged ones are refused."""
        token = tracking.search.runs(["0"], limit=5).next
        assert token is not None
        for bad in ("x", "AAAA", token[:-8], "eyJvZmZzZXQiOiA1fQ=="):
            with pytest.raises(InvalidParameter, match="Invalid page token"):
                tracking.search.runs(["0"], limit=5, page_token=bad)
        with pytest.raises(InvalidParameter, match="another query"):
            tracking.search.runs(["0"], limit=5, filter="metrics.a > 1", page_token=token)

    def test_experiments_are_found(self, tracking: Ports) -> None:
        """By name, number, time and tags; newest first by default."""
        for name in ("alpha", "Beta", "beta 2"):
            tracking.experiments.create(name, tags={"kind": name[0]})

        def names(filter: str = "", *order: str) -> list[str]:
            page = tracking.search.experiments(filter=filter, order_by=order)
            return [one.name for one in page.items]

        assert set(names()) == {"alpha", "Beta", "beta 2", "Default"}
        assert names("name ILIKE 'beta%'", "name") == ["Beta", "beta 2"]
        assert names("name LIKE 'beta%'") == ["beta 2"]
        assert names("tags.kind = 'a'") == ["alpha"]
        assert names("tags.kind IS NULL") == ["Default"]
        assert names("experiment_id IN ('0')") == ["Default"]
        assert names("creation_time > 0 and name != 'alpha'", "name DESC")[0] == "beta 2"
        first = tracking.search.experiments(order_by=["name"], limit=2)
        second = tracking.search.experiments(order_by=["name"], limit=2, page_token=first.next)
        assert [one.name for one in (*first.items, *second.items)] == names("", "name")
        for bad in ("name > 'a'", "experiment_id > '1'", "metrics.a > 1", "creation_time = 1.5"):
            with pytest.raises(InvalidParameter):
                names(bad)

    def test_dataset_summaries_are_found(self, tracking: Ports, runs: list[Run]) -> None:
        """Each (dataset, context) once."""
        found = tracking.search.datasets(["0"])
        assert len(found) == len(set(found)) > 0
        read = {
            (one.dataset.name, one.dataset.digest, one.tags.get("mlflow.data.context"))
            for run in runs
            for one in run.datasets
        }
        assert {(one.name, one.digest, one.context) for one in found} == read


def random_runs(tracking: Ports) -> list[Run]:
    """Add and return sixty runs of all sorts in experiment 0; add one elsewhere."""
    rnd = random.Random(7)
    ids = [_random_run(tracking, rnd, number) for number in range(60)]
    elsewhere = tracking.experiments.create("elsewhere").id
    tracking.runs.create(elsewhere, name="r1")
    return [tracking.runs.get(id) for id in ids]


def _random_run(tracking: Ports, rnd: random.Random, number: int) -> str:
    id = tracking.runs.create(
        "0",
        name=f"r{number}",
        user=rnd.choice(["ada", "bob"]),
        started_ms=1000 + number // 2,
    ).id
    metrics = []
    if rnd.random() < 0.8:
        value = rnd.choice([rnd.random(), 0.5, math.nan, math.inf, -math.inf])
        metrics.append(Metric("auc", value, number))
    if rnd.random() < 0.5:
        metrics.append(Metric("log loss", float(rnd.randrange(3)), number))
    params = {"depth": str(rnd.randrange(5))} if rnd.random() < 0.7 else {}
    tags = {"stage": rnd.choice(["Prod", "prod", "dev", "*ro*[d"])} if rnd.random() < 0.7 else {}
    tracking.logging.log(id, metrics=metrics, params=params, tags=tags)
    if rnd.random() < 0.5:
        context = {"mlflow.data.context": rnd.choice(["training", "eval"])}
        dataset = Dataset(
            name=rnd.choice(["adult", "digits"]), digest=f"d{rnd.randrange(3)}", source="s"
        )
        tracking.logging.log_inputs(id, datasets=[DatasetInput(dataset, context)])
    if rnd.random() < 0.6:
        status = rnd.choice(["finished", "failed", "killed"])
        tracking.runs.update(id, status=status, ended_ms=2000 + rnd.randrange(50))  # type: ignore[arg-type]
    return id
