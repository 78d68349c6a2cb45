"""A server's store keeps the promises of every port, as the local one does."""

from __future__ import annotations

import pytest

from clew.adapters.blobs.remote import RemoteBlobs
from clew.adapters.claims import LeasedClaims
from clew.adapters.stores.remote import Channel, RemoteStore
from clew.app.served import Served
from clew.app.settings import load
from clew.app.tracking import Tracking, open_tracking
from clew.testing.blob_store import BlobStoreSuite
from clew.testing.claims import ClaimsSuite
from clew.testing.node_store import NodeStoreSuite
from clew.testing.registry import RegistrySuite
from clew.testing.run_store import RunStoreSuite
from clew.testing.stream_store import StreamStoreSuite
from clew.testing.tracking import ExperimentsSuite, LoggingSuite, RunsSuite
from clew.testing.tracking_files import ArtifactsSuite, LoggedModelsSuite, TracesSuite
from clew.testing.tracking_search import SearchSuite
from clew.testing.value_index import ValueIndexSuite


@pytest.fixture
def store(believing: Served, channel: Channel) -> RemoteStore:
    return RemoteStore(channel)


@pytest.fixture
def tracking(served: Served, listening) -> Tracking:
    return open_tracking(load(store=listening.address))


class TestNodes(NodeStoreSuite):
    pass


class TestValues(ValueIndexSuite):
    pass


class TestRuns(RunStoreSuite):
    pass


class TestBlobs(BlobStoreSuite):
    pass


class TestStreams(StreamStoreSuite):
    @pytest.fixture
    def streams(self, blobs: RemoteBlobs) -> RemoteBlobs:
        return blobs


class TestClaims(ClaimsSuite):
    @pytest.fixture
    def claims(self, blobs: RemoteBlobs, channel: Channel) -> LeasedClaims:
        return LeasedClaims(channel, blobs)


class TestExperiments(ExperimentsSuite):
    pass


class TestTrackedRuns(RunsSuite):
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
