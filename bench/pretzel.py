"""Pretzel's case: 250 pipelines of text in one process, similar and yet all different.

Each is scikit-learn's union of word and character n-grams before a logistic regression, trained on
the comments of one video (UCI YouTube Spam Collection) with a strength of its own; the two
dictionaries are those of all comments. The peer is a process that loads the 250 pickles. Whole
processes are compared, interpreter and libraries included.
"""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from bench.data import beside
from bench.figure import Figure
from bench.place import fresh_store

CAP_MB = 512


def figures(quick: bool) -> Iterator[Figure]:
    import sklearn

    n_models, n_requests = (25, 200) if quick else (250, 4000)
    peer_name = f"scikit-learn {sklearn.__version__}, unshared"
    with tempfile.TemporaryDirectory() as folder, fresh_store():
        place = Path(folder)
        built = build(place, n_models)
        ours, peer = hold("clew", place), hold("pickles", place)
        yield Figure(
            "pretzel.memory",
            peer["rss_mb"] / ours["rss_mb"],
            "ratio",
            clew=ours["rss_mb"],
            peer=peer["rss_mb"],
            peer_name=peer_name,
            agrees=built and same(ours["answers"], peer["answers"]),
        )
        ours, peer = (ask(kind, place, n_requests) for kind in ("clew", "pickles"))
        yield Figure(
            "pretzel.p99",
            peer["p99_ms"] / ours["p99_ms"],
            "ratio",
            clew=ours["p99_ms"],
            peer=peer["p99_ms"],
            peer_name=f"{peer_name}, within {CAP_MB} MB",
            agrees=same(ours["answers"], peer["answers"]) and ours["peak_mb"] <= CAP_MB,
        )


def hold(kind: str, place: Path) -> dict[str, Any]:
    """Return what a process that holds all models takes, once each has answered every text."""
    return child("hold", kind, place, 0)


def ask(kind: str, place: Path, n_requests: int) -> dict[str, Any]:
    """Return the latency of requests to models by chance, under the cap."""
    return child("ask", kind, place, n_requests)


def child(what: str, kind: str, place: Path, n_requests: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.pretzel_child", what, kind, str(place)]
    done = subprocess.run(
        [*command, str(n_requests), str(CAP_MB)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def same(ours: list[list[Any]], peers: list[list[Any]]) -> bool:
    """Tell whether labels are equal and probabilities within 1e-9."""
    return len(ours) == len(peers) and all(
        a[0] == b[0] and abs(a[1] - b[1]) < 1e-9 for a, b in zip(ours, peers, strict=True)
    )


def build(place: Path, n_models: int) -> bool:
    """Fit the pipelines; write each as a pickle and compiled. True: all of them are plans."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion, make_pipeline

    from clew.serve import Shelf, compile_model

    videos = comments()
    texts = [text for one in videos for text, _ in one]
    (place / "texts.json").write_text(json.dumps(texts[:: len(texts) // 40]))
    words = TfidfVectorizer(ngram_range=(1, 3))
    signs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5))
    terms = FeatureUnion([("words", words), ("signs", signs)]).fit(texts)
    shelf, plans = Shelf(place / "shelf"), True
    (place / "pickles").mkdir()
    matrices = [terms.transform([text for text, _ in one]) for one in videos]
    for at in range(n_models):
        video = at % len(videos)
        strength = float(np.logspace(-1, 2, n_models)[at])
        model = LogisticRegression(C=strength, solver="liblinear")
        model.fit(matrices[video], [label for _, label in videos[video]])
        fitted = make_pipeline(terms, model)
        # Compared on every comment of its own video: 250 times all would take an hour.
        compiled = compile_model(fitted, [text for text, _ in videos[video]][:100])
        plans = plans and compiled.form == "text"
        shelf.put(f"m{at}", compiled)
        (place / "pickles" / f"m{at}").write_bytes(pickle.dumps(fitted))
    return plans


@cache
def comments() -> list[list[tuple[str, int]]]:
    """Return the comments of each video with 1 for spam."""
    folder = beside("youtube_spam")
    found = []
    for path in sorted(folder.glob("Youtube*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.append([(row["CONTENT"], int(row["CLASS"])) for row in csv.DictReader(file)])
    return found
