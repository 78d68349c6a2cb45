"""`log_model`: a fitted model as files, with what it takes, an example, and what it needs."""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew.entities import LoggedModel, ModelLink, Owner
from clew.errors import ClewError, Unhashable
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.steps.context import executing
from clew.steps.observe import unobserved
from clew.steps.provenance import redacted
from clew.track import place
from clew.track.active import running_here
from clew.track.flavors import Saved, flavor_of
from clew.track.learner import FEATURES, LEARNER, marks
from clew.track.requirements import locked
from clew.track.rows import rows_of, some_rows, write
from clew.track.signature import example_file, signature_of

_PIECE = 1 << 20
_OF_RUN = (LEARNER, FEATURES)


def log_model(
    model: Any,
    name: str = "model",
    *,
    input_example: Any = None,
    tags: Mapping[str, str] | None = None,
    run: str | None = None,
) -> LoggedModel:
    """Store a fitted model as an output of a run.

    Written are the model (scikit-learn by skops, xgboost and lightgbm in their formats, torch by
    safetensors, anything else as a value of the store), its signature, the first rows of an
    example, and ``requirements.txt`` with the version of everything that it needs. MLflow's clients
    read the same files. Up to 2,000 rows of what it was fitted on under `clew.autolog`, else of the
    example, are kept beside it: serving compares compiled forms on them.

    Parameters
    ----------
    model : object
        The fitted model.
    name : str
        Its name.
    input_example : table or array, optional
        A few rows as the model takes them; the signature comes from them.
    tags : mapping, optional
        Its tags.
    run : str, optional
        The run that made it (`FlowRun.id`, for a flow's); by default the innermost one.

    Returns
    -------
    LoggedModel
        Its `id` is what ``load_model(f"models:/{id}")`` takes, its `content` the value on the
        lineage graph; the thread of the object leads on to it.

    Raises
    ------
    ClewError
        Inside a step, whose reuse would not log it again, and where there is no run.

    Examples
    --------
    >>> import clew
    >>> from clew.track import load_model
    >>> from sklearn.linear_model import Ridge
    >>> with clew.run():
    ...     logged = clew.log_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> load_model(f"models:/{logged.id}").predict([[0.5]])
    array([0.5])
    """
    if executing.get() is not None:
        raise ClewError(
            "a model was logged inside a step, whose reuse would not log it again",
            hint="return the model, and log it in the flow's run: log_model(model, run=run.id)",
        )
    with unobserved():
        ports = place.current()
        record = ports.runs.get(running_here("log_model").id if run is None else run)
        logged = ports.models.create(
            record.experiment_id,
            name=name,
            source_run_id=record.id,
            params=_params(model),
            tags=tags,
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                flavor = write_model(model, Path(folder), input_example, logged=logged)
                _upload(ports, Owner("model", logged.id), Path(folder))
        except BaseException as error:
            ports.models.finalize(logged.id, "failed", f"{type(error).__name__}: {error}"[:500])
            raise
        found = marks(model, input_example)
        ports.models.set_tags(logged.id, {"clew.flavor": flavor, **found})
        ports.logging.log_outputs(record.id, [ModelLink(logged.id)])
        ports.logging.log(record.id, tags={k: v for k, v in found.items() if k in _OF_RUN})
        return ports.models.finalize(logged.id, "ready", value=_value(model))


def write_model(
    model: Any, folder: Path, example: Any = None, *, logged: LoggedModel | None = None
) -> str:
    """Write a model's files into a folder, as `log_model` keeps them; return its flavor."""
    name, flavor = flavor_of(model)
    saved = flavor.save(model, folder, example)
    described = _describe(saved, logged, model, example)
    if example is not None:
        file = example_file(example)
        if file is not None:
            described["saved_input_example_info"] = file[0]
            (folder / "input_example.json").write_text(file[1], "utf-8")
    rows = rows_of(model) or (None if example is None else some_rows(example, "example"))
    if rows is not None:
        write(rows, folder)
    needs = [*saved.needs, *_library(example)]
    requirements = locked(needs)
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", "utf-8")
    environment = {"python": platform.python_version(), "dependencies": ["-r requirements.txt"]}
    (folder / "python_env.yaml").write_text(json.dumps(environment, indent=1), "utf-8")
    # JSON is YAML, and needs no library.
    (folder / "MLmodel").write_text(json.dumps(described, indent=1), "utf-8")
    return name


def _describe(saved: Saved, logged: LoggedModel | None, model: Any, example: Any) -> dict[str, Any]:
    entries = {name: dict(entry) for name, entry in saved.entries.items()}
    if "python_function" in entries:
        entries["python_function"] |= {
            "env": {"virtualenv": "python_env.yaml"},
            "python_version": platform.python_version(),
        }
    known: dict[str, Any] = {}
    if logged is not None:
        known = {
            "artifact_path": logged.name,
            "model_id": logged.id,
            "model_uuid": logged.id.removeprefix("m-"),
            "run_id": logged.source_run_id,
        }
    return {
        **known,
        "flavors": entries,
        "signature": signature_of(model, example),
        "utc_time_created": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime()),
    }


def _upload(ports: place.Ports, owner: Owner, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            writer = ports.artifacts.writer(owner, path.relative_to(folder).as_posix())
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    writer.write(piece)
            writer.commit()


def _params(model: Any) -> dict[str, str]:
    """Return the model's own parameters, as text, without secrets."""
    get_params = getattr(model, "get_params", None)
    if get_params is None:
        return {}
    try:
        found = get_params(deep=False)
    except (TypeError, ValueError, AttributeError):
        return {}
    return {key: redacted(key, _text(value))[:6000] for key, value in found.items()}


def _text(value: Any) -> str:
    """Return a parameter as text; of many estimators, whose texts take long, the names."""
    if isinstance(value, list | tuple) and len(value) > 1 and hasattr(value[0], "get_params"):
        return f"[{', '.join(f'{type(one).__name__}(...)' for one in value)}]"
    return str(value)


def _library(example: Any) -> list[str]:
    return [] if example is None else [type(example).__module__.partition(".")[0]]


def _value(model: Any) -> ValueId | None:
    try:
        return fingerprint(model)
    except Unhashable:
        return None  # The model stands for itself; no thread leads to it.
