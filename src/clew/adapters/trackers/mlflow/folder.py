"""MLflow's ``mlruns`` folder: a file for each param, tag and metric, ``meta.yaml`` for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clew.adapters.trackers import tree
from clew.adapters.trackers.mlflow.words import MODEL_STATUS, RUN_STATUS_NUMBERS, whole
from clew.adapters.trackers.mlflow.yaml import read_yaml
from clew.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    LoggedModel,
    Metric,
    ModelLink,
    ModelStatus,
    ModelVersion,
    RegisteredModel,
    Run,
)
from clew.errors import StoreError

_META = "meta.yaml"
_MODELS = "models"
_RESERVED = ("tags", "datasets", "traces", _MODELS, ".trash")


class MlflowFolder:
    """Everything in one folder; what MLflow has in ``.trash`` is deleted."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._runs: dict[str, Path] = {}
        self._measured: dict[str, list[Metric]] = defaultdict(list)

    def experiments(self) -> Sequence[Experiment]:
        """Return the experiments by id."""
        found = []
        for folder, meta in self._experiments():
            deleted = folder.parent.name == ".trash" or meta.get("lifecycle_stage") == "deleted"
            found.append(
                Experiment(
                    id=str(meta["experiment_id"]),
                    name=str(meta["name"]),
                    created_ms=whole(meta.get("creation_time") or 0, "creation_time"),
                    updated_ms=whole(meta.get("last_update_time") or 0, "last_update_time"),
                    lifecycle="deleted" if deleted else "active",
                    artifact_location=_text(meta.get("artifact_location")),
                    tags=tree.texts(folder / "tags"),
                )
            )
        return sorted(found, key=lambda experiment: whole(experiment.id, "experiment_id"))

    def runs(self) -> Iterator[Run]:
        """Yield the runs, oldest first."""
        found = []
        for folder, experiment in self._experiments():
            datasets = dict(_datasets(folder / "datasets"))
            for model in self._models_of(folder):
                self._note_measured(model)
            for place in tree.folders(folder):
                if place.name not in _RESERVED and _META in tree.names(place):
                    found.append(self._run(place, str(experiment["experiment_id"]), datasets))
        yield from sorted(found, key=lambda run: (run.started_ms, run.id))

    def metrics(self, run: Run) -> Sequence[Metric]:
        """Return every point that a run logged."""
        measured = {_point(metric): metric for metric in self._measured[run.id]}
        return [
            measured.get(_point(metric), metric)
            for name, text in tree.texts(self._runs[run.id] / "metrics").items()
            for metric in _points(name, text)
        ]

    def models(self) -> Iterator[LoggedModel]:
        """Yield the logged models, oldest first."""
        found = []
        for folder, experiment in self._experiments():
            for place in self._models_of(folder):
                meta = _meta(place)
                found.append(
                    LoggedModel(
                        id=place.name,
                        experiment_id=str(experiment["experiment_id"]),
                        name=str(meta["name"]),
                        created_ms=whole(meta["creation_timestamp"], "creation_timestamp"),
                        updated_ms=whole(meta["last_updated_timestamp"], "last_updated_timestamp"),
                        model_type=_text(meta.get("model_type")),
                        source_run_id=_text(meta.get("source_run_id")),
                        status=_model_status(meta.get("status")),
                        status_message=_text(meta.get("status_message")),
                        lifecycle=meta.get("lifecycle_stage") or "active",
                        artifact_location=_text(meta.get("artifact_location")),
                        params=tree.texts(place / "params"),
                        tags=tree.texts(place / "tags"),
                    )
                )
        yield from sorted(found, key=lambda model: (model.created_ms, model.id))

    def registered(self) -> Sequence[RegisteredModel]:
        """Return the registered models by name."""
        found = []
        for folder in tree.folders(self._root / _MODELS):
            meta = _meta(folder)
            aliases = tree.texts(folder / "aliases")
            found.append(
                RegisteredModel(
                    name=str(meta["name"]),
                    created_ms=whole(meta.get("creation_timestamp") or 0, "creation_timestamp"),
                    updated_ms=whole(meta.get("last_updated_timestamp") or 0, "updated"),
                    description=_text(meta.get("description")),
                    tags=tree.texts(folder / "tags"),
                    aliases={name: whole(text.strip(), name) for name, text in aliases.items()},
                )
            )
        return sorted(found, key=lambda model: model.name)

    def versions(self) -> Sequence[ModelVersion]:
        """Return the versions of all registered models by name and number."""
        found = []
        for folder in tree.folders(self._root / _MODELS):
            for place in tree.folders(folder):
                if not place.name.startswith("version-"):
                    continue
                meta = _meta(place)
                if meta.get("current_stage") == "Deleted_Internal":
                    continue
                found.append(
                    ModelVersion(
                        name=str(meta["name"]),
                        version=whole(meta["version"], "version"),
                        created_ms=whole(meta.get("creation_timestamp") or 0, "creation_timestamp"),
                        updated_ms=whole(meta.get("last_updated_timestamp") or 0, "updated"),
                        description=_text(meta.get("description")),
                        user=_text(meta.get("user_id")),
                        stage=meta.get("current_stage") or "None",
                        source=str(meta.get("source") or ""),
                        run_id=_text(meta.get("run_id")),
                        run_link=_text(meta.get("run_link")),
                        tags=tree.texts(place / "tags"),
                    )
                )
        return sorted(found, key=lambda version: (version.name, version.version))

    def _experiments(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for folder in (*tree.folders(self._root), *tree.folders(self._root / ".trash")):
            if folder.name not in _RESERVED and _META in tree.names(folder):
                meta = _meta(folder)
                if "experiment_id" in meta:
                    yield folder, meta

    def _models_of(self, experiment: Path) -> list[Path]:
        places = tree.folders(experiment / _MODELS)
        return [place for place in places if _META in tree.names(place)]

    def _run(self, folder: Path, experiment: str, datasets: Mapping[str, Dataset]) -> Run:
        meta = _meta(folder)
        tags = tree.texts(folder / "tags")
        id = str(meta.get("run_id") or meta["run_uuid"])
        self._runs[id] = folder
        ended = meta.get("end_time")
        return Run(
            id=id,
            experiment_id=experiment,
            name=tags.get("mlflow.runName") or _text(meta.get("run_name")) or id,
            status=RUN_STATUS_NUMBERS.get(whole(meta["status"], "status"), "finished"),
            started_ms=whole(meta.get("start_time") or 0, "start_time"),
            ended_ms=None if ended is None else whole(ended, "end_time"),
            user=str(meta.get("user_id") or ""),
            lifecycle=meta.get("lifecycle_stage") or "active",
            artifact_uri=str(folder / "artifacts"),
            params=tree.texts(folder / "params"),
            tags=tags,
            datasets=tuple(_inputs(folder / "inputs", datasets)),
            model_inputs=tuple(_links(folder / "inputs")),
            model_outputs=tuple(_links(folder / "outputs")),
        )

    def _note_measured(self, model: Path) -> None:
        for name, text in tree.texts(model / "metrics").items():
            for line in text.splitlines():
                time, value, step, run, *dataset = line.split(" ")
                metric = _metric(name, time, value, step, dataset, model.name)
                self._measured[run].append(metric)


def _points(name: str, text: str) -> Iterator[Metric]:
    for line in text.splitlines():
        time, value, *rest = line.split(" ")
        step, *dataset = rest or ["0"]
        yield _metric(name, time, value, step, dataset, None)


def _metric(
    name: str, time: str, value: str, step: str, dataset: list[str], model: str | None
) -> Metric:
    """Return one point; a dataset's name may hold spaces, its digest does not."""
    try:
        point = (float(value), int(time), int(step))
    except ValueError as error:
        raise StoreError(
            f"metric {name!r} of the MLflow store is damaged", got=str(error)
        ) from error
    digest = dataset[-1] if dataset else None
    return Metric(name, *point, model, " ".join(dataset[:-1]) or None, digest)


def _point(metric: Metric) -> tuple[str, int, int]:
    return metric.key, metric.time_ms, metric.step


def _datasets(folder: Path) -> Iterator[tuple[str, Dataset]]:
    for place in tree.folders(folder):
        meta = _meta(place)
        yield (
            place.name,
            Dataset(
                name=str(meta["name"]),
                digest=str(meta["digest"]),
                source_type=str(meta["source_type"]),
                source=str(meta["source"]),
                schema=_text(meta.get("schema")),
                profile=_text(meta.get("profile")),
            ),
        )


def _inputs(folder: Path, datasets: Mapping[str, Dataset]) -> Iterator[DatasetInput]:
    for place in tree.folders(folder):
        meta = _meta(place)
        if meta.get("source_type") == "DATASET" and meta["source_id"] in datasets:
            yield DatasetInput(datasets[meta["source_id"]], dict(meta.get("tags") or {}))


def _links(folder: Path) -> Iterator[ModelLink]:
    for place in tree.folders(folder):
        meta = _meta(place)
        if meta.get("source_type") in ("MODEL_INPUT", "MODEL_OUTPUT", "RUN_OUTPUT", "RUN_INPUT"):
            yield ModelLink(place.name, whole(meta.get("step") or 0, "step"))


def _meta(folder: Path) -> Mapping[str, Any]:
    return read_yaml(folder / _META)


def _model_status(status: object) -> ModelStatus:
    if isinstance(status, str):
        words: dict[str, ModelStatus] = {"READY": "ready", "FAILED": "failed"}
        return words.get(status.rpartition(".")[2], "pending")
    return MODEL_STATUS.get(whole(status or 0, "status"), "pending")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
