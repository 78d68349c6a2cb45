"""Operation-level reuse: the same NumPy function on plain and on traced arrays.

CPU seconds, user and system, one thread. Every function below is ordinary NumPy and knows nothing
of clew.
Memory that a process never had before is dearer to get than memory that it had: so the traced
function runs once on all the data before either side is measured. Then plain NumPy runs once (its
many configurations are repeats in themselves), and the traced function, which is short, three
times, in a session of its own each; the median counts.

The cases are those of LIMA's evaluation (SIGMOD 2021, section 5): tuning a linear model (HLM),
stepwise regression, cross-validation, PCA with naive Bayes, and a de-duplicated trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.figure import Figure

CLOSE = 1e-8
"""Largest deviation of results, relative, that rewrites of these cases may show."""


def _rows(quick: bool) -> int:
    return 50_000 if quick else 200_000


def tuning(quick: bool) -> Figure:
    """90 linear models over 3 Gram matrices."""
    return _against_numpy("trace.hlm", hlm, _regression(_rows(quick), 100), ">= 12.4")


def selection(quick: bool) -> Figure:
    """Forward selection of columns."""
    return _against_numpy(
        "trace.stepwise", stepwise, _regression(2 * _rows(quick), 60)[:2], ">= 10"
    )


def folds(quick: bool) -> Figure:
    """16 folds x 6 strengths."""
    return _against_numpy("trace.cv", cross_validation, _regression(_rows(quick), 100)[:2], ">= 10")


def linear_model(X: Any, y: Any, intercept: int, strength: float) -> tuple[Any, Any, Any]:
    """Ridge in closed form; intercept: 0 none, 1 added, 2 added to standardised columns."""
    shift, scale = 0.0, 1.0
    if intercept == 2:
        shift, scale = X.mean(axis=0), X.std(axis=0)
        X = (X - shift) / scale
    if intercept:
        X = np.column_stack([X, np.ones(len(X))])
    left = X.T @ X + strength * np.eye(X.shape[1])
    return np.linalg.solve(left, X.T @ y), shift, scale


def hlm(X: Any, y: Any, X_new: Any, y_new: Any) -> list[float]:
    """90 configurations: 3 ways to treat the intercept x 30 strengths; loss on new rows."""
    losses = []
    for intercept in range(3):
        for strength in np.logspace(-4, 4, 30):
            weights, shift, scale = linear_model(X, y, intercept, float(strength))
            rows = (X_new - shift) / scale if intercept == 2 else X_new
            if intercept:
                rows = np.column_stack([rows, np.ones(len(rows))])
            losses.append(float(((y_new - rows @ weights) ** 2).mean()))
    return losses


def stepwise(X: Any, y: Any) -> list[float]:
    """Forward selection by AIC: columns are added while the criterion falls."""
    rows, width = X.shape
    current = np.ones((rows, 1))
    chosen: list[int] = []
    best = np.inf
    path = []
    squared = float(y @ y)
    while len(chosen) < width:
        trials = []
        for column in range(width):
            if column not in chosen:
                candidate = np.column_stack([current, X[:, column]])
                right = candidate.T @ y
                weights = np.linalg.solve(candidate.T @ candidate, right)
                residual = squared - float(weights @ right)
                criterion = rows * np.log(residual / rows) + 2 * candidate.shape[1]
                trials.append((float(criterion), column))
        criterion, column = min(trials)
        if criterion >= best:
            break
        best = criterion
        chosen.append(column)
        current = np.column_stack([current, X[:, column]])
        path.extend([criterion, float(column)])
    return path


def cross_validation(X: Any, y: Any) -> list[float]:
    """16 folds x 6 ridge strengths, leaving one fold out; mean squared errors."""
    edges = np.linspace(0, len(y), 17).astype(int)
    errors = []
    for strength in np.logspace(-3, 2, 6):
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            rows = np.concatenate([X[:start], X[stop:]])
            target = np.concatenate([y[:start], y[stop:]])
            left = rows.T @ rows + float(strength) * np.eye(X.shape[1])
            weights = np.linalg.solve(left, rows.T @ target)
            errors.append(float(((y[start:stop] - X[start:stop] @ weights) ** 2).mean()))
    return errors


def project(X: Any, X_new: Any, components: int) -> tuple[Any, Any]:
    """Principal components by the covariance matrix."""
    mean = X.mean(axis=0)
    centred = X - mean
    _, vectors = np.linalg.eigh(centred.T @ centred / (len(X) - 1))
    axes = vectors[:, ::-1][:, :components]
    return centred @ axes, (X_new - mean) @ axes


def naive_bayes(Z: Any, labels: Any, Z_new: Any, classes: int, smoothing: float) -> Any:
    """Gaussian naive Bayes: the most likely class of each new row."""
    members = [Z[labels == label] for label in range(classes)]
    means = np.stack([rows.mean(axis=0) for rows in members])
    variances = np.stack([rows.var(axis=0) for rows in members])
    variances = variances + smoothing * Z.var(axis=0).max()
    priors = np.log(np.array([len(rows) for rows in members]) / len(Z))
    # The square multiplied out: two products instead of an array of differences for each class.
    distance = (Z_new**2) @ (1 / variances).T - 2 * (Z_new @ (means / variances).T)
    constant = (means**2 / variances + np.log(2 * np.pi * variances)).sum(axis=1)
    return np.argmax(priors - 0.5 * (distance + constant), axis=1)


def pca_nb(quick: bool) -> Figure:
    """PCA and naive Bayes, 10 numbers of components x 10 smoothings, against scikit-learn."""
    import sklearn
    from sklearn.decomposition import PCA
    from sklearn.naive_bayes import GaussianNB

    X, labels, X_new, labels_new = _classes(20_000 if quick else 60_000, 100, 6)
    space = [(k, s) for k in range(10, 101, 10) for s in np.logspace(-9, 0, 10).tolist()]

    def ours(X: Any, labels: Any, X_new: Any) -> list[float]:
        found = []
        for components, smoothing in space:
            Z, Z_new = project(X, X_new, components)
            guess = naive_bayes(Z, labels, Z_new, 6, smoothing)
            found.append(float((guess == labels_new).mean()))
        return found

    def theirs() -> list[float]:
        found = []
        for components, smoothing in space:
            pca = PCA(components).fit(X)
            model = GaussianNB(var_smoothing=smoothing).fit(pca.transform(X), labels)
            found.append(float((model.predict(pca.transform(X_new)) == labels_new).mean()))
        return found

    peer, expected = _seconds(theirs)
    mine, got = _traced(ours, (X, labels, X_new))
    agrees = bool(np.allclose(got, expected, atol=2 / len(labels_new)))
    name = f"scikit-learn {sklearn.__version__}"
    return Figure("trace.pca_nb", peer / mine, "ratio", mine, peer, name, agrees, ">= 8")


def dedup_bytes(quick: bool) -> Figure:
    """Bytes of the trace of a loop of 400,000 items with two control paths."""
    from clew.reuse.trace import loop, parse, serialise, session, trace

    steps = 1_000 if quick else 20_000
    start = np.linspace(0.1, 1.0, 4)
    with session(budget_bytes=0):
        folded = _recurrence(trace(start), loop(range(steps)))
        text = serialise(folded.lineage)
        plain = serialise(folded.lineage, plain=True)
        agrees = parse(text).id == folded.lineage.id
    items = plain.count("\n") - 2
    size = len(text.encode()) * (400_000 / items)
    return Figure(
        "trace.dedup_bytes", size, "bytes", size, len(plain.encode()) * (400_000 / items),
        "the plain trace", agrees, "<= 630000",
    )  # fmt: skip


def _recurrence(x: Any, steps: Any) -> Any:
    for step in steps:
        y = x * 0.5 + 0.25
        for _ in range(8):
            y = (y - 0.1) * 1.01
        irregular = (step * 2654435761) % 1000 < 400
        x = np.sqrt(y * y + 1.0) if irregular else np.tanh(y) * 0.5 + step
    return x


def overhead(quick: bool) -> Figure:
    """Operations of .3 to 5 ms, all different: CPU time traced to plain, less one.

    The two take turns at going first, and the median of the pairs counts: on a machine that others
    use, the least of each may come from different moments.
    """
    from clew.reuse.trace import session, trace

    def operations(run: Callable[..., Any], X: Any) -> tuple[float, Any]:
        with session():
            array = trace(X)
            return _seconds(partial(run, array))

    X = np.random.default_rng(0).normal(size=(3000, 200))
    rounds, repeats = 5, 30 if quick else 60
    plain, traced, agrees = [], [], True
    for repeat in range(repeats):
        run = partial(_all_different, rounds=rounds, offset=repeat)
        if repeat % 2:
            seconds, expected = _seconds(partial(run, X))
            traced_s, got = operations(run, X)
        else:
            traced_s, got = operations(run, X)
            seconds, expected = _seconds(partial(run, X))
        plain.append(seconds)
        traced.append(traced_s)
        pairs = zip(got, expected, strict=True)
        agrees = agrees and all(np.asarray(a).tobytes() == b.tobytes() for a, b in pairs)
    value = float(np.median(np.array(traced) / np.array(plain))) - 1
    name, mine, peer = f"numpy {np.__version__}", min(traced), min(plain)
    return Figure("trace.overhead", value, "share", mine, peer, name, agrees, "<= 0.05")


def _all_different(X: Any, rounds: int, offset: int) -> list[Any]:
    found = []
    for step in range(rounds):
        Y = np.tanh(X * (0.5 + offset + step))
        found.append(np.sort(Y, axis=0).std(axis=0))
        found.append(np.linalg.inv(Y.T @ Y))
    return found


def _against_numpy(
    name: str, function: Callable[..., list[float]], data: tuple[Any, ...], asked: str
) -> Figure:
    _traced(function, data)
    peer, expected = _seconds(lambda: function(*data))
    runs = [_traced(function, data) for _ in range(3)]
    mine = float(np.median([seconds for seconds, _ in runs]))
    agrees = all(bool(np.allclose(got, expected, rtol=CLOSE)) for _, got in runs)
    return Figure(name, peer / mine, "ratio", mine, peer, f"numpy {np.__version__}", agrees, asked)


def _traced(function: Callable[..., Any], data: tuple[Any, ...]) -> tuple[float, Any]:
    """Run a function on traced arrays in a session of its own; tracing them is counted too."""
    from clew.reuse.trace import session, trace

    with session():
        return _seconds(lambda: function(*[trace(array) for array in data]))


def _seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def _regression(rows: int, width: int) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, width)) + rng.normal(size=width)
    weights = rng.normal(size=width) * (rng.random(width) < 0.5)
    y = X @ weights + rng.normal(size=rows)
    held = rows // 10
    return X, y, np.array(X[:held]) + 0.1, np.array(y[:held])


def _classes(rows: int, width: int, classes: int) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(11)
    labels = rng.integers(0, classes, size=rows)
    centres = rng.normal(size=(classes, width))
    mixing = rng.normal(size=(width, width)) / np.sqrt(width)
    X = (rng.normal(size=(rows, width)) * np.linspace(2, 0.1, width)) @ mixing + centres[labels]
    held = rows // 10
    return X[held:], labels[held:], X[:held].copy(), labels[:held].copy()


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "trace.hlm": tuning,
    "trace.stepwise": selection,
    "trace.cv": folds,
    "trace.pca_nb": pca_nb,
    "trace.dedup_bytes": dedup_bytes,
    "trace.overhead": overhead,
}
"""Every figure on its own: one can be measured without the others."""
