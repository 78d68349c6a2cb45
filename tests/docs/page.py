"""Run the examples of one page, in order, as a reader would: `python page.py < blocks.json`.

Runs in an empty directory, in a process of its own. Python blocks share one namespace, as cells of
a notebook do; console blocks go to the shell; a block whose first line is a comment with a file
name (`# flow.py`) is written to that file.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import subprocess
import sys
import types
from pathlib import Path

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
TIMEOUT_S = 300


def agrees(expected: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(
        expected.rstrip() + "\n", got.rstrip() + "\n", FLAGS
    )


def run_python(source: str, number: int) -> str:
    path = Path(f"example_{number}.py").resolve()
    path.write_text(source)
    page = sys.modules["__main__"]
    page.__file__ = str(path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(path), "exec"), page.__dict__)
    return printed.getvalue()


def run_console(source: str, where: str) -> None:
    for command, expected in commands(source):
        status = int(m[1]) if (m := re.search(r"#.*\bexits with (\d+)", command)) else 0
        done = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        if done.returncode != status:
            fail(where, f"$ {command}\nended with {done.returncode}:\n{done.stdout}")
        if expected.strip() and not agrees(expected, done.stdout):
            fail(where, f"$ {command}\nexpected:\n{expected}\ngot:\n{done.stdout}")


def commands(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in source.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0] + "\n" + line, "")
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def fail(where: str, message: str) -> None:
    sys.exit(f"{where}: {message}")


def main() -> None:
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.path.insert(0, "")
    printed = ""
    for number, block in enumerate(json.load(sys.stdin)):
        source, where = block["source"], f"{block['page']}:{block['line']}"
        file_name = re.match(r"# ([\w/.-]+\.\w+)$", source.splitlines()[0])
        if file_name:
            Path(file_name[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(file_name[1]).write_text(source)
        elif block["language"] == "python":
            printed = run_python(source, number)
        elif block["language"] == "console":
            run_console(source, where)
        elif block["language"] == "output" and not agrees(source, printed):
            fail(where, f"expected:\n{source}\ngot:\n{printed}")


if __name__ == "__main__":
    main()
