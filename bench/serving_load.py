"""Load on a served model from a process of its own: wrk over keep-alive connections."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local at = %d
request = function()
  at = at %% #bodies + 1
  return wrk.format("POST", "%s", {["Content-Type"] = "application/json"}, bodies[at])
end
"""
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Load:
    """What a load saw: requests a second, latencies, failures, and the server's CPU a request."""

    rps: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_ms: float


@contextmanager
def served(learner: str, mode: str) -> Iterator[tuple[str, int, str]]:
    """Serve a model in a process; give its address, process id and form."""
    with tempfile.TemporaryDirectory(prefix="clew-serving-") as folder:
        environment = {**os.environ, "CLEW_STORE": f"{folder}/store"}
        command = [sys.executable, "-m", "bench.serving_host", folder, learner, mode]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout is not None
            try:
                address, form = process.stdout.readline().split()
                yield address, process.pid, form
            finally:
                process.terminate()


def bodies(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return one-row requests of the Open Inference Protocol."""
    made = []
    for row in rows:
        inputs = [
            {
                "name": name,
                "shape": [1, 1],
                "datatype": "BYTES" if isinstance(value, str) else "FP64",
                "data": [value],
            }
            for name, value in row.items()
        ]
        made.append(json.dumps({"inputs": inputs}))
    return made


def load(
    address: str, pid: int, requests: Sequence[str], *, connections: int, seconds: int
) -> Load:
    """Send requests over and over.

    Raises
    ------
    FileNotFoundError
        When wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise FileNotFoundError("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        lines, script = Path(folder) / "bodies", Path(folder) / "load.lua"
        lines.write_text("\n".join(requests) + "\n")
        script.write_text(_SCRIPT % (lines, 0, "/v2/models/adult/infer"))
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            str(script),
        ]
        before = cpu_s(pid)
        done = subprocess.run([*command, address], capture_output=True, text=True, check=True)
        used = cpu_s(pid) - before
    return parsed(done.stdout, used)


def parsed(text: str, cpu_used_s: float) -> Load:
    found = re.search(r"(\d+) requests in", text)
    count = int(found[1]) if found else 0
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    failed += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", text))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return Load(
        float(rate[1]) if rate else 0.0,
        quantile(text, "50%"),
        quantile(text, "99%"),
        failed,
        cpu_used_s / max(count, 1) * 1e3,
    )


def quantile(text: str, name: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s|m)", text)
    return float(found[1]) * _UNITS[found[2]] if found else float("inf")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system) of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
