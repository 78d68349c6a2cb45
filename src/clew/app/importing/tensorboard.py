"""`clew import tensorboard` and `clew export tensorboard`: scalars of event files."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from blake3 import blake3

from clew.adapters.trackers import tree
from clew.adapters.trackers.tensorboard import Scalar, read, write
from clew.app.importing.report import Imported
from clew.app.tracking import Tracking
from clew.entities import Metric
from clew.errors import AlreadyExists, NotFound

MARK = "tfevents"
_NOT_IN_KEYS = re.compile(r"[^\w\-. /:]+", re.ASCII)
_BATCH = 1000


def import_tensorboard(
    tracking: Tracking, path: str | Path, *, experiment: str | None = None
) -> Imported:
    """Take in every folder below `path` that has event files, each as a run.

    Importing again adds the points that are new, so a run that still goes on can be followed.
    Images, histograms and the rest are counted, not taken in.

    Parameters
    ----------
    experiment : str, optional
        Its name; the folder's name by default.

    Raises
    ------
    NotFound
        When there is no event file.
    StoreError
        When one is damaged.
    """
    root = Path(path)
    found = sorted(
        (name, file) for name, file in tree.files(root) if MARK in name.rpartition("/")[2]
    )
    if not found:
        raise NotFound(f"no event files in {root}", expected=f"files named …{MARK}…")
    report = Imported()
    name = experiment or root.resolve().name
    target = _experiment(tracking, name, report)
    folders: dict[str, list[Path]] = {}
    for relative, file in found:
        folders.setdefault(relative.rpartition("/")[0], []).append(file)
    for folder, files in folders.items():
        _run(tracking, target, folder or name, files, report)
    return report


def export_tensorboard(tracking: Tracking, run_id: str, folder: str | Path) -> tuple[Path, int]:
    """Write the metrics of a run as an event file in a folder of its own.

    Returns
    -------
    path, count : Path, int
        The file, and how many points it has.

    Raises
    ------
    AlreadyExists
        When the folder holds the run already: TensorBoard would show each point twice.
    """
    run = tracking.runs.get(run_id)
    place = Path(folder) / run.id
    if any(place.glob(f"*{MARK}*")):
        raise AlreadyExists(f"{place} holds event files already", hint="choose another folder")
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"events.out.{MARK}.{run.started_ms // 1000}.{socket.gethostname()}.clew"
    points = [
        point
        for key in sorted(run.metrics)
        for point in tracking.histories.history(run.id, key).items
    ]
    points.sort(key=lambda point: (point.time_ms, point.step))
    scalars = (Scalar(p.key, p.value, p.step, p.time_ms / 1000) for p in points)
    with path.open("xb") as file:
        return path, write(file, scalars, time_s=run.started_ms / 1000)


def _experiment(tracking: Tracking, name: str, report: Imported) -> str:
    known = tracking.experiments.by_name(name)
    if known is not None:
        report.kept("experiments")
        return known.id
    report.added("experiments")
    return tracking.experiments.create(name).id


def _run(
    tracking: Tracking, experiment: str, name: str, files: list[Path], report: Imported
) -> None:
    others: Counter[str] = Counter()
    scalars = (scalar for file in files for scalar in _scalars(file, others))
    first = next(scalars, None)
    began_ms = round(first.time_s * 1000) if first else 0
    id = "tb-" + blake3(f"{name}\0{files[0].name}".encode()).hexdigest(length=16)
    ended_ms = began_ms
    with tracking.transaction():
        if _known(tracking, id):
            report.kept("runs")
        else:
            tracking.runs.create(experiment, name=name, started_ms=began_ms, id=id)
            report.added("runs")
        keys: dict[str, str] = {}
        metrics = [_metric(first, keys)] if first else []
        while metrics:
            ended_ms = max(ended_ms, *(metric.time_ms for metric in metrics))
            report.points += len(metrics)
            tracking.logging.log(id, metrics=metrics)
            metrics = [_metric(scalar, keys) for scalar in islice(scalars, _BATCH)]
        tracking.runs.update(id, status="finished", ended_ms=ended_ms)
    report.left_out += [f"{name}: {count} {kind}" for kind, count in sorted(others.items())]
    report.left_out += [
        f"{name}: tag {tag!r} is {key!r}" for tag, key in keys.items() if tag != key
    ]


def _known(tracking: Tracking, id: str) -> bool:
    try:
        tracking.runs.get(id)
    except NotFound:
        return False
    return True


def _scalars(file: Path, others: Counter[str]) -> Iterator[Scalar]:
    with tree.opened(file) as content:
        yield from read(content, str(file), others)


def _metric(scalar: Scalar, keys: dict[str, str]) -> Metric:
    if scalar.tag not in keys:
        key = "/".join(filter(None, _NOT_IN_KEYS.sub("_", scalar.tag).split("/"))) or "_"
        taken = set(keys.values())
        while key in taken:
            key += "_"
        keys[scalar.tag] = key
    return Metric(keys[scalar.tag], scalar.value, round(scalar.time_s * 1000), scalar.step)
