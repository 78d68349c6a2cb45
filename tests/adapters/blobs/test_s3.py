"""Values and artifacts in an S3-compatible server (moto's)."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest

from clew.adapters.blobs.objects import ObjectBlobs
from clew.adapters.blobs.s3 import open_s3
from clew.errors import ClewError, CorruptValue, InvalidParameter, NotFound, StoreError
from clew.testing.blob_store import SAMPLES, BlobStoreSuite
from clew.testing.records import value_id

if not importlib.util.find_spec("moto") or not importlib.util.find_spec("obstore"):
    pytest.skip("needs the extras `s3` and `peers`", allow_module_level=True)

pytestmark = pytest.mark.slow

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def url(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    import urllib.request

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bucket = f"b{uuid.uuid4().hex}"
    request = urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    return f"s3://{bucket}/some/where?endpoint={endpoint}&region=us-east-1"


@pytest.fixture
def blobs(url: str) -> ObjectBlobs:
    return open_s3(url)


class TestS3Blobs(BlobStoreSuite):
    """The conformance suite."""


def put(blobs: ObjectBlobs, *chunks: bytes):
    receiver = blobs.receive()
    for chunk in chunks:
        receiver.write(chunk)
    return receiver.commit()


def test_files_come_and_go_in_pieces(blobs: ObjectBlobs) -> None:
    content = os.urandom(20 << 20)
    id, size = put(blobs, content[:7], content[7:])
    assert size == len(content) == blobs.length(id)
    assert put(blobs, content) == (id, size)
    assert b"".join(blobs.stream(id)) == content
    assert b"".join(blobs.stream(id, 5, 9_000_000)) == content[5:9_000_000]
    assert list(blobs.stream(id, 7, 7)) == []
    assert [found for found, _, _ in blobs.ids()] == [id]
    with pytest.raises(NotFound):
        blobs.stream(value_id("none"))


def test_an_empty_file_and_one_that_is_dropped(blobs: ObjectBlobs) -> None:
    id, size = put(blobs)
    assert (size, b"".join(blobs.stream(id))) == (0, b"")
    receiver = blobs.receive()
    receiver.write(b"x")
    receiver.abort()
    with pytest.raises(StoreError):
        receiver.commit()
    assert len(list(blobs.ids())) == 1


def test_damage_is_set_aside(blobs: ObjectBlobs) -> None:
    id = value_id("x")
    blobs.put(id, SAMPLES[3])
    name = f"values/{id.hex()[:2]}/{id.hex()}"
    content = blobs.objects.get(name)
    content[-1] ^= 1
    blobs.objects.put(name, bytes(content))
    assert not blobs.is_intact(id)
    with pytest.raises(CorruptValue):
        blobs.get(id)
    assert not blobs.has(id)
    file, _ = put(blobs, b"a" * 100)
    name = f"values/{file.hex()[:2]}/{file.hex()}"
    content = blobs.objects.get(name)
    content[-1] ^= 1
    blobs.objects.put(name, bytes(content))
    with pytest.raises(CorruptValue):
        list(blobs.stream(file))


@pytest.mark.parametrize("bad", ["http://b/p", "s3://", "s3://key:secret@b/p", "s3://b/p?x=1"])
def test_odd_addresses_are_refused(bad: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        open_s3(bad)
    assert "secret" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_an_error(url: str) -> None:
    wrong = open_s3(url.replace("s3://b", "s3://c"))
    with pytest.raises(ClewError):
        wrong.put(value_id("x"), SAMPLES[0])


def test_a_store_keeps_large_values_and_artifacts_there(url: str, tmp_path, monkeypatch) -> None:
    from click.testing import CliRunner

    import clew
    from clew.app.settings import load
    from clew.app.tracking import open_tracking
    from clew.cli.main import main
    from clew.entities import Owner

    monkeypatch.setenv("CLEW_ARTIFACTS", url)
    settings = load(store=tmp_path / "store")
    tracking = open_tracking(settings)
    run = tracking.runs.create("0")
    for name in ("one.bin", "two.bin"):
        writer = tracking.artifacts.writer(Owner("run", run.id), name)
        writer.write(b"x" * 5000)
        writer.commit()
    found = tracking.artifacts.get(Owner("run", run.id), "two.bin")
    assert b"".join(tracking.artifacts.read(found)) == b"x" * 5000
    assert len(list(open_s3(url).ids())) == 1
    store = clew.open(tmp_path / "store")
    assert not store.fsck().problems
    assert not list((tmp_path / "store").rglob("*.bin"))
    run_command = CliRunner().invoke
    copy, again = str(tmp_path / "copy"), str(tmp_path / "again")
    saved = run_command(main, ["--store", str(tmp_path / "store"), "backup", copy])
    assert saved.exit_code == 0, saved.output
    monkeypatch.delenv("CLEW_ARTIFACTS")  # The copy is whole without the object store.
    there = open_tracking(load(store=tmp_path / "copy"))
    assert b"".join(there.artifacts.read(found)) == b"x" * 5000
    monkeypatch.setenv("CLEW_ARTIFACTS", url.replace("some/where", "else/where"))
    restored = run_command(main, ["--store", again, "restore", copy])
    assert restored.exit_code == 0, restored.output
    back = open_tracking(load(store=again))
    assert b"".join(back.artifacts.read(found)) == b"x" * 5000
    assert not list((tmp_path / "again/values").rglob("*"))
