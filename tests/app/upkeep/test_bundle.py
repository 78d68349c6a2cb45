"""A thread goes out as one file and comes in elsewhere; nothing of a hostile file gets in."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.app.upkeep.bundle import MANIFEST, RECORDS, VALUES, Records, export_thread
from clew.app.upkeep.unbundle import import_thread
from clew.errors import NotFound, StoreError, UnsafeLoad
from clew.lineage.fingerprint import fingerprint
from clew.lineage.ports import Encoded
from clew.lineage.records import Reason, Run, Use
from clew.testing.records import make_node
from tests.app.upkeep.places import CLEAN, MODEL, RAW, Place, make_place


class Own:
    """A class of the user's own: only pickle holds it."""

    def __init__(self) -> None:
        self.weight = 1.5


def test_a_run_comes_in_whole(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    nodes = place.thread()
    out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", run="01RUN")
    assert (out.nodes, out.values, out.absent) == (3, 4, ())
    taken = import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert (taken.nodes, taken.values, taken.absent) == (3, 4, ())
    assert [elsewhere.store.node(node.id) for node in nodes] == nodes
    assert elsewhere.store.run("01RUN") == place.store.run("01RUN")
    assert elsewhere.store.uses("01RUN") == place.store.uses("01RUN")
    assert elsewhere.store.entries("01RUN") == place.store.entries("01RUN")
    assert sorted(elsewhere.store.values(), key=lambda v: v.id) == sorted(
        place.store.values(), key=lambda v: v.id
    )
    assert elsewhere.store.code(nodes[0].code) == place.store.code(nodes[0].code)  # type: ignore
    assert elsewhere.store.environment(nodes[0].environment) == {"python": "3"}  # type: ignore
    for value in (RAW, CLEAN, MODEL):
        assert fingerprint(elsewhere.vault.get(fingerprint(value))) == fingerprint(value)


def test_a_node_or_a_value_brings_its_ancestors_alone(
    place: Place, elsewhere: Place, tmp_path: Path
) -> None:
    _, clean, model = place.thread()
    for start in ({"node": clean.id}, {"value": fingerprint(CLEAN)}):
        out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", **start)
        import_thread(elsewhere.store, elsewhere.blobs, out.path)
        assert out.nodes == 2
        assert elsewhere.store.node(clean.id) == clean
        assert elsewhere.store.node(model.id) is None


def test_importing_twice_changes_nothing(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    place.thread()
    out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", run="01RUN")
    for _ in range(2):
        import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert len(elsewhere.store.uses("01RUN")) == 3
    assert len(elsewhere.store.entries("01RUN")) == 1


def test_the_same_thread_gives_the_same_file(place: Place, tmp_path: Path) -> None:
    place.thread()
    files = [tmp_path / name for name in ("one.clew", "two.clew")]
    for file in files:
        export_thread(place.store, place.blobs, file, run="01RUN")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_seeds_of_any_size_travel(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    nodes = [make_node("m:f", seed=seed) for seed in (None, 7, -(2**63), 2**64, -(2**200))]
    for node in nodes:
        place.store.add([node], [])
        out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", node=node.id)
        import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert [elsewhere.store.node(node.id) for node in nodes] == nodes


def test_absent_values_are_named(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    place.thread()
    place.blobs.delete(fingerprint(RAW))
    out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", run="01RUN")
    assert out.absent == (fingerprint(RAW),)
    import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert elsewhere.store.describe([fingerprint(RAW)])[fingerprint(RAW)].state == "absent"


def test_what_is_not_there_cannot_be_exported(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "thread.clew"
    unknown = fingerprint("unknown")
    for start in ({"run": "01NO"}, {"node": unknown}, {"value": unknown}, {}):
        with pytest.raises(NotFound):
            export_thread(place.store, place.blobs, file, **start)  # type: ignore[arg-type]
    assert not file.exists()


def test_pickles_are_left_out_unless_the_file_is_trusted(
    place: Place, elsewhere: Place, tmp_path: Path
) -> None:
    value = place.put(Own())
    node = place.step("m:own", [], value, 1.0)
    out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", node=node.id)
    taken = import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert taken.absent == (value.id,)
    assert not elsewhere.blobs.has(value.id)
    assert elsewhere.store.describe([value.id])[value.id].state == "absent"
    taken = import_thread(elsewhere.store, elsewhere.blobs, out.path, trust=True)
    assert taken.absent == ()
    assert elsewhere.vault.get(value.id).weight == 1.5  # type: ignore[attr-defined]
    assert elsewhere.store.describe([value.id])[value.id].state == "stored"


def test_a_store_that_is_shared_does_not_read_pickles(place: Place) -> None:
    value = place.put(Own())
    shared = make_place(place.files.root.parent, trusted=False)
    with pytest.raises(UnsafeLoad, match="pickle"):
        shared.vault.get(value.id)
    shared.store.close()


# Hostile files: each edit of a good one is refused, and nothing of it is added.

Contents = dict[str, bytes]


def sealed(contents: Contents) -> Contents:
    """Return the contents with a manifest that fits them."""
    entries = {
        name: {"size": len(data), "blake3": blake3(data).hexdigest()}
        for name, data in contents.items()
        if name != MANIFEST
    }
    manifest = {"format": "clew-thread", "version": 1, "entries": entries}
    return {**contents, MANIFEST: json.dumps(manifest).encode()}


def edit_records(contents: Contents, edit: Callable[[Any], None]) -> Contents:
    records = msgspec.msgpack.decode(contents[RECORDS])
    edit(records)
    return sealed({**contents, RECORDS: msgspec.msgpack.encode(records)})


def a_value(contents: Contents) -> str:
    return max((name for name in contents if name.startswith(VALUES)), key=lambda n: len(n))


def traversal(contents: Contents) -> Contents:
    return sealed({**contents, VALUES + "../../../evil": b"x"})


def absolute(contents: Contents) -> Contents:
    return sealed({**contents, "/etc/evil": b"x"})


def unlisted(contents: Contents) -> Contents:
    return {**contents, VALUES + "0" * 40: b"x"}


def wrong_sum(contents: Contents) -> Contents:
    name = a_value(contents)
    return {**contents, name: contents[name][:-1] + b"?"}


def wrong_content(contents: Contents) -> Contents:
    """A value under the id of another: its frame and sums are all right, its content is not."""
    id = fingerprint(RAW)
    other = framing.pack(id, Encoded("plain", b"1", (b"T",)))
    return sealed({**contents, VALUES + id.hex(): b"".join(other)})


def wrong_name(contents: Contents) -> Contents:
    return sealed({**contents, VALUES + "0" * 40: contents[a_value(contents)]})


def wrong_node(contents: Contents) -> Contents:
    def edit(records: Any) -> None:
        records["nodes"][0]["operation"] = "m:other"

    return edit_records(contents, edit)


def short_id(contents: Contents) -> Contents:
    def edit(records: Any) -> None:
        records["values"][0]["id"] = b"short"

    return edit_records(contents, edit)


def huge_number(contents: Contents) -> Contents:
    def edit(records: Any) -> None:
        records["values"][0]["size_bytes"] = 2**64 - 1
        records["nodes"][0]["created_ms"] = 2**64 - 1

    return edit_records(contents, edit)


def not_records(contents: Contents) -> Contents:
    return sealed({**contents, RECORDS: b"\xc1\xc1"})


def pickled_records(contents: Contents) -> Contents:
    return sealed({**contents, RECORDS: pickle.dumps(Records())})


def unmarked_pickle(contents: Contents) -> Contents:
    """A pickle that says it is none."""
    id = fingerprint(MODEL)
    file = framing.pack(id, Encoded("pickle", b"1", (pickle.dumps(MODEL),), trusted_only=False))
    contents = {name: data for name, data in contents.items() if not name.endswith(id.hex())}
    return sealed({**contents, VALUES + id.hex(): b"".join(file)})


def no_manifest(contents: Contents) -> Contents:
    return {name: data for name, data in contents.items() if name != MANIFEST}


def newer(contents: Contents) -> Contents:
    manifest = json.loads(contents[MANIFEST])
    return {**contents, MANIFEST: json.dumps({**manifest, "version": 99}).encode()}


def cyclic(contents: Contents) -> Contents:
    id = fingerprint(MODEL)
    file = framing.pack(id, Encoded("plain", b"1", (b"L\x01" + bytes(8),), (id,)))
    return sealed({**contents, VALUES + id.hex(): b"".join(file)})


HOSTILE = [
    traversal, absolute, unlisted, wrong_sum, wrong_content, wrong_name, wrong_node, short_id,
    huge_number,
    not_records, pickled_records, no_manifest, newer, cyclic,
]  # fmt: skip


@pytest.fixture
def good(place: Place, tmp_path: Path) -> Contents:
    place.thread()
    out = export_thread(place.store, place.blobs, tmp_path / "good.clew", run="01RUN")
    with zipfile.ZipFile(out.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(contents: Contents, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def assert_refused(elsewhere: Place, file: Path, **options: Any) -> None:
    with pytest.raises(StoreError):
        import_thread(elsewhere.store, elsewhere.blobs, file, **options)
    assert list(elsewhere.blobs.ids()) == []
    assert list(elsewhere.store.values()) == []
    assert elsewhere.store.runs() == ()


@pytest.mark.parametrize("edit", HOSTILE, ids=lambda edit: edit.__name__)
def test_a_hostile_file_is_refused(
    edit: Callable[[Contents], Contents], good: Contents, elsewhere: Place, tmp_path: Path
) -> None:
    file = tmp_path / "bad.clew"
    file.write_bytes(archive_of(edit(good)))
    assert_refused(elsewhere, file)


def test_an_unmarked_pickle_is_left_out(good: Contents, elsewhere: Place, tmp_path: Path) -> None:
    file = tmp_path / "bad.clew"
    file.write_bytes(archive_of(unmarked_pickle(good)))
    taken = import_thread(elsewhere.store, elsewhere.blobs, file)
    assert taken.absent == (fingerprint(MODEL),)
    assert not elsewhere.blobs.has(fingerprint(MODEL))


def test_the_edits_start_from_a_good_file(good: Contents, elsewhere: Place, tmp_path: Path) -> None:
    file = tmp_path / "good-again.clew"
    file.write_bytes(archive_of(sealed(good)))
    assert import_thread(elsewhere.store, elsewhere.blobs, file).nodes == 3


def test_compressed_and_doubled_entries_are_refused(
    good: Contents, elsewhere: Place, tmp_path: Path
) -> None:
    file = tmp_path / "bad.clew"
    file.write_bytes(archive_of(good, zipfile.ZIP_DEFLATED))
    assert_refused(elsewhere, file)
    buffer = io.BytesIO(archive_of(good))
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(RECORDS, b"")
    file.write_bytes(buffer.getvalue())
    assert_refused(elsewhere, file)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive_is_refused(content: bytes, elsewhere: Place, tmp_path: Path) -> None:
    file = tmp_path / "bad.clew"
    file.write_bytes(content)
    assert_refused(elsewhere, file)


def test_every_cut_is_refused(good: Contents, elsewhere: Place, tmp_path: Path) -> None:
    content = archive_of(good)
    file = tmp_path / "cut.clew"
    for size in range(0, len(content), len(content) // 40):
        file.write_bytes(content[:size])
        assert_refused(elsewhere, file)


def test_a_bomb_is_refused(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    bomb = place.put(np.zeros(20_000_000))  # 160 MB that compress to a few kB
    node = place.step("m:bomb", [], bomb, 1.0)
    out = export_thread(place.store, place.blobs, tmp_path / "bomb.clew", node=node.id)
    assert out.size_bytes < 100_000
    assert_refused(elsewhere, out.path, limit_bytes=1_000_000)


def test_a_run_that_is_there_stays(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    place.thread()
    out = export_thread(place.store, place.blobs, tmp_path / "thread.clew", run="01RUN")
    elsewhere.store.start(Run("01RUN", "mine", "running", 7))
    elsewhere.store.use("01RUN", [Use(0, "a", None, "pruned", Reason("not-needed", ""))])
    import_thread(elsewhere.store, elsewhere.blobs, out.path)
    assert elsewhere.store.run("01RUN") == Run("01RUN", "mine", "running", 7)
    assert len(elsewhere.store.uses("01RUN")) == 1
