"""TensorBoard's event files, in and out: framing, wire format, runs."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.adapters.trackers.tensorboard import Scalar, events, frames, read, wire, write
from clew.app.importing.tensorboard import export_tensorboard, import_tensorboard
from clew.app.tracking import Tracking
from clew.errors import AlreadyExists, NotFound, StoreError, UnsafeLoad

SCALARS = st.builds(
    Scalar,
    tag=st.text(min_size=1),
    value=st.floats(),
    step=st.integers(-(1 << 63), (1 << 63) - 1),
    time_s=st.floats(0, 2e9),
)


def test_the_checksum_is_castagnolis() -> None:
    # RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    assert frames.crc32c(b"123456789") == 0xE3069283
    assert frames.crc32c(bytes(32)) == 0x8A9136AA
    assert frames.crc32c(b"\xff" * 32) == 0x62A8AB43


@given(st.lists(SCALARS))
def test_reading_undoes_writing(scalars: list[Scalar]) -> None:
    file = io.BytesIO()
    assert write(file, scalars, time_s=1.0) == len(scalars)
    file.seek(0)
    assert list(map(repr, read(file, "file"))) == list(map(repr, scalars))


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    for whole in (content, frames.frame(content), first() + frames.frame(content)):
        try:
            list(read(io.BytesIO(whole), "file"))
        except StoreError:
            pass


def first() -> bytes:
    return frames.frame(wire.double(1, 1.0) + wire.block(3, b"brain.Event:2"))


def event(summary: bytes, step: int = 1) -> bytes:
    fields = wire.double(1, 5.0) + wire.varint(2, step)
    return frames.frame(fields + wire.block(5, wire.block(1, summary)))


def test_every_way_to_write_a_scalar_is_read() -> None:
    tag = wire.block(1, b"loss")
    simple = tag + b"\x15" + struct.pack("<f", 0.5)
    half = struct.pack("<f", 0.25)
    packed = tag + wire.block(8, wire.varint(1, 1) + wire.block(5, half))
    content = tag + wire.block(8, wire.varint(1, 1) + wire.block(4, half))
    whole = tag + wire.block(8, wire.varint(1, 9) + wire.block(10, b"\x07"))
    image = wire.block(1, b"picture") + wire.block(4, b"")
    written = first() + b"".join(map(event, (simple, packed, content, whole, image)))
    others: events.Counter[str] = events.Counter()
    found = list(read(io.BytesIO(written), "file", others))
    assert [scalar.value for scalar in found] == [0.5, 0.25, 0.25, 7.0]
    assert others == {"images": 1}


def test_damage_is_named_and_a_torn_end_is_not_there_yet() -> None:
    file = io.BytesIO()
    write(file, [Scalar("a", i, i, 1.0) for i in range(3)], time_s=1.0)
    content = file.getvalue()
    assert len(list(read(io.BytesIO(content[:-7]), "file"))) == 2
    broken = bytearray(content)
    broken[len(content) // 2] ^= 1
    with pytest.raises(StoreError, match=r"damaged|too large"):
        list(read(io.BytesIO(bytes(broken)), "file"))
    with pytest.raises(StoreError, match="no event file"):
        list(read(io.BytesIO(frames.frame(b"")), "file"))


def put(path: Path, scalars: list[Scalar]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write(file, scalars, time_s=1.0)


def test_folders_become_runs(tmp_path: Path, tracking: Tracking) -> None:
    logs = tmp_path / "logs"
    loss = [Scalar("loss", 1 / (i + 1), i, 10.0 + i) for i in range(1500)]
    put(logs / "train" / "events.out.tfevents.1.host", loss)
    put(logs / "test" / "events.out.tfevents.1.host", [Scalar("acc (%)", math.nan, -1, 10.0)])
    (logs / "train" / "notes.txt").write_text("not an event file")
    report = import_tensorboard(tracking, logs)
    assert report.new == {"experiments": 1, "runs": 2}
    assert report.points == 1501
    assert report.left_out == ["test: tag 'acc (%)' is 'acc _'"]
    experiment = tracking.experiments.by_name("logs")
    assert experiment is not None
    test, train = sorted(tracking.search.runs([experiment.id]).items, key=lambda run: run.name)
    assert (train.name, train.status) == ("train", "finished")
    assert (train.started_ms, train.ended_ms) == (10_000, 1_509_000)
    points = tracking.histories.history(train.id, "loss").items
    assert [(p.value, p.step) for p in points] == [(1 / (i + 1), i) for i in range(1500)]
    assert math.isnan(test.metrics["acc _"].value)


def test_a_run_that_goes_on_is_followed(tmp_path: Path, tracking: Tracking) -> None:
    file = tmp_path / "logs" / "events.out.tfevents.1.host"
    put(file, [Scalar("a", 1.0, 1, 10.0)])
    import_tensorboard(tracking, tmp_path / "logs", experiment="live")
    put(file, [Scalar("a", 1.0, 1, 10.0), Scalar("a", 2.0, 2, 20.0)])
    again = import_tensorboard(tracking, tmp_path / "logs", experiment="live")
    assert again.new == {}
    experiment = tracking.experiments.by_name("live")
    assert experiment is not None
    (run,) = tracking.search.runs([experiment.id]).items
    assert len(tracking.histories.history(run.id, "a").items) == 2
    assert run.ended_ms == 20_000


def test_a_run_goes_out_and_comes_back(tmp_path: Path, tracking: Tracking) -> None:
    run = tracking.runs.create("0", name="r")
    import_points = [(0.1, 1), (math.inf, 2), (-math.inf, 3), (math.nan, 4)]
    from clew.entities import Metric

    metrics = [
        Metric("m/x", value, 1_700_000_000_123 + step, step) for value, step in import_points
    ]
    tracking.logging.log(run.id, metrics=metrics)
    _, count = export_tensorboard(tracking, run.id, tmp_path / "tb")
    assert count == 4
    with pytest.raises(AlreadyExists):
        export_tensorboard(tracking, run.id, tmp_path / "tb")
    import_tensorboard(tracking, tmp_path / "tb", experiment="back")
    experiment = tracking.experiments.by_name("back")
    assert experiment is not None
    (back,) = tracking.search.runs([experiment.id]).items
    found = tracking.histories.history(back.id, "m/x").items
    assert list(map(repr, found)) == list(map(repr, metrics))


def test_what_is_no_log_is_refused(tmp_path: Path, tracking: Tracking) -> None:
    with pytest.raises(NotFound, match="no event files"):
        import_tensorboard(tracking, tmp_path)
    (tmp_path / "tfevents.link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeLoad):
        import_tensorboard(tracking, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    scalars = [Scalar("a/b", value, i, 10.0 + i) for i, value in enumerate([0.1, math.inf, -2.5])]
    put(tmp_path / "events.out.tfevents.1.host", scalars)
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    found = [
        (tensor_util.make_ndarray(point.tensor_proto).item(), point.step, point.wall_time)
        for point in reader.Tensors("a/b")
    ]
    assert found == [(scalar.value, scalar.step, scalar.time_s) for scalar in scalars]
    assert reader.SummaryMetadata("a/b").plugin_data.plugin_name == "scalars"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_tensorboard_wrote_is_read(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    for step in range(5):
        value = summary_pb2.Summary.Value(tag="loss", simple_value=step / 4)
        summary = summary_pb2.Summary(value=[value])
        writer.add_event(event_pb2.Event(wall_time=10.0 + step, step=step, summary=summary))
    writer.close()
    (path,) = tmp_path.iterdir()
    with path.open("rb") as file:
        found = list(read(file, path.name))
    assert found == [Scalar("loss", step / 4, step, 10.0 + step) for step in range(5)]
