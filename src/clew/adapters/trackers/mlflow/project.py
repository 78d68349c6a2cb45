"""``MLproject`` files: named entry points with typed parameters, and an environment.

After MLflow's description of the format ("MLflow Projects"); the values of parameters are quoted
for the shell before they stand in the command, as MLflow does.
"""

from __future__ import annotations

import shlex
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from clew.adapters.trackers import tree
from clew.adapters.trackers.mlflow.yaml import read_yaml
from clew.errors import InvalidParameter, NotFound, UnsupportedValue

Kind = Literal["string", "float", "path", "uri"]
KINDS = ("string", "float", "path", "uri")
_SCRIPTS = {".py": "python", ".sh": "bash"}
_ENVIRONMENTS = {"python_env": "python_env.yaml", "conda_env": "conda.yaml"}
_REFUSED = {
    "docker_env": "clew starts no containers",
    "databricks_spark_job": "clew starts no jobs on Databricks",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an entry point; without a default it must be given."""

    name: str
    kind: Kind = "string"
    default: str | None = None


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A command with ``{placeholders}``."""

    name: str
    command: str
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with an ``MLproject`` file.

    Parameters
    ----------
    environment : Path or None
        The file that describes the environment (``python_env.yaml``, ``conda.yaml``).
    """

    folder: Path
    name: str
    entries: Mapping[str, EntryPoint]
    environment_kind: str | None = None
    environment: Path | None = None

    def entry(self, name: str) -> EntryPoint:
        """Return an entry point, or a script of the folder as one."""
        if name in self.entries:
            return self.entries[name]
        script = self.folder / name
        if script.suffix in _SCRIPTS and script.is_file() and tree.below(self.folder, script):
            return EntryPoint(name, f"{_SCRIPTS[script.suffix]} {shlex.quote(name)}")
        raise NotFound(
            f"project {self.name!r} has no entry point {name!r}",
            expected=" or ".join(self.entries) or "a script of the project (.py, .sh)",
        )


def find(folder: Path) -> Path | None:
    """Return a folder's ``MLproject`` file (in any case), if it has one."""
    if not folder.is_dir():
        return None
    named = (name for name in tree.names(folder) if name.lower() == "mlproject")
    return next((folder / name for name in named), None)


def load(folder: Path) -> Project:
    """Read a project.

    Raises
    ------
    NotFound
        When the folder has no ``MLproject``, or that names a file that is not there.
    InvalidParameter
        When it is not as the format demands.
    UnsupportedValue
        When it wants a container or a cluster.
    """
    file = find(folder)
    if file is None:
        raise NotFound(f"{folder} has no MLproject file")
    fields = read_yaml(file)
    for name, why in _REFUSED.items():
        if name in fields:
            raise UnsupportedValue(
                f"{file} asks for {name}: {why}",
                hint="give it a python_env, or run it inside the container yourself",
            )
    points = fields.get("entry_points") or {}
    if not isinstance(points, dict):
        raise _wrong(file, "entry_points", points, "names with commands")
    entries = {str(name): _entry(file, str(name), given) for name, given in points.items()}
    kind, environment = _environment(folder, file, fields)
    name = str(fields.get("name") or folder.resolve().name)
    return Project(folder, name, entries, kind, environment)


def command_of(entry: EntryPoint, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return an entry point's command for the shell, and the values of all parameters.

    What the entry point does not declare is appended as ``--name value``.

    Raises
    ------
    InvalidParameter
        When a parameter is missing or is not of its type.
    """
    values = {p.name: _value(entry, p, given.get(p.name)) for p in entry.parameters}
    quoted = {name: shlex.quote(value) for name, value in values.items()}
    try:
        command = entry.command.format(**quoted)
    except (KeyError, IndexError, ValueError) as error:
        raise InvalidParameter(
            f"the command of entry point {entry.name!r} cannot be filled in",
            got=entry.command,
            expected="only {placeholders} of its parameters: " + ", ".join(values),
        ) from error
    more = {name: value for name, value in given.items() if name not in values}
    flags = [f"{shlex.quote('--' + name)} {shlex.quote(value)}" for name, value in more.items()]
    return " ".join([command, *flags]), {**values, **more}


def _entry(file: Path, name: str, given: object) -> EntryPoint:
    if not isinstance(given, dict) or not isinstance(given.get("command"), str):
        raise _wrong(file, f"entry point {name!r}", given, "a command")
    parameters = given.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _wrong(file, f"parameters of {name!r}", parameters, "names with types")
    found = tuple(_parameter(file, str(key), kind) for key, kind in parameters.items())
    for _, field, _, _ in string.Formatter().parse(given["command"]):
        if field and ("." in field or "[" in field):
            raise _wrong(file, f"command of {name!r}", given["command"], "plain {placeholders}")
    return EntryPoint(name, given["command"], found)


def _parameter(file: Path, name: str, given: object) -> Parameter:
    kind: object = given
    default = None
    if isinstance(given, dict):
        kind, default = given.get("type", "string"), given.get("default")
    if kind not in KINDS:
        raise _wrong(file, f"type of {name!r}", kind, " or ".join(KINDS))
    return Parameter(name, cast(Kind, kind), None if default is None else str(default))


def _value(entry: EntryPoint, parameter: Parameter, given: str | None) -> str:
    value = parameter.default if given is None else given
    if value is None:
        raise InvalidParameter(
            f"entry point {entry.name!r} needs {parameter.name}={parameter.kind}",
            hint="give each parameter as NAME=VALUE",
        )
    if parameter.kind == "float":
        try:
            float(value)
        except ValueError as error:
            raise InvalidParameter(
                f"parameter {parameter.name}", got=repr(value), expected="a number"
            ) from error
    if parameter.kind == "path":
        if "://" in value and not value.startswith("file://"):
            raise InvalidParameter(
                f"parameter {parameter.name}", got=value, expected="a path on this machine"
            )
        path = Path(value.removeprefix("file://"))
        if not path.exists():
            raise NotFound(f"parameter {parameter.name}: there is no {path}")
        return str(path.resolve())
    return value


def _environment(
    folder: Path, file: Path, fields: Mapping[str, Any]
) -> tuple[str | None, Path | None]:
    named = [kind for kind in _ENVIRONMENTS if kind in fields]
    if len(named) > 1:
        raise _wrong(file, "environment", ", ".join(named), "one of them")
    if named:
        path = folder / str(fields[named[0]])
        if not path.is_file() or not tree.below(folder, path):
            raise NotFound(f"{file} names {path}, which is no file of the project")
        return named[0], path
    for kind, name in _ENVIRONMENTS.items():
        if (folder / name).is_file():
            return kind, folder / name
    return None, None


def _wrong(file: Path, what: str, got: object, expected: str) -> InvalidParameter:
    return InvalidParameter(f"{file}: {what}", got=repr(got)[:200], expected=expected)
