"""Series made short: by means of segments, symbols, or the first terms of an orthonormal basis.

A row is a series of equal steps. The distance of two short series, weighted as each class says,
is never more than that of the series themselves, so that a search among the short ones misses
nothing (Faloutsos, Ranganathan, Manolopoulos, SIGMOD 1994).
"""

from __future__ import annotations

from abc import abstractmethod
from statistics import NormalDist
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from clew.errors import InvalidParameter

Matrix = npt.NDArray[np.float64]


class _Linear(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transform by a matrix that depends on the length of the series only."""

    def __init__(self, size: int = 8) -> None:
        self.size = size

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the length of the series: shape (n, steps)."""
        X = validate_data(self, X, dtype=np.float64)
        if not isinstance(self.size, (int, np.integer)) or self.size < 1:
            raise InvalidParameter("size", got=str(self.size), expected="a whole number from 1")
        self.components_ = self._components(X.shape[1], min(int(self.size), X.shape[1]))
        return self

    def transform(self, X: Any) -> Matrix:
        """Return short series: shape (n, size), or the number of steps where that is less."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X @ self.components_.T)

    def inverse_transform(self, Z: Any) -> Matrix:
        """Return the series nearest to zero that would become these: shape (n, steps)."""
        check_is_fitted(self)
        return np.asarray(np.asarray(Z, np.float64) @ np.linalg.pinv(self.components_).T)

    @abstractmethod
    def _components(self, steps: int, size: int) -> Matrix:
        """Return the matrix: shape (size, steps)."""

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)


class PAA(_Linear):
    """Piecewise aggregate approximation: the means of segments of equal length.

    Segments may end within a step, which then counts in both by its parts. The distance of means
    times √(steps / size) is at most the distance of the series.

    Source: Keogh, Chakrabarti, Pazzani, Mehrotra, *Dimensionality reduction for fast similarity
    search in large time series databases*, KAIS 2001, equation 5.

    Parameters
    ----------
    size
        Number of segments.

    Examples
    --------
    >>> from clew.data.transforms import PAA
    >>> PAA(2).fit_transform([[1.0, 2.0, 3.0, 6.0]]).tolist()
    [[1.5, 4.5]]
    """

    def _components(self, steps: int, size: int) -> Matrix:
        edges = np.arange(size + 1) * steps / size
        begin, end = np.maximum(edges[:-1, None], np.arange(steps)), edges[1:, None]
        overlap = np.clip(np.minimum(end, np.arange(steps) + 1) - begin, 0.0, None)
        return np.asarray(overlap * size / steps)


class Haar(_Linear):
    """The first terms of the Haar wavelet transform, coarse ones first; orthonormal.

    Series whose length is no power of two are taken as continued by zeros. The distance of terms
    is at most that of the series.

    Source: Chan, Fu, *Efficient time series matching by wavelets*, ICDE 1999.

    Parameters
    ----------
    size
        Number of terms.
    """

    def _components(self, steps: int, size: int) -> Matrix:
        full = 1 << (steps - 1).bit_length()
        rows = [np.full(full, full**-0.5)]
        length = full
        while len(rows) < size:
            for start in range(0, full, length):
                row = np.zeros(full)
                row[start : start + length // 2] = length**-0.5
                row[start + length // 2 : start + length] = -(length**-0.5)
                rows.append(row)
            length //= 2
        return np.asarray(rows[:size])[:, :steps]


class Fourier(_Linear):
    """The first terms of the discrete Fourier transform: mean, then cosine and sine by frequency.

    Orthonormal and real; the distance of terms is at most that of the series.

    Source: Agrawal, Faloutsos, Swami, *Efficient similarity search in sequence databases*, 1993.

    Parameters
    ----------
    size
        Number of terms.
    """

    def _components(self, steps: int, size: int) -> Matrix:
        angle = 2.0 * np.pi * np.arange(steps) / steps
        rows = [np.full(steps, steps**-0.5)]
        for frequency in range(1, steps // 2 + 1):
            if 2 * frequency == steps:
                rows.append(np.cos(frequency * angle) * steps**-0.5)
            else:
                rows += [f(frequency * angle) * (2.0 / steps) ** 0.5 for f in (np.cos, np.sin)]
        return np.asarray(rows[:size])


class SAX(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Symbolic aggregate approximation: segments' means as letters that are equally frequent.

    Each series is scaled to mean 0 and deviation 1 first; one without a deviation becomes zeros.

    Source: Lin, Keogh, Lonardi, Chiu, *A symbolic representation of time series*, DMKD 2003,
    sections 3.1 to 3.3.

    Parameters
    ----------
    size
        Number of segments, and of letters of a word.
    alphabet
        Number of different letters.

    Attributes
    ----------
    breakpoints_
        Between letters: shape (alphabet - 1,).

    Examples
    --------
    >>> from clew.data.transforms import SAX
    >>> sax = SAX(size=4, alphabet=3)
    >>> words = sax.fit_transform([[0, 0, 1, 1, 2, 2, 3, 3], [3, 3, 2, 2, 1, 1, 0, 0]])
    >>> words.tolist()
    [[0, 0, 2, 2], [2, 2, 0, 0]]
    >>> round(float(sax.mindist(words)[0, 1]), 2)
    2.44
    """

    def __init__(self, size: int = 8, alphabet: int = 4) -> None:
        self.size = size
        self.alphabet = alphabet

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the length of the series: shape (n, steps)."""
        X = validate_data(self, X, dtype=np.float64)
        if not isinstance(self.alphabet, (int, np.integer)) or self.alphabet < 2:
            raise InvalidParameter("alphabet", got=str(self.alphabet), expected="two at least")
        self.means_ = PAA(self.size).fit(X)
        normal = NormalDist()
        levels = range(1, int(self.alphabet))
        self.breakpoints_ = np.asarray([normal.inv_cdf(k / self.alphabet) for k in levels])
        return self

    def transform(self, X: Any) -> npt.NDArray[np.int64]:
        """Return words of letters from 0: shape (n, size)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        means = self.means_.transform(scaled(X))
        return np.searchsorted(self.breakpoints_, means, side="right").astype(np.int64)

    def mindist(self, words: Any, others: Any = None) -> Matrix:
        """Return distances of words, each at most that of the scaled series.

        Parameters
        ----------
        words, others
            Of `transform`: shapes (n, size) and (m, size); `others` is `words` where left out.

        Returns
        -------
        array
            Shape (n, m).
        """
        check_is_fitted(self)
        words = np.asarray(words)
        others = words if others is None else np.asarray(others)
        low, high = np.minimum(*_pairs(words, others)), np.maximum(*_pairs(words, others))
        edges = self.breakpoints_
        gap = np.where(
            high - low > 1,
            edges[np.maximum(high - 1, 0)] - edges[np.minimum(low, len(edges) - 1)],
            0.0,
        )
        per_letter = self.n_features_in_ / words.shape[1]
        return np.asarray(np.sqrt(per_letter * (gap**2).sum(axis=2)))

    @property
    def _n_features_out(self) -> int:
        return len(self.means_.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def scaled(X: Matrix) -> Matrix:
    """Return series of mean 0 and deviation 1; zeros for one that is constant."""
    centred = X - X.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    tiny = spread <= 1e-12 * np.maximum(np.abs(X).max(axis=1, keepdims=True), 1.0)
    return np.asarray(np.where(tiny, 0.0, centred / np.where(tiny, 1.0, spread)))


def _pairs(words: Any, others: Any) -> tuple[Any, Any]:
    left, right = np.broadcast_arrays(words[:, None, :], others[None, :, :])
    return left, right
