"""Messages say what the ports say, all of it, and survive whatever is sent."""

from __future__ import annotations

import inspect

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.adapters.stores.remote import Channel
from clew.api.problem import Problem
from clew.app.served import Served
from clew.entities import Metric, Page
from clew.errors import ClewError, InvalidParameter, WrongType
from clew.lineage import ports as lineage
from clew.registry import ports as registry
from clew.testing.records import make_node
from clew.track import ports as track
from clew.wire.message import encode
from clew.wire.ports import MESSAGES, of_port

PORTS = {
    "nodes": lineage.NodeStore,
    "values": lineage.ValueIndex,
    "flows": lineage.RunStore,
    "usage": lineage.UsageIndex,
    "experiments": track.Experiments,
    "runs": track.Runs,
    "logging": track.Logging,
    "histories": track.Histories,
    "search": track.Search,
    "datasets": track.Datasets,
    "models": track.LoggedModels,
    "traces": track.Traces,
    "trash": track.Trash,
    "audit": track.Audit,
    "registered": registry.RegisteredModels,
    "versions": registry.Versions,
    "aliases": registry.Aliases,
}


@pytest.mark.parametrize("name", PORTS)
def test_every_method_of_a_port_is_a_message(name: str) -> None:
    methods = {verb for verb, _ in inspect.getmembers(PORTS[name], inspect.isfunction)}
    assert set(of_port(name)) == {verb for verb in methods if not verb.startswith("_")}


seeds = st.none() | st.integers() | st.integers(-(2**200), 2**200)


@given(st.lists(seeds, max_size=4))
def test_nodes_come_back_with_seeds_of_any_size(given: list[int | None]) -> None:
    nodes = tuple(make_node(f"m:{n}", ["a"], ["b"], seed=seed) for n, seed in enumerate(given))
    message = MESSAGES["nodes.variants"]
    answer = {node.call: (node,) for node in nodes}
    assert message.read_answer(encode(answer)) == answer
    assert MESSAGES["nodes.add"].read_arguments(encode({"nodes": nodes, "values": ()})) == {
        "nodes": list(nodes),
        "values": [],
    }


@given(st.floats(), st.integers(-(2**63), 2**63 - 1))
def test_metrics_come_back_with_their_bits(value: float, step: int) -> None:
    page = Page((Metric("auc", value, 5, step),))
    again = MESSAGES["histories.history"].read_answer(encode(page))
    assert encode(again) == encode(page)


def test_what_cannot_travel_says_so() -> None:
    with pytest.raises(InvalidParameter, match="Unicode"):
        encode({"text": "\ud800"})
    with pytest.raises(InvalidParameter, match="too large"):
        encode({"limit": 1 << 80})
    with pytest.raises(WrongType):
        encode({"value": object()})


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(MESSAGES)), data=st.data())
@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_message_is_a_defect(
    name: str, data: st.DataObject, served: Served, channel: Channel
) -> None:
    message = MESSAGES[name]
    names = st.sampled_from(message.parameters) if message.parameters else st.just("x")
    plausible = st.sampled_from(["0", "Default", 1, [], {}, b"\0" * 20, [b"\0" * 20], "up"])
    arguments = data.draw(st.dictionaries(names, plausible | anything, max_size=6))
    try:
        channel.ask(name, arguments)
    except ClewError as error:
        assert "defect of clew" not in str(error), (name, arguments)


@given(content=st.binary(max_size=60), name=st.sampled_from(sorted(MESSAGES)))
@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_bytes_are_a_defect(content: bytes, name: str, served: Served, channel: Channel) -> None:
    message = MESSAGES[name]
    for path in (f"/{message.port}/{message.verb}", "/batch"):
        try:
            channel.connection.request(
                "POST", path, content, media="application/msgpack", repeat=True
            )
        except ClewError as error:
            assert "defect of clew" not in str(error), (path, content)


@pytest.mark.parametrize("path", ["/values/zz", "/values/00", "/files/zz", "/files/" + "0" * 40])
def test_bad_names_of_values_are_problems(served: Served, listening, path: str) -> None:
    import http.client

    link = http.client.HTTPConnection(listening.address.removeprefix("http://"))
    link.request("GET", "/api/v1/store" + path)
    answer = link.getresponse()
    content = answer.read()
    link.close()
    assert answer.status in (400, 404)
    msgspec.json.decode(content, type=Problem)
