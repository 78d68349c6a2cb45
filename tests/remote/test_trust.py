"""A shared store is believed in nothing that can be checked, on either side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import clew
from clew.adapters.blobs.local import framing, layout
from clew.adapters.blobs.remote import RemoteBlobs
from clew.adapters.formats import FormatRegistry
from clew.adapters.stores.remote import Channel, Connection, RemoteStore
from clew.adapters.stores.sql import packing
from clew.api.server.assemble import assemble
from clew.app import access
from clew.app.served import Served, open_served
from clew.app.settings import load
from clew.app.wiring import open_runtime
from clew.errors import (
    ClewError,
    CorruptValue,
    InvalidParameter,
    NotFound,
    StoreError,
    UnsafeLoad,
    UnsupportedValue,
)
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Value
from clew.steps.runtime import Runtime, using
from clew.testing.records import make_node, value_id


class Mine:
    """A class of one's own: only pickle holds it."""

    def __init__(self, x: int) -> None:
        self.x = x


@clew.step
def own(x: int) -> Mine:
    return Mine(x)


@clew.step
def doubled(x: np.ndarray) -> np.ndarray:
    return x * 2


@pytest.fixture
def remote(served: Served, listening, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr("clew.app.wiring._open", {})
    return open_runtime(load(store=listening.address))


def put(channel: Channel, id: bytes, encoded) -> None:
    channel.connection.upload("PUT", f"/values/{id.hex()}", framing.pack(id, encoded))


def encoded_of(value: object, *, trusted: bool = False):
    return FormatRegistry(trusted=trusted).encode(value)[0]


@pytest.mark.parametrize("size", [3, 5000])
def test_a_value_under_a_strangers_name_is_refused(
    served: Served, channel: Channel, size: int
) -> None:
    array = np.arange(float(size))
    id = fingerprint(array)
    with pytest.raises(InvalidParameter, match="another content id"):
        put(channel, id, encoded_of(array + 1))
    assert not served.store.runtime.vault.has(id)
    wrong = encoded_of(7)
    content = packing.pack(value_id("seven"), wrong)
    with pytest.raises(InvalidParameter, match="another content id"):
        RemoteStore(channel).record(values=[Value(value_id("seven"), "int", content=content)])
        channel.flush()


def test_damage_on_the_way_is_found(served: Served, channel: Channel) -> None:
    array = np.arange(5000.0)
    id = fingerprint(array)
    file = bytearray(b"".join(framing.pack(id, encoded_of(array))))
    file[len(file) // 2] ^= 1
    for content in (bytes(file), bytes(file[:-9]), b"", b"junk" * 100):
        with pytest.raises(InvalidParameter):
            channel.connection.upload("PUT", f"/values/{id.hex()}", [content])


def test_a_pickle_is_refused_and_its_step_is_computed_again(
    remote: Runtime, channel: Channel
) -> None:
    with using(remote):
        assert own(1).x == 1
        assert "not stored" in own.last.reason.text
        assert own(1).x == 1
        assert own.last.decision == "computed"
    with pytest.raises(UnsafeLoad, match="pickles"):
        put(channel, fingerprint(Mine(1)), encoded_of(Mine(1), trusted=True))


def test_only_who_trusts_the_server_reads_pickles(
    listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = open_served(load(store=tmp_path / "trusting"), accept_pickles=True)
    listening.application = assemble(made)
    monkeypatch.setattr("clew.app.wiring._open", {})
    (tmp_path / "clew.toml").write_text(f'[store]\npath = "{listening.address}"\ntrusted = true\n')
    monkeypatch.delenv("CLEW_STORE")
    trusting = load(tmp_path)
    assert (trusting.server, trusting.trusted) == (listening.address, True)
    with using(open_runtime(trusting)):
        assert own(2).x == 2
        assert own(2).x == 2
        assert own.last.decision == "reused"
    monkeypatch.setattr("clew.app.wiring._open", {})
    with using(open_runtime(load(store=listening.address))):
        assert own(2).x == 2
        assert own.last.decision == "computed"


def test_what_the_server_gives_must_be_what_its_name_says(remote: Runtime, served: Served) -> None:
    array = np.arange(5000.0)
    with using(remote):
        doubled(array)
    right, wrong = fingerprint(array * 2), array * 2 + 1
    path = Path(layout.file_of(str(served.settings.store / "values"), right))
    path.write_bytes(b"".join(framing.pack(right, encoded_of(wrong))))
    remote.vault.blobs.memory.delete(right)
    served.store.runtime.vault.blobs.large.memory.delete(right)
    with pytest.raises(CorruptValue, match="another value"):
        remote.vault.get(right)
    with using(remote):
        np.testing.assert_array_equal(doubled(array), array * 2)


def test_a_node_that_is_not_what_its_id_says_is_refused(served: Served, channel: Channel) -> None:
    node = make_node("m:step", ["a"], ["b"])
    other = make_node("m:step", ["c"], ["b"])
    from dataclasses import replace

    with pytest.raises(InvalidParameter, match="not what its id says"):
        RemoteStore(channel).add([replace(node, id=other.id)], [])


def test_a_value_needs_its_members(served: Served, channel: Channel) -> None:
    value = (np.arange(5000.0), 1)
    with pytest.raises(NotFound, match="member"):
        put(channel, fingerprint(value), encoded_of(value))


def test_the_server_says_what_it_cannot_check(served: Served, channel: Channel) -> None:
    blobs = RemoteBlobs(channel)
    array = np.arange(5000.0)
    blobs._about = clew.wire.ports.About(("plain",), False, "", 15.0)
    with pytest.raises(UnsupportedValue, match="cannot check values of the format 'array'"):
        blobs.put(fingerprint(array), encoded_of(array))


def test_tokens_decide(listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = open_served(load(store=tmp_path / "guarded"), needs_token=True)
    listening.application = assemble(made, hosts=["127.0.0.1"])
    secrets = {
        scope: access.make(made.tokens, scope, [scope])[1] for scope in ("read", "log", "promote")
    }
    made.tracking.registered.create("m")

    def asks(token: str | None) -> Channel:
        return Channel(Connection(listening.address, token))

    for token in (None, "clew_wrong"):
        with pytest.raises(StoreError, match="token") as caught:
            asks(token).ask("steps.about", {})
        assert "CLEW_TOKEN" in (caught.value.hint or "")
    reader, writer = RemoteStore(asks(secrets["read"])), RemoteStore(asks(secrets["log"]))
    assert reader.runs() == ()
    node = make_node("m:step", ["a"], ["b"])
    with pytest.raises(StoreError, match="may not do that"):
        reader.add([node], [])
    reader.record([node])  # In a batch, each message is judged for itself.
    with pytest.raises(StoreError, match="may not do that"):
        reader.runs()
    writer.add([node], [describe(value_id("a"), "a")])
    assert reader.node(node.id) == node
    with pytest.raises(StoreError, match="may not do that"):
        writer.channel.ask("trash.purge_runs", {"ids": ["x"]})
    with pytest.raises(StoreError, match="may not do that"):
        writer.channel.ask("registered.delete", {"name": "m", "actor": "nobody"})
    asks(secrets["promote"]).ask("registered.delete", {"name": "m", "actor": "nobody"})
    event = made.tracking.audit.events(subject="model:m").items[0]
    assert (event.action, event.actor) == ("model.delete", "promote")
    monkeypatch.setenv("CLEW_TOKEN", secrets["log"])
    assert load(store=listening.address).token == secrets["log"]
    assert secrets["log"] not in repr(load(store=listening.address))


def test_credentials_do_not_stand_in_an_address() -> None:
    with pytest.raises(ClewError) as caught:
        Connection("http://me:secret@127.0.0.1:1")
    assert "secret" not in str(caught.value)
