"""Conformance suites and checks that ship with clew: how an adapter proves that it is one.

Adds no facts. For every port of `clew.lineage.ports` there is a suite: `NodeStoreSuite`,
`ValueIndexSuite`, `RunStoreSuite`, `BlobStoreSuite`, `StreamStoreSuite`, `ClaimsSuite`,
`CodecsSuite`; for those of `clew.track.ports` and `clew.registry.ports` `ExperimentsSuite`,
`RunsSuite`, `LoggingSuite`, `SearchSuite`, `ArtifactsSuite`, `LoggedModelsSuite`, `TracesSuite`,
`RegistrySuite`. Subclass one in a test module and give one fixture:

.. code-block:: python

    class TestMyStore(NodeStoreSuite):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path)
"""
