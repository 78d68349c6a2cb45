"""The PostgreSQL store keeps the promises of tracking's and the registry's ports."""

from __future__ import annotations

import pytest

from clew.app.settings import load
from clew.app.tracking import Tracking, open_tracking
from clew.testing.registry import RegistrySuite
from clew.testing.tracking import ExperimentsSuite, LoggingSuite, RunsSuite
from clew.testing.tracking_files import ArtifactsSuite, LoggedModelsSuite, TracesSuite
from clew.testing.tracking_search import SearchSuite

pytestmark = pytest.mark.slow


@pytest.fixture
def tracking(database: str) -> Tracking:
    return open_tracking(load(store=database))


class TestExperiments(ExperimentsSuite):
    pass


class TestRuns(RunsSuite):
    pass


class TestLogging(LoggingSuite):
    pass


class TestSearch(SearchSuite):
    pass


class TestArtifacts(ArtifactsSuite):
    pass


class TestModels(LoggedModelsSuite):
    pass


class TestTraces(TracesSuite):
    pass


class TestRegistry(RegistrySuite):
    pass
