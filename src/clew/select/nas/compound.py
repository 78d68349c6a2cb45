"""Compound scaling: a network's depth, width and resolution grow together.

Tan and Le ("EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019,
section 3.3): with ``depth = α^φ``, ``width = β^φ``, ``resolution = γ^φ`` and ``α · β² · γ² ≈ 2``,
each step of φ doubles the operations. α, β and γ are sought once, on the small network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from clew.errors import InvalidParameter

PUBLISHED = (1.2, 1.1, 1.15)
"""α, β and γ of the paper."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """A size of a network.

    Parameters
    ----------
    phi : float
        How often it was scaled.
    depth, width, resolution : int
        Layers, channels, and pixels on a side.
    operations : float
        To those of the network that was scaled, as the three numbers say: depth · width² ·
        resolution².
    """

    phi: float
    depth: int
    width: int
    resolution: int
    operations: float


def scaled(
    depth: int,
    width: int,
    resolution: int,
    phi: float,
    *,
    coefficients: tuple[float, float, float] = PUBLISHED,
    divisor: int = 8,
) -> Scaled:
    """Return a network that is scaled φ times.

    Parameters
    ----------
    coefficients : (float, float, float)
        α, β, γ.
    divisor : int
        Widths are multiples of it, and never more than a tenth below what is asked.

    Examples
    --------
    >>> from clew.select.nas.compound import scaled
    >>> scaled(18, 32, 224, 1)
    Scaled(phi=1, depth=22, width=32, resolution=258, operations=1.6...)
    """
    if min(depth, width, resolution, divisor) < 1 or min(coefficients) < 1:
        raise InvalidParameter(
            "a network to scale", got=f"{depth}, {width}, {resolution}", expected="1 or more"
        )
    alpha, beta, gamma = coefficients
    deep = math.ceil(round(depth * alpha**phi, 6))
    asked = width * beta**phi
    wide = max(divisor, int(asked + divisor / 2) // divisor * divisor)
    if wide < 0.9 * asked:
        wide += divisor
    fine = round(resolution * gamma**phi)
    ratio = deep / depth * (wide / width) ** 2 * (fine / resolution) ** 2
    return Scaled(phi, deep, wide, fine, ratio)


def family(
    depth: int,
    width: int,
    resolution: int,
    *,
    sizes: int = 8,
    coefficients: tuple[float, float, float] = PUBLISHED,
) -> Iterator[Scaled]:
    """Yield a network in ever larger sizes, φ = 0, 1, 2, …"""
    for phi in range(sizes):
        yield scaled(depth, width, resolution, phi, coefficients=coefficients)


def candidates(step: float = 0.05, *, slack: float = 0.05) -> Iterator[tuple[float, float, float]]:
    """Yield the α, β, γ ≥ 1 on a grid for which a step doubles the operations, near enough.

    A space for the small search of the paper's first step: ``choice(*candidates())``.
    """
    steps = round(1.0 / step)
    grid = [round(1 + at * step, 10) for at in range(steps + 1)]
    for alpha in grid:
        for beta in grid:
            for gamma in grid:
                if abs(alpha * beta**2 * gamma**2 - 2) <= 2 * slack:
                    yield alpha, beta, gamma
