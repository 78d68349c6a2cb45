"""Policies ranked without training: how well changed rows fit the labels of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.augment.dataset import labels_of
from clew.augment.policy import Policy
from clew.errors import InvalidParameter

Matrix = npt.NDArray[np.float64]

WIDTH = 0.4  # of the kernel, in median distances of rows: it sees neighbours, not the whole cloud
MOST_ROWS = 2_000


def alignment(policy: Policy | None, X: Any, y: Any, *, copies: int = 6, seed: int = 0) -> float:
    """Return how well a policy's changed rows agree with the labels, in [-1, 1]; more is better.

    Training on changed rows is, to first order, training on each row's features averaged over
    its changes (Dao et al., *A kernel theory of modern data augmentation*, ICML 2019, section
    4), so the averages stand for the trained model: the kernel between averaged and plain
    features is compared with that of the labels by centred alignment (Cortes, Mohri,
    Rostamizadeh, JMLR 2012). Nothing is trained. The kernel is Gaussian.

    Parameters
    ----------
    policy
        On images or series; None for the data as it is.
    X
        Images or series, as `Policy` takes them; shape (n, ...).
    y
        Classes; shape (n,).
    copies
        Changes of a row that are averaged.
    seed
        Of the sample, where there are more than 2,000 rows.

    Raises
    ------
    InvalidParameter
        When there is one class only, the lengths differ, or the policy is on texts.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from clew.augment import Policy, alignment
    >>> digits = load_digits()
    >>> images = digits.images[:300] / 16
    >>> gentle, upside_down = Policy([[("rotate", 1.0, 0.3)]]), Policy([[("flip_y",)]])
    >>> y = digits.target[:300]
    >>> alignment(gentle, images, y) > alignment(upside_down, images, y)
    True
    """
    rows, labels = np.asarray(X), labels_of(X, y)
    if policy is not None and policy.kind == "text":
        raise InvalidParameter("the policy", got="text", expected="images or series")
    if len(rows) > MOST_ROWS:
        kept = np.sort(np.random.default_rng(seed).permutation(len(rows))[:MOST_ROWS])
        rows, labels = rows[kept], labels[kept]
    if len(np.unique(labels)) < 2:
        raise InvalidParameter(
            "the classes", got=str(len(np.unique(labels))), expected="two at least"
        )
    plain = _flat(rows)
    apart = _distances(plain, plain)
    known = apart[apart > 0]
    scale = 2.0 * WIDTH**2 * (float(np.median(known)) if len(known) else 1.0)
    if policy is None:
        kernel = np.exp(-apart / scale)
    else:
        kernel = np.zeros_like(apart)
        for copy in range(copies):
            kernel += np.exp(-_distances(_flat(policy(rows, epoch=copy)), plain) / scale) / copies
    ours, target = _centred(kernel), _centred((labels[:, None] == labels).astype(np.float64))
    size = float(np.linalg.norm(ours) * np.linalg.norm(target))
    return float((ours * target).sum() / size) if size > 0 else 0.0


def _distances(a: Matrix, b: Matrix) -> Matrix:
    """Return squared distances of rows: shape (len(a), len(b))."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
    return np.asarray(np.maximum(squares, 0.0))


def _centred(kernel: Matrix) -> Matrix:
    rows, columns = kernel.mean(axis=1, keepdims=True), kernel.mean(axis=0, keepdims=True)
    return np.asarray(kernel - rows - columns + kernel.mean())


def _flat(X: npt.NDArray[Any]) -> Matrix:
    scale = 255.0 if X.dtype == np.uint8 else 1.0
    return np.asarray(X.reshape(len(X), -1), np.float64) / scale
