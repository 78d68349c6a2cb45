"""Run a program in a child of this process, which has its libraries loaded already."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What one run of a program printed, and how it ended."""

    printed: str
    errors: str
    status: int


def run(folder: Path, variables: Mapping[str, str] | None = None, *, forget: str = "") -> Ran:
    """Run a folder's main.py, with the folder first on the path and its own store.

    Parameters
    ----------
    variables : mapping, optional
        Environment variables.
    forget : str
        A package that the program imports anew, from its own folder.
    """
    out, err = folder / ".stdout", folder / ".stderr"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _redirect(out, err)
            _settle(folder, variables or {}, forget)
            status = _execute()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    ran = Ran(out.read_text(), err.read_text(), os.waitstatus_to_exitcode(ended))
    out.unlink()
    err.unlink()
    return ran


def _redirect(out: Path, err: Path) -> None:
    for file, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")


def _settle(folder: Path, variables: Mapping[str, str], forget: str) -> None:
    sys.dont_write_bytecode = True
    os.chdir(folder)
    os.environ.update(variables)
    os.environ["CLEW_STORE"] = str(folder / ".clew")
    sys.path[:0] = [str(folder), str(folder / "site-packages")]
    for name in [name for name in sys.modules if forget and name.split(".")[0] == forget]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _execute() -> int:
    status = 0
    try:
        runpy.run_path("main.py", run_name="__main__")
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status
