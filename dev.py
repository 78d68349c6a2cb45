#!/usr/bin/env python3
"""The one runner of this project, for newcomers, contributors and CI: `python3 dev.py TARGET`.

It needs Python 3.11 or newer and nothing else: it makes its own virtual environment in `.venv`,
installs there what `constraints.txt` pins, and runs the target in it. Running it again is quick:
nothing is installed while `pyproject.toml` and `constraints.txt` stay as they are. Set
`CLEW_DEV_ENV` to use another directory than `.venv`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST = (3, 11)
MAX_TEST_PROCESSES = 4

# What a target runs, after which extras are installed. "python" is the environment's interpreter.
TARGETS: dict[str, tuple[str, str, list[list[str]]]] = {
    "demo": ("demo", "run the demo: a model from raw rows to a rebuild", [["clew", "demo"]]),
    "test": (
        "dev",
        "run the tests (the fast stage)",
        [["pytest", "-n", "auto", "--maxprocesses", str(MAX_TEST_PROCESSES)]],
    ),
    "slow": (
        "dev,fuzz,peers",
        "run the heavy tests",
        [
            [
                "pytest",
                "-n",
                "auto",
                "--maxprocesses",
                str(MAX_TEST_PROCESSES),
                "-m",
                "slow",
                "--ignore",
                "tests/docs",
            ]
        ],
    ),
    "lint": (
        "dev",
        "check style and formatting",
        [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    ),
    "format": (
        "dev",
        "mend style and formatting where a tool can",
        [["ruff", "check", "--fix", "."], ["ruff", "format", "."]],
    ),
    "types": ("dev", "check types", [["mypy"]]),
    "contracts": (
        "dev",
        "check that layers import downwards only",
        [["lint-imports", "--no-logo"]],
    ),
    "docs": (
        "dev",
        "build the documentation strictly into site/ and run its examples",
        [
            ["sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "site"],
            ["pytest", "-n", "auto", "--maxprocesses", "2", "tests/docs", "-m", "slow or not slow"],
        ],
    ),
    "generate": (
        "dev",
        "rewrite what is generated: references, the OpenAPI document, the README's table",
        [["python", "docs/generate.py"], ["python", "-m", "bench.readme"]],
    ),
    "bench": (
        "dev,bench,browser",
        "list or run benchmarks against peers",
        [["python", "-m", "bench"]],
    ),
    "ui": (
        "demo",
        "open the web UI; compile it first if its sources changed",
        [["python", "frontend/build.py"], ["clew", "ui"]],
    ),
    "browser": (
        "browser",
        "check the web UI: types, unit tests, every page in a browser",
        [
            ["python", "frontend/build.py"],
            ["python", "frontend/build.py", "--script", "check"],
            ["python", "frontend/build.py", "--script", "test"],
            ["pytest", "tests/ui", "-m", "browser"],
        ],
    ),
    "hooks": ("dev", "install the git hooks", [["pre-commit", "install"]]),
    "setup": ("dev", "only set up the environment", []),
}
CHECKED = ("lint", "types", "contracts", "docs", "test")


def main() -> int:
    """Run the target named on the command line and return its exit status."""
    arguments = parse()
    os.chdir(ROOT)
    if sys.version_info < OLDEST:
        return run_with_newer_python()
    if arguments.target == "lock":
        return lock()
    targets = CHECKED if arguments.target == "check" else (arguments.target,)
    prepare(TARGETS[targets[-1]][0])
    failed = [target for target in targets if not run_target(target, arguments.rest)]
    if failed and len(targets) > 1:
        print("\nfailed: " + ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


def parse() -> argparse.Namespace:
    """Read the command line: a target, and arguments that are handed on to its last command."""
    lines = {name: summary for name, (_, summary, _) in TARGETS.items()}
    lines["check"] = "all of " + ", ".join(CHECKED)
    lines["lock"] = "resolve every dependency anew and rewrite constraints.txt"
    listing = "\n".join("  {:<10} {}".format(*line) for line in lines.items())
    parser = argparse.ArgumentParser(
        prog="dev.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Set up a virtual environment and run a target in it.\n\ntargets:\n" + listing,
        epilog="Further arguments go to the target: dev.py test tests/lineage -k cut",
    )
    parser.add_argument("target", choices=list(lines), metavar="TARGET")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...")
    return parser.parse_args()


def run_with_newer_python() -> int:
    """Hand over to a newer interpreter on the path, or say what to install."""
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([newer, *sys.argv])
    stop(
        f"clew needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.",
        "Install a newer Python (python.org, your system's packages, or `uv python install`).",
    )
    return 1


def prepare(extras: str) -> None:
    """Make the environment if it is missing, and install `extras` unless that was done."""
    python = environment() / scripts() / "python"
    stamp = environment() / ".clew-installed.json"
    done = read_stamp(stamp)
    if set(extras.split(",")) <= set(done):
        return
    if not has_pip(python):
        make_environment()
    wanted = ",".join(sorted({*done, *extras.split(",")}))
    say(f"Installing clew[{wanted}] into {shown(environment())} (minutes, the first time)")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    install += ["--disable-pip-version-check", "-c", str(CONSTRAINTS), "-e", f".[{wanted}]"]
    if subprocess.call(install, stdin=subprocess.DEVNULL):
        stop(
            "The installation failed; pip's message is above.",
            "Check that this machine reaches the package index, then run the same command again.",
        )
    stamp.write_text(json.dumps({"for": fingerprint(), "extras": wanted.split(",")}))


def has_pip(python: Path) -> bool:
    """Tell whether the environment is there and complete (an interrupted one is not)."""
    if not python.exists():
        return False
    pip = [str(python), "-m", "pip", "-V"]
    return subprocess.run(pip, capture_output=True, check=False).returncode == 0


def make_environment() -> None:
    """Create the virtual environment, with pip in it; complete one that is there."""
    where = environment()
    say(f"Making a virtual environment in {shown(where)}")
    make = [sys.executable, "-m", "venv", str(where)]
    if importlib.util.find_spec("ensurepip"):
        made = subprocess.call(make) == 0
    elif importlib.util.find_spec("pip"):
        # Debian splits ensurepip off: the system's pip can fill the environment instead.
        fill = [sys.executable, "-m", "pip", "--python", str(where / scripts() / "python")]
        made = subprocess.call([*make, "--without-pip"]) == 0
        made = made and subprocess.call([*fill, "install", "--quiet", "pip"]) == 0
    else:
        made = False
    if not made:
        stop(
            f"{sys.executable} cannot make a virtual environment (it comes without ensurepip).",
            "On Debian and Ubuntu: sudo apt install python3-venv. Then run the same command again.",
        )


def run_target(target: str, rest: list[str]) -> bool:
    """Run a target's commands in the environment; tell whether all succeeded."""
    commands = TARGETS[target][2]
    succeeded = True
    for command in [*commands[:-1], [*commands[-1], *rest]] if commands else []:
        say(" ".join(command))
        program = str(environment() / scripts() / command[0])
        succeeded = subprocess.call([program, *command[1:]], env=variables()) == 0 and succeeded
    return succeeded


def lock() -> int:
    """Resolve everything in a fresh environment and write what came out."""
    with tempfile.TemporaryDirectory() as directory:
        os.environ["CLEW_DEV_ENV"] = directory
        make_environment()
        pip = [str(environment() / scripts() / "python"), "-m", "pip"]
        subprocess.check_call(
            [*pip, "install", "--quiet", "--no-input", "-e", ".[dev,bench,browser,fuzz,node]"]
        )
        frozen = subprocess.check_output([*pip, "freeze", "--exclude", "clew"], text=True)
    header = textwrap.dedent(
        """\
        # What the project's own commands install: a fresh resolution of
        # clew[dev,bench,browser,fuzz,node], without torch. Users of clew are not bound by it;
        # they get the ranges of pyproject.toml.
        # Refresh with `python3 dev.py lock`, on the oldest Python in use (3.11.2, of Debian 12).
        """
    )
    pins = sorted((line for line in frozen.splitlines() if "==" in line), key=str.lower)
    CONSTRAINTS.write_text(header + "\n".join(pins) + "\n")
    return 0


def environment() -> Path:
    """Return the directory of the virtual environment."""
    return Path(os.environ.get("CLEW_DEV_ENV") or ROOT / ".venv").resolve()


def scripts() -> str:
    """Return the name of the directory in which an environment keeps its programs."""
    return "Scripts" if os.name == "nt" else "bin"


def variables() -> dict[str, str]:
    """Return the process environment with the virtual environment switched on."""
    path = str(environment() / scripts()) + os.pathsep + os.environ.get("PATH", "")
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    return {**kept, "PATH": path, "VIRTUAL_ENV": str(environment())}


def fingerprint() -> str:
    """Return a hash of everything that decides what an installation holds."""
    parts = [CONSTRAINTS.read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    parts += [str(ROOT).encode(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp(stamp: Path) -> list[str]:
    """Return the extras that were installed from the present files."""
    try:
        content = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return []
    return list(content["extras"]) if content.get("for") == fingerprint() else []


def shown(path: Path) -> str:
    """Return a path as the user would write it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def say(text: str) -> None:
    """Tell the user which part begins."""
    print("» " + text, flush=True)


def stop(problem: str, hint: str) -> None:
    """End with a message that says what to do."""
    sys.exit(f"{problem}\n{hint}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
