"""What is reported on: a model of the store or answers in a column, and the rows for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.app.debugging.lineage import answered, parts_in
from clew.app.gates.tables import COLUMN, demand, table_of
from clew.app.serving import Found, find, registered
from clew.app.store import Store
from clew.errors import InvalidParameter, NotFound


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is reported on: a model of the store, or answers in a column."""

    spec: str
    key: str
    content: str
    model: Any
    found: Found | None


def subject_of(store: Store, spec: str, *, trust: bool) -> Subject:
    """Return what `spec` names: a model of the store, or a column."""
    if spec.startswith(COLUMN):
        return Subject(spec, "", "", None, None)
    version = registered(store, spec)
    found = find(store, spec, trust=trust)
    key = "" if version is None else f"{version.name}/{version.version}"
    return Subject(spec, key, found.content, found.model, found)


def data_of(
    store: Store, subject: Subject, files: dict[str, Path], target: str | None
) -> tuple[dict[str, Any], str]:
    """Return tables by part, and the target."""
    if files:
        if target is None:
            raise InvalidParameter("files need a target", expected="--target COLUMN")
        data = {name: table_of(path) for name, path in files.items()}
        for name, path in files.items():
            if name != "production":
                demand(data[name], target, path)
    elif subject.found is None:
        raise InvalidParameter("answers in a column need files", expected="--test FILE")
    else:
        features = [str(name) for name in getattr(subject.found.sample, "columns", ())]
        data, target = parts_in(store, subject.content, features, target)
    if subject.key and subject.found is not None and not {"", "production"} & set(data):
        name, _, version = subject.key.rpartition("/")
        rows = answered(store, name, version, subject.found.sample, target)
        if rows is not None:
            data["production"] = rows
    return data, target


def model_of(subject: Subject, data: Mapping[str, Any]) -> Any:
    """Return the model, or the answers in its column by part."""
    if subject.found is not None:
        return subject.model
    column = subject.spec.removeprefix(COLUMN)
    if "" in data:
        raise InvalidParameter("answers in a column need a file for each part", got=subject.spec)
    for name, frame in data.items():
        if column not in frame.columns:
            raise NotFound(f"part {name!r} has no such column", got=column)
    return {name: np.asarray(frame[column]) for name, frame in data.items()}
