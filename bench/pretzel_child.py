"""A process that holds many pipelines of text: compiled and shared, or each from its pickle."""

from __future__ import annotations

import json
import pickle
import random
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = Callable[[str, str], tuple[Any, float]]


def main(what: str, kind: str, place: Path, n_requests: int, cap_mb: float) -> dict[str, Any]:
    texts = json.loads((place / "texts.json").read_text())
    names = sorted(path.name for path in (place / "pickles").iterdir())
    answer = {"clew": compiled, "pickles": pickles}[kind](
        place, cap_mb if what == "ask" else float("inf")
    )
    if what == "hold":
        found = [answer(name, text) for text in texts for name in names]
        return {"rss_mb": memory_mb("VmRSS"), "answers": found}
    generator = random.Random(0)
    asked = [(generator.choice(names), generator.choice(texts)) for _ in range(n_requests)]
    for name in names:  # warm: each was asked once
        answer(name, texts[0])
    spent, found = [], []
    for name, text in asked:
        before = time.thread_time()
        found.append(answer(name, text))
        spent.append(time.thread_time() - before)
    spent.sort()
    return {
        "p50_ms": spent[len(spent) // 2] * 1e3,
        "p99_ms": spent[len(spent) * 99 // 100] * 1e3,
        "peak_mb": memory_mb("VmHWM"),
        "answers": found,
    }


def compiled(place: Path, cap_mb: float) -> Answer:
    from clew.serve import Fleet, Shelf

    # No text's terms are kept: every request pays for its stages.
    fleet = Fleet(Shelf(place / "shelf"), remembered=0)

    def answer(name: str, text: str) -> tuple[Any, float]:
        found = fleet.answer(name, [text])
        assert found.probabilities is not None
        return found.predictions[0].item(), float(found.probabilities[0, 1])

    return answer


def pickles(place: Path, cap_mb: float) -> Answer:
    """Hold the pipelines used last, as many as fit under the cap; read the others when asked."""
    held: OrderedDict[str, Any] = OrderedDict()

    def answer(name: str, text: str) -> tuple[Any, float]:
        model = held.pop(name, None)
        if model is None:
            while held and memory_mb("VmRSS") > cap_mb - 16:
                held.popitem(last=False)
            content = (place / "pickles" / name).read_bytes()
            model = pickle.loads(content)  # noqa: S301 - the benchmark wrote it
        held[name] = model
        return model.predict([text])[0].item(), float(model.predict_proba([text])[0, 1])

    return answer


def memory_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise AssertionError(field)


if __name__ == "__main__":
    what, kind, place, n_requests, cap_mb = sys.argv[1:]
    json.dump(main(what, kind, Path(place), int(n_requests), float(cap_mb)), sys.stdout)
