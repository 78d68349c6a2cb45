"""Data sets that grow by changed rows: whole, or batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.augment.policy import Policy
from clew.errors import InvalidParameter


def grown(X: Any, y: Any, policy: Policy, *, copies: int = 1) -> tuple[Any, npt.NDArray[Any]]:
    """Return the rows and `copies` changed ones of each, with their labels.

    Parameters
    ----------
    X
        What the policy takes; shape (n, ...).
    y
        Shape (n,) or (n, outputs).
    copies
        Changed rows per row; the copy of number k is that of epoch k.

    Returns
    -------
    tuple
        ``X`` with (1 + copies) n rows, the given ones first, and ``y`` to it.
    """
    labels = labels_of(X, y)
    parts = [policy(X, epoch=epoch) for epoch in range(1, copies + 1)]
    repeated = np.concatenate([labels] * (1 + copies))
    if policy.kind == "text":
        return [*X, *(text for part in parts for text in part)], repeated
    return np.concatenate([np.asarray(X), *parts]), repeated


def batches(
    X: Any,
    y: Any,
    policy: Policy,
    *,
    size: int,
    epoch: int = 0,
    shuffle: bool = True,
) -> Iterator[tuple[Any, npt.NDArray[Any]]]:
    """Yield the changed rows of one epoch with their labels, a batch at a time.

    A row is changed as in ``policy(X, epoch=epoch)``, whatever the size and the order of the
    batches; the order depends on the policy's seed and the epoch.

    Parameters
    ----------
    size
        Rows in a batch; the last one may be smaller.
    """
    if size < 1:
        raise InvalidParameter("the size of a batch", got=str(size), expected="one row at least")
    labels = labels_of(X, y)
    rows = np.arange(len(labels))
    if shuffle:
        np.random.default_rng([policy.seed, epoch]).shuffle(rows)
    for at in range(0, len(rows), size):
        chosen = rows[at : at + size]
        yield policy.at(X, chosen, epoch=epoch), labels[chosen]


def torch_dataset(X: Any, y: Any, policy: Policy) -> Any:
    """Return a `torch.utils.data.Dataset` whose rows change with every `set_epoch(k)`.

    Raises
    ------
    MissingExtra
        Without torch.
    """
    from clew.augment.torch import Changing

    return Changing(X, labels_of(X, y), policy)


def labels_of(X: Any, y: Any) -> npt.NDArray[Any]:
    """Return the labels as an array; one per row, or an error."""
    labels = np.asarray(y)
    if len(labels) != len(X):
        raise InvalidParameter(
            "the labels", got=str(len(labels)), expected=f"{len(X)}, one per row"
        )
    return labels
