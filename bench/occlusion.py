"""Occlusion of a convolutional network: only what the patch reaches, to every copy whole.

Networks of two convolutions a stage, as VGG's, on one thread; trained for a moment on digits of
scikit-learn, drawn large at some place of a noisy image, so that scores mean something.

CPU seconds.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from bench.figure import Figure

SIDES = {
    96: (8, 4, (16, 32, 64)),
    224: (16, 8, (16, 32, 64, 64)),
}


def exact(side: int) -> Figure:
    """Time of the naive way to the incremental one; the same scores."""
    naive, exact, naive_s, exact_s = both(side)
    differ = float(np.abs(naive.scores - exact.scores).max() / np.abs(naive.scores).max())
    name = f"naive; bound {exact.bound:.1f}, difference {differ:.0e}"
    value = naive_s / exact_s
    return Figure(f"occlusion.exact{side}", value, "ratio", exact_s, naive_s, name, differ <= 1e-5)


def approximate() -> Figure:
    """Time of the naive way to the approximate one, whose error is stated."""
    naive, _, naive_s, _ = both(224)
    network, image = trained(224)
    found, spent_s = timed(network, image, 224, "approximate")
    spread = float(np.ptp(naive.scores))
    worst = float(np.abs(found.scores - naive.scores).max()) / spread
    mean = float(np.abs(found.scores - naive.scores).mean()) / spread
    same = float(np.corrcoef(found.scores.ravel(), naive.scores.ravel())[0, 1])
    name = f"naive; error {mean:.3f} in the mean, {worst:.2f} at most, correlation {same:.3f}"
    value = naive_s / spent_s
    return Figure(
        "occlusion.approx", value, "ratio", spent_s, naive_s, name, found.error is not None
    )


@cache
def both(side: int) -> tuple[Any, Any, float, float]:
    network, image = trained(side)
    exact, exact_s = timed(network, image, side, "exact")
    naive, naive_s = timed(network, image, side, "naive")
    return naive, exact, naive_s, exact_s


def timed(network: Any, image: Any, side: int, method: Any) -> tuple[Any, float]:
    import torch

    from clew.debug.occlusion import occlude

    patch, stride, _ = SIDES[side]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        started = time.process_time()
        found = occlude(network, image, patch=patch, stride=stride, method=method)
        return found, time.process_time() - started
    finally:
        torch.set_num_threads(threads)


@cache
def trained(side: int) -> tuple[Any, Any]:
    """Return a network that tells digits apart, and an image that it has not seen."""
    import torch
    from sklearn.datasets import load_digits
    from torch import nn

    torch.manual_seed(0)
    random = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images.reshape(-1, 1, 8, 8) / 16, dtype=torch.float32)
    large = side // 2

    def drawn(rows: Any) -> Any:
        digits = nn.functional.interpolate(images[rows], size=large, mode="bilinear")
        canvas = torch.tensor(random.normal(0, 0.1, (len(rows), 3, side, side))).float()
        for at, digit in enumerate(digits):
            y, x = random.integers(0, side - large, 2)
            canvas[at, :, y : y + large, x : x + large] += digit
        return canvas

    layers: list[Any] = []
    channels = 3
    for width in SIDES[side][2]:
        for read in (channels, width):
            layers += [nn.Conv2d(read, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels = width
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(40 if side < 200 else 12):
        rows = random.integers(0, 1500, 32)
        loss = nn.functional.cross_entropy(network(drawn(rows)), torch.tensor(labels[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval(), drawn(np.array([1700]))[0]


FIGURES = {
    "occlusion.exact96": lambda quick: exact(96),
    "occlusion.exact224": lambda quick: exact(224),
    "occlusion.approx": lambda quick: approximate(),
}
