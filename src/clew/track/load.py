"""`load_model`: a model from its files, wherever its name leads."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from clew.entities import LoggedModel, Owner
from clew.errors import InvalidParameter, NotFound
from clew.steps.observe import unobserved
from clew.track import place
from clew.track.flavors import NAMES, flavor_called

_MODEL = re.compile(r"(?:models:/)?(m-[0-9a-f]{32})")
_OF_RUN = re.compile(r"runs:/([\w\-]+)/(.+)")


def load_model(uri: str | LoggedModel, *, trust: bool = False, into: Any = None) -> Any:
    """Return a logged or registered model.

    Parameters
    ----------
    uri : str or LoggedModel
        ``models:/m-…`` (a logged model), ``models:/adult@champion``, ``models:/adult/3``,
        ``runs:/RUN/NAME``, or the logged model itself.
    trust : bool, default False
        Also read types that are no library's own (of the one who logged it).
    into : object, optional
        A torch module that takes the state.

    Raises
    ------
    NotFound
        When there is no such model.
    UnsafeLoad
        When reading it would run code that you did not say you trust.
    """
    with unobserved():
        ports = place.current()
        model = uri if isinstance(uri, LoggedModel) else _find(ports, uri)
        with tempfile.TemporaryDirectory() as folder:
            _download(ports, Owner("model", model.id), "", Path(folder))
            return read_model(Path(folder), model.id, trust=trust, into=into)


def read_model(folder: Path, name: str, *, trust: bool = False, into: Any = None) -> Any:
    """Return the model in a folder of files, as `log_model` and MLflow write them.

    Parameters
    ----------
    name : str
        What errors call it.
    """
    described = _described(folder, name)
    for flavor in NAMES:
        entry = described.get(flavor) or described.get(f"clew.{flavor}")
        if entry is not None:
            return flavor_called(flavor).load(folder, entry, trust=trust, into=into)
    raise InvalidParameter(
        f"model {name} has no flavor that clew reads",
        got=", ".join(described),
        expected=f"one of {', '.join(NAMES)}",
        hint="read it with mlflow.pyfunc.load_model against `clew server`",
    )


def _find(ports: place.Ports, uri: str) -> LoggedModel:
    if match := _MODEL.fullmatch(uri):
        return ports.models.get(match[1])
    if match := _OF_RUN.fullmatch(uri):
        for link in reversed(ports.runs.get(match[1]).model_outputs):
            model = ports.models.get(link.model_id)
            if model.name == match[2]:
                return model
        raise NotFound(f"run {match[1]} logged no model {match[2]!r}", got=uri)
    return ports.model_of(uri)


def _described(folder: Path, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "MLmodel").read_text("utf-8"))["flavors"]
    except FileNotFoundError:
        raise NotFound(f"model {name} has no files", expected="MLmodel") from None
    except (ValueError, KeyError) as error:
        raise InvalidParameter(
            f"model {name} was logged by another program",
            got=str(error),
            hint="read it with mlflow.pyfunc.load_model against `clew server`",
        ) from error
    return found


def _download(ports: place.Ports, owner: Owner, path: str, folder: Path) -> None:
    for artifact in ports.artifacts.list(owner, path):
        target = folder / artifact.path
        if artifact.is_folder:
            target.mkdir()
            _download(ports, owner, artifact.path, folder)
        else:
            with target.open("wb") as file:
                for piece in ports.artifacts.read(artifact):
                    file.write(piece)
