"""`build`: a folder from which an image of a served model builds, everything in it pinned."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from clew.app.serving import Found
from clew.app.transfer.write import export
from clew.errors import AlreadyExists, NotFound
from clew.lineage.fingerprint import fingerprint
from clew.track.requirements import locked

_NEEDS = ("clew", "onnx", "onnxruntime", "skl2onnx", "scikit-learn", "skops", "pandas", "pyarrow")


@dataclass(frozen=True, slots=True)
class Built:
    """A folder from which an image builds.

    Parameters
    ----------
    comparison : str
        How the model in it was compared with the one in the store.
    """

    folder: Path
    packages: int
    comparison: str


def build(
    found: Found, folder: Path, *, wheel: Path | None = None, tolerance: float = 1e-6
) -> Built:
    """Write a folder with a model, its environment pinned, and a Dockerfile that serves it.

    Parameters
    ----------
    found : Found
        The model and rows that it was fitted on.
    folder : Path
        It must not be there.
    wheel : Path, optional
        A wheel of clew to install, where its version is on no index.

    Raises
    ------
    AlreadyExists
        When the folder is there.
    UnsupportedValue
        When the model cannot be written without code, or does not come back the same.
    """
    if folder.exists():
        raise AlreadyExists("something is there already", got=str(folder))
    if wheel is not None and not wheel.is_file():
        raise NotFound("there is no such wheel", got=str(wheel))
    folder.mkdir(parents=True)
    try:
        done = export(found, "pyfunc", folder / "model", tolerance=tolerance)
        pinned = _pinned(folder)
        if wheel is not None:
            shutil.copy(wheel, folder / wheel.name)
            pinned = [line for line in pinned if not line.startswith("clew==")]
        (folder / "requirements.txt").write_text("\n".join(pinned) + "\n", "utf-8")
        (folder / "Dockerfile").write_text(_dockerfile(found, wheel), "utf-8")
        (folder / ".dockerignore").write_text("**/__pycache__\n", "utf-8")
        manifest = {
            "model": found.name,
            "version": found.version,
            "content": found.content,
            "python": platform.python_version(),
            "comparison": done.comparison,
            "files": {
                path.relative_to(folder).as_posix(): fingerprint(path.read_bytes()).hex()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            },
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    except BaseException:
        shutil.rmtree(folder)
        raise
    return Built(folder, len(pinned), done.comparison)


def _pinned(folder: Path) -> list[str]:
    """Return what serving needs and what the model needs, as installed here."""
    of_model = (folder / "model" / "requirements.txt").read_text("utf-8").split()
    lines = {line.partition("==")[0]: line for line in (*locked(_NEEDS), *of_model)}
    if "clew" not in lines:
        lines["clew"] = f"clew=={importlib.metadata.version('clew')}"
    return [lines[name] for name in sorted(lines)]


def _dockerfile(found: Found, wheel: Path | None) -> str:
    install = "-r requirements.txt" if wheel is None else f"-r requirements.txt ./{wheel.name}"
    copied = "requirements.txt" if wheel is None else f"requirements.txt {wheel.name}"
    # The model is compared with what its files say while the image builds, and compiled once.
    return f"""\
FROM python:{platform.python_version()}-slim
WORKDIR /srv
ENV CLEW_STORE=/srv/store PYTHONUNBUFFERED=1
COPY {copied} ./
RUN pip install --no-cache-dir {install}
COPY model model
COPY manifest.json ./
RUN clew init && clew model import model --name {found.name} --alias champion
EXPOSE 5090
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; \
u.urlopen('http://127.0.0.1:5090/v2/health/ready', timeout=3)"]
CMD ["clew", "serve", "{found.name}@champion", "--host", "0.0.0.0", "--port", "5090"]
"""
