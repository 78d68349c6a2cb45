"""`clew run FOLDER`: an entry point of an MLflow Project, as a run.

The command runs in the project's folder with this process's environment. The run holds the
parameters, the entry point, the file that describes the project's environment, what is installed,
the state of git, and all that the command printed. Code in the project that logs by the MLflow
client logs into this run, when a server of the store is named to it.
"""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from clew.adapters.trackers.mlflow import project
from clew.app.tracking import Tracking
from clew.entities import Owner, RunStatus
from clew.errors import NotFound
from clew.steps.provenance import git_state, redacted
from clew.track.ports import Artifacts

ENTRY = "main"
_OUTPUT, _INSTALLED = "project/output.txt", "project/installed.txt"


@dataclass(frozen=True, slots=True)
class ProjectRun:
    """What came of it.

    Parameters
    ----------
    status : int
        The command's exit status; negative for a signal.
    """

    id: str
    status: int
    seconds: float


def is_project(target: str) -> bool:
    """Tell whether a target of `clew run` is a folder with an ``MLproject`` file."""
    return project.find(Path(target)) is not None


def run_project(
    tracking: Tracking,
    folder: str | Path,
    given: Mapping[str, str],
    *,
    entry: str = ENTRY,
    store: str,
    server: str | None = None,
    echo: Callable[[bytes], object] = sys.stdout.buffer.write,
) -> ProjectRun:
    """Run an entry point.

    Parameters
    ----------
    given : mapping
        Parameters by name; those that the entry point does not declare become ``--name value``.
    store : str
        The store that `clew` calls within the project use, as ``CLEW_STORE`` names it.
    server : str, optional
        Address of a server of that store, for code that logs by the MLflow client.
    echo : callable
        Is given what the command prints.

    Raises
    ------
    NotFound, InvalidParameter
        When there is no such project, entry point or file, or a parameter does not fit.
    UnsupportedValue
        When the project wants a container.
    """
    found = project.load(Path(folder))
    point = found.entry(entry)
    command, values = project.command_of(point, given)
    experiment = _experiment(tracking, found.name)
    run = tracking.runs.create(
        experiment, user=getpass.getuser(), tags=_tags(found, point.name, command)
    )
    owner = Owner("run", run.id)
    shown = {name: redacted(name, value) for name, value in values.items()}
    tracking.logging.log(run.id, params=shown)
    _put(tracking.artifacts, owner, _INSTALLED, "\n".join(_installed()).encode())
    if found.environment is not None:
        content = found.environment.read_bytes()
        _put(tracking.artifacts, owner, f"project/{found.environment.name}", content)
    variables = {"CLEW_STORE": store}
    if server is not None:
        variables |= {
            "MLFLOW_TRACKING_URI": server,
            "MLFLOW_EXPERIMENT_ID": experiment,
            "MLFLOW_RUN_ID": run.id,
        }
    began = time.monotonic()
    status: RunStatus = "failed"
    try:
        code = _execute(tracking.artifacts, owner, command, found.folder, variables, echo)
        status = "finished" if code == 0 else "failed"
    except KeyboardInterrupt:
        status = "killed"
        raise
    finally:
        tracking.runs.update(run.id, status=status, ended_ms=int(time.time() * 1000))
    return ProjectRun(run.id, code, time.monotonic() - began)


def _execute(
    artifacts: Artifacts,
    owner: Owner,
    command: str,
    folder: Path,
    variables: Mapping[str, str],
    echo: Callable[[bytes], object],
) -> int:
    # "python" in a command is the interpreter that clew runs in.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    output = artifacts.writer(owner, _OUTPUT)
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **variables, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            for line in process.stdout or ():
                echo(line)
                output.write(redacted("", line.decode(errors="replace")).encode())
            return process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            output.commit()


def _experiment(tracking: Tracking, name: str) -> str:
    known = tracking.experiments.by_name(name)
    if known is None:
        return tracking.experiments.create(name).id
    if known.lifecycle == "deleted":
        raise NotFound(f"experiment {name!r} is deleted", hint="restore it, or rename the project")
    return known.id


def _tags(found: project.Project, entry: str, command: str) -> dict[str, str]:
    tags = {
        "mlflow.source.type": "PROJECT",
        "mlflow.source.name": str(found.folder.resolve()),
        "mlflow.project.entryPoint": entry,
        "mlflow.project.backend": "local",
        "clew.command": redacted("command", command),
        "clew.python": platform.python_version(),
    }
    if found.environment_kind is not None:
        tags["mlflow.project.env"] = found.environment_kind.removesuffix("_env")
    git = git_state(str(found.folder.resolve()))
    if git is not None and git.get("commit"):
        tags["mlflow.source.git.commit"] = str(git["commit"])
    return tags


def _installed() -> list[str]:
    found = {f"{d.metadata['Name']}=={d.version}" for d in metadata.distributions()}
    return sorted(found, key=str.lower)


def _put(artifacts: Artifacts, owner: Owner, path: str, content: bytes) -> None:
    writer = artifacts.writer(owner, path)
    writer.write(content)
    writer.commit()
