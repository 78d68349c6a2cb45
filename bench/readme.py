"""Write the table of measured figures into README.md: `python -m bench.readme`.

Each figure's row shows the newest line of `bench/results.jsonl`. A test fails while README's table
differs from what this would write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.__main__ import RESULTS, short
from bench.asked import ASKED, Asked

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- figures: written by `python3 dev.py generate` -->"
END = "<!-- end of figures -->"
UNITS = {"ratio": "×", "share": "", "count": "", "fraction": ""}


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the Markdown table: a row per figure that was measured."""
    lines = ["| figure | what | asked | measured | peer |", "|---|---|---|---|---|"]
    lines += [row(f, asked, results[f]) for f, asked in ASKED.items() if f in results]
    if len(lines) == 2:
        return "Nothing was measured yet."
    return "\n".join([*lines, "", measured_on(results)])


def row(figure: str, asked: Asked, line: dict[str, Any]) -> str:
    """Return the row of one figure; a miss is said, not hidden."""
    value = f"{short(float(line['value']))}{unit(line['unit'])}"
    mark = "" if asked.met_by(line["value"]) else " (missed)"
    return (
        f"| `{figure}` | {asked.what} | {bound(asked.bound, line['unit'])} | {value}{mark} "
        f"| {line['peer_name'] or ''} |"
    )


def bound(text: str, name: str) -> str:
    """Return a bound as people write it: ``≤ 3 ms``."""
    sign, number = text.split()
    return f"{ {'<=': '≤ ', '>=': '≥ ', '==': ''}[sign] }{number}{unit(name)}"


def unit(name: str) -> str:
    """Return what stands behind a number of this unit."""
    return UNITS.get(name, f" {name}")


def measured_on(results: dict[str, dict[str, Any]]) -> str:
    """Return the sentence that names the machines."""
    machines = {
        f"{m['cores']} cores of {m['cpu']}, Python {m['python']}"
        for m in (results[figure]["machine"] for figure in ASKED if figure in results)
    }
    return "Measured on " + "; ".join(sorted(machines)) + "."


def latest(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """Return the newest saved line of each figure."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    return {line["figure"]: line for line in lines}


def written(readme: str) -> str:
    """Return `readme` with its table as it should be."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(latest())}\n{END}{after}"


def main() -> None:
    """Rewrite the table in README.md."""
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
