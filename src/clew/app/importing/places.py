"""Where an MLflow store's artifacts lie on this machine, if they may be read.

An artifact address in a foreign store is only text: it may name any file. So files are read only in
folders that the user named, or that lie beside the store; an address that points elsewhere is
looked for under those by its last parts (``EXPERIMENT/RUN/artifacts``), as stores are moved around.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from clew.adapters.trackers import tree
from clew.errors import NotFound

BESIDE = ("mlartifacts", "mlruns", "artifacts")


class Places:
    """The folders in which artifacts may be read.

    Parameters
    ----------
    store : Path
        MLflow's file or folder.
    named : sequence of Path
        Folders that the user named; without them, those beside the store.
    """

    def __init__(self, store: Path, named: Sequence[Path]) -> None:
        for folder in named:
            if not folder.is_dir():
                raise NotFound(f"no folder {folder}", hint="--artifacts names where they lie")
        beside = [store] if store.is_dir() else [store.parent / name for name in BESIDE]
        self._roots = [folder.resolve() for folder in named or beside if folder.is_dir()]

    def find(self, address: str | None, experiment: str, *tail: str) -> Path | None:
        """Return the folder of an address, or None where it is not on this machine.

        Parameters
        ----------
        address : str or None
            As the foreign store has it: a path, ``file:``, ``mlflow-artifacts:/…``, ``s3://…``.
        experiment, tail : str
            The parts that the folder's path ends with in every MLflow store.
        """
        for path in self._candidates(address, experiment, *tail):
            for root in self._roots:
                if path.is_dir() and tree.below(root, path):
                    return path
        return None

    def is_elsewhere(self, address: str) -> bool:
        """Tell whether files may lie at an address that cannot be read here.

        An address on this machine at which nothing lies belongs to a run without artifacts.
        """
        parts = urlsplit(address)
        if parts.scheme in ("", "file"):
            return Path(unquote(parts.path)).exists()
        return parts.scheme != "mlflow-artifacts" or not self._roots

    def _candidates(self, address: str | None, *tail: str) -> list[Path]:
        parts = urlsplit(address or "")
        path = unquote(parts.path)
        found = []
        if parts.scheme in ("", "file") and path:
            found.append(Path(path))
            found += [root.parent / path for root in self._roots if not path.startswith("/")]
        if parts.scheme == "mlflow-artifacts":
            found += [root / path.lstrip("/") for root in self._roots]
        return [*found, *(root.joinpath(*tail) for root in self._roots)]
