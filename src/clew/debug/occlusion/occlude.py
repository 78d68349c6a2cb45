"""Occlusion: the class score with a patch hidden, for every place of the patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.occlusion.follow import network_of
from clew.errors import InvalidParameter

if TYPE_CHECKING:
    from clew.debug.occlusion.incremental import Base

Method = Literal["auto", "naive", "exact", "approximate"]
_COPIES, _CHECKED, _WORTH = 64, 64, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """What hiding a patch does.

    Parameters
    ----------
    scores : array of shape (rows, columns)
        The class score with the patch at each place.
    score : float
        The class score of the image as it is.
    label : int
        The class.
    patch, stride : int
        Side of the patch, and how far places lie apart, in pixels.
    method : {"naive", "exact", "approximate"}
        How it was computed.
    bound : float
        By how much fewer multiplications the patch's field takes than the whole image.
    error : float or None
        Of an approximation: the largest difference to the exact scores on places drawn at random,
        as a share of the range of these scores; None where it is exact.
    """

    scores: NDArray[np.float64]
    score: float
    label: int
    patch: int
    stride: int
    method: str
    bound: float
    error: float | None

    @property
    def drop(self) -> NDArray[np.float64]:
        """By how much the score falls: high where the network looks."""
        found: NDArray[np.float64] = self.score - self.scores
        return found


def occlude(
    model: Any,
    image: Any,
    *,
    label: int | None = None,
    patch: int = 8,
    stride: int = 4,
    fill: float = 0.0,
    method: Method = "auto",
    field: float = 0.4,
    drilled: float = 0.15,
    seed: int = 0,
) -> Occlusion:
    """Return the class score with a patch hidden, for every place of the patch.

    Parameters
    ----------
    model : torch module, ONNX graph, path of one, or Network
        A convolutional network that gives scores of shape (n, classes).
    image : array or tensor of shape (channels, height, width)
        As the network reads it.
    label : int, optional
        The class; by default the one that the network says.
    patch, stride : int
        In pixels.
    fill : float
        What the patch is.
    method : {"auto", "naive", "exact", "approximate"}
        Each copy whole; only what the patch reaches, the same result; or that with its rim cut, and
        finely only where it matters. By default exact, or naive where that saves too little.
    field : float
        Approximate: the share of a side that is recomputed at most.
    drilled : float
        Approximate: the share of places, those whose score moves most, that are looked at finely;
        the others are interpolated.
    seed : int
        Of the places that an approximation is checked at.

    Raises
    ------
    InvalidParameter
        When sizes make no sense, or the network gives no scores of classes.
    MissingExtra
        Without torch.
    """
    network = network_of(model)
    import torch

    from clew.debug.occlusion.incremental import Base, operations

    pixels = torch.as_tensor(image, dtype=torch.float32)
    if pixels.ndim != 3:
        raise InvalidParameter("an image of (channels, height, width)", got=str(pixels.shape))
    if not 0 < patch <= min(pixels.shape[1:]) or stride < 1:
        raise InvalidParameter("patch and stride in pixels", got=f"{patch}, {stride}")
    if method not in ("auto", "naive", "exact", "approximate"):
        raise InvalidParameter("a method", got=method, expected="auto, naive, exact, approximate")
    if not 0 < field <= 1 or not 0 <= drilled <= 1:
        raise InvalidParameter("field and drilled are shares", got=f"{field}, {drilled}")
    with torch.inference_mode():
        values = network.values(pixels[None])
        output = values[network.output]
        if output.ndim != 2:
            raise InvalidParameter("scores of classes, (n, classes)", got=str(tuple(output.shape)))
        asked = int(output[0].argmax()) if label is None else label
        if not 0 <= asked < output.shape[1]:
            raise InvalidParameter(
                "a class", got=str(label), expected=f"0 to {output.shape[1] - 1}"
            )
        whole, reached = operations(network, values, (patch, patch))
        bound = whole / reached if reached else 1.0
        if method == "auto":
            method = "exact" if bound >= _WORTH else "naive"
        search = _Search(Base(network, values), pixels, asked, patch, stride, fill)
        error = None
        if method == "approximate":
            scores, error = search.approximate(field, drilled, seed)
        else:
            scores = search.every(naive=method == "naive")
    return Occlusion(scores, float(output[0, asked]), asked, patch, stride, method, bound, error)


class _Search:
    """Places of the patch, and the scores there."""

    def __init__(
        self, base: Base, pixels: Any, label: int, patch: int, stride: int, fill: float
    ) -> None:
        import torch

        self.base, self.pixels, self.label = base, pixels, label
        self.score = float(base.values[base.network.output][0, label])
        self.patch, self.fill = patch, fill
        _, height, width = pixels.shape
        self.rows = range(0, height - patch + 1, stride)
        self.columns = range(0, width - patch + 1, stride)
        grid = torch.meshgrid(
            torch.tensor(list(self.rows)), torch.tensor(list(self.columns)), indexing="ij"
        )
        self.top, self.left = grid[0].ravel(), grid[1].ravel()

    def every(self, *, naive: bool) -> NDArray[np.float64]:
        """Return the scores at all places."""
        found = self.at(self.top, self.left, naive=naive)
        return found.reshape(len(self.rows), len(self.columns))

    def at(self, top: Any, left: Any, *, naive: bool = False) -> NDArray[np.float64]:
        """Return the scores at some places."""
        import torch

        parts = [
            self._naive(top[at : at + _COPIES], left[at : at + _COPIES])
            if naive
            else self._exact(top[at : at + _COPIES], left[at : at + _COPIES])
            for at in range(0, len(top), _COPIES)
        ]
        return np.asarray(torch.cat(parts).double().numpy())

    def _naive(self, top: Any, left: Any) -> Any:
        copies = self.pixels[None].repeat(len(top), 1, 1, 1)
        for at, (y, x) in enumerate(zip(top.tolist(), left.tolist(), strict=True)):
            copies[at, :, y : y + self.patch, x : x + self.patch] = self.fill
        return self.base.network.run(copies)[:, self.label]

    def _exact(self, top: Any, left: Any) -> Any:
        import torch

        from clew.debug.occlusion.incremental import Window

        shape = (len(top), self.pixels.shape[0], self.patch, self.patch)
        patch = Window(torch.full(shape, self.fill), top, left)
        return self.base.scores(patch)[:, self.label]

    def approximate(
        self, field: float, drilled: float, seed: int
    ) -> tuple[NDArray[np.float64], float]:
        """Return about the scores at all places, and how far some are from the exact ones.

        First every other place of a row and a column, then those that matter most: the adaptive
        drill-down.
        """
        import torch

        rows, columns = len(self.rows), len(self.columns)
        coarse = [_every_other(count) for count in (rows, columns)]
        self.base.field = field
        at = (coarse[0][:, None] * columns + coarse[1][None, :]).ravel()
        seen = self.at(self.top[at], self.left[at]).reshape(len(coarse[0]), len(coarse[1]))
        scores = _between(seen, coarse, rows, columns)
        matters = -np.abs(scores.ravel() - self.score)
        order = np.argsort(matters, kind="stable")[: round(drilled * rows * columns)]
        todo = np.setdiff1d(order, at)
        if len(todo):
            scores.ravel()[todo] = self.at(self.top[todo], self.left[todo])
        self.base.field = 1.0
        some = np.random.default_rng(seed).permutation(rows * columns)[:_CHECKED]
        exact = self.at(self.top[torch.as_tensor(some)], self.left[torch.as_tensor(some)])
        spread = max(float(np.ptp(np.append(exact, scores))), 1e-12)
        return scores, float(np.abs(exact - scores.ravel()[some]).max()) / spread


def _every_other(count: int) -> NDArray[np.int64]:
    return np.unique(np.append(np.arange(0, count, 2), count - 1))


def _between(
    seen: NDArray[np.float64], places: list[NDArray[np.int64]], rows: int, columns: int
) -> NDArray[np.float64]:
    """Return scores at all places, interpolated between those that were seen."""
    wide = np.array([np.interp(np.arange(columns), places[1], row) for row in seen])
    return np.array([np.interp(np.arange(rows), places[0], column) for column in wide.T]).T
