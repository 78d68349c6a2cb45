"""The table of calls: method and path to handler.

Every call is reachable under ``/api`` and, for web pages, ``/ajax-api``. Paths without parameters
are found by one dict lookup; the others are walked part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from clew.api.mlflow import (
    artifacts,
    assessments,
    histories,
    logging,
    runs,
    traces,
    versions,
)
from clew.api.mlflow import experiments as ex
from clew.api.mlflow import logged_models as lm
from clew.api.mlflow import registered as rm
from clew.api.mlflow.call import Call
from clew.api.mlflow.message import Message, Reader

Pace = Literal["quick", "long"]
"""``quick``: answered at once on the event loop. ``long``: may touch much, so in a thread."""


class Endpoint(NamedTuple):
    """One call: how its request is read, and what answers it."""

    handle: Callable[[Call, Any], Any]
    reader: Reader
    pace: Pace


_Row = tuple[str, str, Callable[[Call, Any], Any], type[Message]]

_QUICK: tuple[_Row, ...] = (
    ("POST", "2.0/mlflow/experiments/create", ex.create, ex.Create),
    ("GET", "2.0/mlflow/experiments/get", ex.get, ex.ById),
    ("GET", "2.0/mlflow/experiments/get-by-name", ex.get_by_name, ex.ByName),
    ("POST", "2.0/mlflow/experiments/update", ex.update, ex.Update),
    ("POST", "2.0/mlflow/experiments/set-experiment-tag", ex.set_tag, ex.SetTag),
    (
        "POST",
        "2.0/mlflow/experiments/delete-experiment-tag",
        ex.delete_tag,
        ex.DeleteTag,
    ),
    ("POST", "2.0/mlflow/runs/create", runs.create, runs.Create),
    ("POST", "2.0/mlflow/runs/update", runs.update, runs.Update),
    ("POST", "2.0/mlflow/runs/delete", runs.delete, runs.ById),
    ("POST", "2.0/mlflow/runs/restore", runs.restore, runs.ById),
    ("GET", "2.0/mlflow/runs/get", runs.get, runs.ById),
    ("POST", "2.0/mlflow/runs/log-metric", logging.log_metric, logging.LogMetric),
    ("POST", "2.0/mlflow/runs/log-parameter", logging.log_param, logging.LogParam),
    ("POST", "2.0/mlflow/runs/set-tag", logging.set_tag, logging.LogParam),
    ("POST", "2.0/mlflow/runs/delete-tag", logging.delete_tag, logging.DeleteTag),
    ("POST", "2.0/mlflow/runs/log-batch", logging.log_batch, logging.LogBatch),
    ("POST", "2.0/mlflow/runs/log-model", logging.log_model, logging.LogModel),
    ("POST", "2.0/mlflow/runs/log-inputs", logging.log_inputs, logging.LogInputs),
    ("POST", "2.0/mlflow/runs/outputs", logging.log_outputs, logging.LogOutputs),
    ("POST", "2.0/mlflow/logged-models", lm.create, lm.Create),
    ("GET", "2.0/mlflow/logged-models/{model_id}", lm.get, lm.Get),
    (
        "PATCH",
        "2.0/mlflow/logged-models/{model_id}",
        lm.finalize,
        lm.Finalize,
    ),
    ("DELETE", "2.0/mlflow/logged-models/{model_id}", lm.delete, lm.ById),
    (
        "PATCH",
        "2.0/mlflow/logged-models/{model_id}/tags",
        lm.set_tags,
        lm.SetTags,
    ),
    (
        "DELETE",
        "2.0/mlflow/logged-models/{model_id}/tags/{tag_key}",
        lm.delete_tag,
        lm.DeleteTag,
    ),
    (
        "POST",
        "2.0/mlflow/logged-models/{model_id}/params",
        lm.log_params,
        lm.LogParams,
    ),
    ("POST", "2.0/mlflow/registered-models/create", rm.create, rm.Create),
    ("PATCH", "2.0/mlflow/registered-models/update", rm.update, rm.Update),
    ("GET", "2.0/mlflow/registered-models/get", rm.get, rm.ByName),
    (
        "POST",
        "2.0/mlflow/registered-models/get-latest-versions",
        rm.latest,
        rm.Latest,
    ),
    (
        "GET",
        "2.0/mlflow/registered-models/get-latest-versions",
        rm.latest,
        rm.Latest,
    ),
    ("POST", "2.0/mlflow/registered-models/set-tag", rm.set_tag, rm.SetTag),
    (
        "DELETE",
        "2.0/mlflow/registered-models/delete-tag",
        rm.delete_tag,
        rm.DeleteTag,
    ),
    ("POST", "2.0/mlflow/registered-models/alias", rm.set_alias, rm.SetAlias),
    ("DELETE", "2.0/mlflow/registered-models/alias", rm.delete_alias, rm.ByAlias),
    ("GET", "2.0/mlflow/registered-models/alias", rm.by_alias, rm.ByAlias),
    ("POST", "2.0/mlflow/model-versions/create", versions.create, versions.Create),
    ("PATCH", "2.0/mlflow/model-versions/update", versions.update, versions.Update),
    (
        "POST",
        "2.0/mlflow/model-versions/transition-stage",
        versions.transition,
        versions.Transition,
    ),
    ("DELETE", "2.0/mlflow/model-versions/delete", versions.delete, versions.ById),
    ("GET", "2.0/mlflow/model-versions/get", versions.get, versions.ById),
    ("GET", "2.0/mlflow/model-versions/get-download-uri", versions.download_uri, versions.ById),
    ("POST", "2.0/mlflow/model-versions/set-tag", versions.set_tag, versions.SetTag),
    ("DELETE", "2.0/mlflow/model-versions/delete-tag", versions.delete_tag, versions.DeleteTag),
    ("POST", "2.0/mlflow/traces", traces.start_v2, traces.StartV2),
    ("PATCH", "2.0/mlflow/traces/{request_id}", traces.end_v2, traces.EndV2),
    ("GET", "2.0/mlflow/traces/{request_id}/info", traces.info_v2, traces.ByRequest),
    ("PATCH", "2.0/mlflow/traces/{request_id}/tags", traces.set_tag_v2, traces.SetTagV2),
    ("DELETE", "2.0/mlflow/traces/{request_id}/tags", traces.delete_tag_v2, traces.DeleteTagV2),
    ("POST", "2.0/mlflow/traces/link-to-run", traces.link_to_run, traces.Link),
    ("POST", "3.0/mlflow/traces", traces.start, traces.Start),
    ("GET", "3.0/mlflow/traces/{trace_id}", traces.info, traces.ById),
    ("PATCH", "3.0/mlflow/traces/{trace_id}/tags", traces.set_tag, traces.SetTag),
    ("DELETE", "3.0/mlflow/traces/{trace_id}/tags", traces.delete_tag, traces.DeleteTag),
    ("POST", "3.0/mlflow/traces/{trace_id}/assessments", assessments.create, assessments.Create),
    (
        "GET",
        "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}",
        assessments.get,
        assessments.ById,
    ),
    (
        "PATCH",
        "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}",
        assessments.update,
        assessments.Update,
    ),
    (
        "DELETE",
        "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}",
        assessments.delete,
        assessments.ById,
    ),
)

_LONG: tuple[_Row, ...] = (
    ("POST", "2.0/mlflow/experiments/delete", ex.delete, ex.ById),
    ("POST", "2.0/mlflow/experiments/restore", ex.restore, ex.ById),
    ("DELETE", "2.0/mlflow/registered-models/delete", rm.delete, rm.ByName),
    ("POST", "2.0/mlflow/registered-models/rename", rm.rename, rm.Rename),
    ("POST", "2.0/mlflow/traces/delete-traces", traces.delete, traces.Delete),
    ("POST", "3.0/mlflow/traces/delete-traces", traces.delete, traces.Delete),
    ("GET", "2.0/mlflow/artifacts/list", artifacts.list_of_run, artifacts.List),
    (
        "GET",
        "2.0/mlflow/logged-models/{model_id}/artifacts/directories",
        artifacts.list_of_model,
        artifacts.ListOfModel,
    ),
    ("GET", "2.0/mlflow-artifacts/artifacts", artifacts.list_path, artifacts.ListPath),
    (
        "POST",
        "2.0/mlflow/artifacts/presigned-upload-url",
        artifacts.no_presigned,
        artifacts.Unsupported,
    ),
    (
        "POST",
        "2.0/mlflow/artifacts/presigned-download-url",
        artifacts.no_presigned,
        artifacts.Unsupported,
    ),
    ("POST", "2.0/mlflow/experiments/search", ex.search, ex.Search),
    ("GET", "2.0/mlflow/experiments/search", ex.search, ex.Search),
    ("POST", "2.0/mlflow/runs/search", runs.search, runs.Search),
    ("GET", "2.0/mlflow/metrics/get-history", histories.history, histories.History),
    ("GET", "2.0/mlflow/metrics/get-history-bulk", histories.bulk, histories.Bulk),
    (
        "GET",
        "2.0/mlflow/metrics/get-history-bulk-interval",
        histories.interval,
        histories.Interval,
    ),
    (
        "GET",
        "2.11/mlflow/metrics/get-history-bulk-interval",
        histories.interval,
        histories.Interval,
    ),
    (
        "POST",
        "2.0/mlflow/experiments/search-datasets",
        histories.datasets,
        histories.SearchDatasets,
    ),
    ("POST", "2.0mlflow/experiments/search-datasets", histories.datasets, histories.SearchDatasets),
    ("POST", "2.0/mlflow/logged-models/search", lm.search, lm.Search),
    ("GET", "2.0/mlflow/registered-models/search", rm.search, rm.Search),
    ("GET", "2.0/mlflow/model-versions/search", versions.search, versions.Search),
    ("GET", "2.0/mlflow/traces", traces.search_v2, traces.SearchV2),
    ("POST", "3.0/mlflow/traces/search", traces.search, traces.Search),
    ("GET", "3.0/mlflow/traces/get", traces.get, traces.GetFull),
    ("GET", "3.0/mlflow/traces/batchGet", traces.batch, traces.Batch),
    ("POST", "3.0/mlflow/traces/batchGetInfos", traces.batch_infos, traces.Batch),
)

Methods = dict[str, Endpoint]


class _Level:
    """One part of paths with parameters."""

    def __init__(self) -> None:
        self.children: dict[str, _Level] = {}
        self.any: tuple[str, _Level] | None = None
        self.methods: Methods = {}


class Table:
    """All calls, by path."""

    def __init__(self) -> None:
        self._plain: dict[str, Methods] = {}
        self._root = _Level()
        readers: dict[type[Message], Reader] = {}
        for pace, rows in _paces():
            for method, path, handle, kind in rows:
                reader = readers.setdefault(kind, Reader(kind))
                self._add(method, path, Endpoint(handle, reader, pace))

    def find(self, path: str, raw: bytes) -> tuple[Methods, dict[str, str]] | None:
        """Return what answers under a path, with the path's parameters; None when nothing does."""
        methods = self._plain.get(path)
        if methods is not None:
            return methods, {}
        level = self._root
        found: dict[str, str] = {}
        # The undecoded path: a slash within a parameter is written %2F.
        for part in raw.decode("latin-1").strip("/").split("/"):
            child = level.children.get(part)
            if child is None:
                if level.any is None or not part:
                    return None
                name, child = level.any
                found[name] = unquote(part)
            level = child
        return (level.methods, found) if level.methods else None

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield method and path of every call, as they are declared."""
        for _, rows in _paces():
            for method, path, *_ in rows:
                yield method, f"/api/{path}"

    def _add(self, method: str, path: str, endpoint: Endpoint) -> None:
        for root in ("api", "ajax-api"):
            whole = f"/{root}/{path}"
            if "{" not in path:
                self._plain.setdefault(whole, {})[method] = endpoint
                continue
            level = self._root
            for part in whole.strip("/").split("/"):
                if part.startswith("{"):
                    if level.any is None:
                        level.any = (part[1:-1], _Level())
                    level = level.any[1]
                else:
                    level = level.children.setdefault(part, _Level())
            level.methods[method] = endpoint


def _paces() -> tuple[tuple[Pace, tuple[_Row, ...]], ...]:
    return ("quick", _QUICK), ("long", _LONG)
