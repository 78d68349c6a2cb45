"""The PostgreSQL store keeps the promises of tracking's and the registry's ports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clew.app.settings import load
from clew.app.tracking import Tracking, open_tracking
from clew.entities import Run
from clew.testing.registry import RegistrySuite
from clew.testing.tracking import ExperimentsSuite, LoggingSuite, RunsSuite
from clew.testing.tracking_files import ArtifactsSuite, LoggedModelsSuite, TracesSuite
from clew.testing.tracking_search import SearchSuite, random_runs
from tests.services import postgres

pytestmark = pytest.mark.slow


@pytest.fixture
def tracking(database: str) -> Tracking:
    return open_tracking(load(store=database))


@pytest.fixture(scope="module")
def filled(postgres_server: postgres.Server) -> Iterator[tuple[Tracking, list[Run]]]:
    schema = "searched"
    tracking = open_tracking(load(store=f"{postgres_server.address}?schema={schema}"))
    yield tracking, random_runs(tracking)
    postgres.clear(postgres_server.address, schema)


class TestExperiments(ExperimentsSuite):
    pass


class TestRuns(RunsSuite):
    pass


class TestLogging(LoggingSuite):
    pass


class TestSearch(SearchSuite):
    """One store for all tests that only read."""

    @pytest.fixture
    def tracking(self, request: pytest.FixtureRequest) -> Tracking:
        if "runs" in request.fixturenames:
            return request.getfixturevalue("filled")[0]
        return open_tracking(load(store=request.getfixturevalue("database")))

    @pytest.fixture
    def runs(self, filled: tuple[Tracking, list[Run]]) -> list[Run]:
        return filled[1]


class TestArtifacts(ArtifactsSuite):
    pass


class TestModels(LoggedModelsSuite):
    pass


class TestTraces(TracesSuite):
    pass


class TestRegistry(RegistrySuite):
    pass
