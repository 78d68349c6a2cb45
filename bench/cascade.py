"""A cascade on frames of a fixed camera, against the network that it stands for.

The clip is recorded here, from two free photographs that come with scikit-learn (danielbuechele,
vultilion; CC BY 2.0): a camera that looks at a temple by day, with noise and slow changes of light,
as JPEG frames; flowers are carried past, and panes of other colours, which are to be ignored. The
query: is a flower in view? The reference is a residual network of 18 layers on 224 × 224 pixels,
trained here; the cascade repeats itself while no block of the picture changes, then asks a small
network on the shrunken picture, which learned what the reference says of another segment, then the
reference. Its lines are chosen on a third segment and it is measured on a fourth, with the decoding
of every frame, in CPU seconds.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bench.figure import Figure

WIDTH, HEIGHT, SIDE = 320, 213, 224
TRAIN, SEEN, HELD, FRESH = 800, 3000, 2400, 2400
BUSY, QUIET = (1, 8), (60, 240)
"""Frames between two things that pass: where networks learn, and where the query is asked."""
MAX_LOSS = 0.01
BATCH = 16


class Frame:
    """One frame as the camera sends it, and its small grey copy, decoded once."""

    def __init__(self, jpeg: bytes) -> None:
        self.jpeg = jpeg

    @cached_property
    def small(self) -> np.ndarray:
        """The picture at a quarter of the size, (54, 80, 3), which JPEG gives without the rest."""
        from PIL import Image

        picture = Image.open(io.BytesIO(self.jpeg))
        picture.draft("RGB", (WIDTH // 4, HEIGHT // 4))
        return np.asarray(picture, dtype=np.float32)

    def whole(self) -> np.ndarray:
        """The colours, as the reference wants them, (3, 224, 224)."""
        from PIL import Image

        picture = Image.open(io.BytesIO(self.jpeg)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 127.5 - 1.0


def figures(quick: bool) -> Iterator[Figure]:
    """Yield how many times less CPU time the cascade takes than the reference."""
    sizes = (120, 600, 600, 600) if quick else (TRAIN, SEEN, HELD, FRESH)
    pauses = (BUSY, BUSY, QUIET, QUIET)
    (known, truth), (seen, _), (held, _), (fresh, shown) = (
        record(size, seed, pause)
        for seed, (size, pause) in enumerate(zip(sizes, pauses, strict=True))
    )
    reference = trained(known, truth, epochs=1 if quick else 3)
    cascade = made(reference, seen, held)
    before = time.process_time()
    expected = np.array([reference([frame])[0] for frame in fresh])
    dear_s = time.process_time() - before
    again = [Frame(frame.jpeg) for frame in fresh]
    before = time.process_time()
    stream = cascade.stream()
    labels = np.array([label for label, _ in stream.run(again)])
    cheap_s = time.process_time() - before
    loss = float(np.mean(labels != expected))
    print_about(cascade.choice.text, loss, expected == shown, labels == shown)
    yield Figure(
        "cascade.speedup",
        dear_s / cheap_s,
        "ratio",
        clew=cheap_s / len(fresh),
        peer=dear_s / len(fresh),
        peer_name="ResNet-18 at 224 pixels on every frame",
        # A reference that cannot answer the query itself is worth nothing, either.
        agrees=loss <= MAX_LOSS and (quick or float(np.mean(expected == shown)) >= 0.97),
    )


def print_about(chosen: str, loss: float, by_reference: np.ndarray, by_cascade: np.ndarray) -> None:
    import sys

    print(
        f"{chosen}; on fresh frames loss {loss:.2%}, right {by_cascade.mean():.2%} "
        f"(the reference {by_reference.mean():.2%})",
        file=sys.stderr,
    )


def record(n_frames: int, seed: int, pause: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return frames in their order, and whether a flower is in view in each."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    draw = np.random.default_rng(seed)
    scene, blossom = (Image.fromarray(picture) for picture in load_sample_images().images)
    scene = np.asarray(scene.resize((WIDTH, HEIGHT)), dtype=np.float32)
    blossom = blossom.crop((170, 60, 470, 360))
    frames, shown = np.empty(n_frames, dtype=object), np.zeros(n_frames, dtype=bool)
    light, at = 0.0, 0
    passing: list[tuple[np.ndarray, float, float, int, bool]] = []
    while at < n_frames:
        if not passing:
            quiet = int(draw.integers(*pause))
            # Where networks learn things pass quickly: many of them in few frames.
            speed = draw.uniform(6, 14) * (4 if pause == BUSY else 1)
            passing = [crossing(draw, blossom, speed, start=at + quiet)]
        thing, row, speed, start, flower = passing[0]
        light += draw.normal(0, 0.05) - 0.01 * light
        picture = scene + light + draw.normal(0, 2.0, (HEIGHT, WIDTH, 1)).astype(np.float32)
        left = int((at - start) * speed) - thing.shape[1]
        if at >= start:
            first, last = max(left, 0), min(left + thing.shape[1], WIDTH)
            if last > first:
                top = int(row)
                picture[top : top + thing.shape[0], first:last] = (
                    thing[:, first - left : last - left] + light
                )
                # In view: at least a third of it.
                shown[at] = flower and last - first >= thing.shape[1] / 3
        if left > WIDTH:
            passing = []
        file = io.BytesIO()
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=80)
        frames[at] = Frame(file.getvalue())
        at += 1
    return frames, shown


def crossing(
    draw: np.random.Generator, blossom: Any, speed: float, start: int
) -> tuple[np.ndarray, float, float, int, bool]:
    """Return what passes next: its picture, row, pixels a frame, first frame, whether a flower."""
    size = int(draw.integers(56, 88))
    row = draw.uniform(0, HEIGHT - size)
    flower = bool(draw.random() < 0.6)
    if flower:
        thing = np.asarray(blossom.resize((size, size)), dtype=np.float32)
    else:
        shades = draw.uniform(20, 235, (1, 1, 3)) + np.linspace(-15, 15, size)[:, None, None]
        thing = np.broadcast_to(shades, (size, size, 3)).astype(np.float32)
    return thing, row, speed, start, flower


def trained(frames: np.ndarray, truth: np.ndarray, epochs: int) -> Any:
    """Return the reference: a function of frames that returns their labels."""
    network = residual_network()
    fit(network, np.stack([frame.whole() for frame in frames]), truth, epochs)

    def label(some: Sequence[Frame]) -> np.ndarray:
        return np.array([scores(network, frame.whole()[None])[0, 1] > 0.5 for frame in some])

    return label


def fit(network: Any, pictures: np.ndarray, labels: np.ndarray, epochs: int) -> None:
    """Train a network that has two outputs."""
    import torch

    torch.manual_seed(0)
    n_steps = epochs * (len(pictures) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=n_steps)
    X, y = torch.from_numpy(pictures), torch.from_numpy(labels.astype(np.int64))
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(X))[: n_steps // epochs * BATCH].split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def scores(network: Any, pictures: np.ndarray) -> np.ndarray:
    """Return a network's probabilities of pictures."""
    import torch

    with torch.inference_mode():
        return network(torch.from_numpy(pictures)).softmax(1).numpy()


def residual_network() -> Any:
    """Return an untrained network of 18 layers (He et al. 2016, table 1) with two classes."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self, into: int, out: int, stride: int) -> None:
            super().__init__()
            self.path = nn.Sequential(
                nn.Conv2d(into, out, 3, stride, 1, bias=False),
                nn.BatchNorm2d(out),
                nn.ReLU(),
                nn.Conv2d(out, out, 3, 1, 1, bias=False),
                nn.BatchNorm2d(out),
            )
            self.past = (
                nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))
                if (into, stride) != (out, 1)
                else nn.Identity()
            )

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(self.path(x) + self.past(x))

    widths = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
    widths += [(128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        *(Block(*width) for width in widths),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, 2),
    )


def small_network() -> Any:
    """Return an untrained network for small pictures."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 12, 5, 2, 2),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.Conv2d(12, 24, 3, 2, 1),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.Conv2d(24, 32, 3, 2, 1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 7 * 10, 2),
    )


def made(reference: Any, seen: np.ndarray, held: np.ndarray) -> Any:
    """Return the cascade: its small network learns the reference's answers, lines are chosen."""
    from clew.serve.cascade import BlockDifference, calibrate

    class Change(BlockDifference):
        def prepare(self, row: Any) -> np.ndarray:
            return super().prepare(row.small)

    def inputs(frames: Sequence[Frame]) -> np.ndarray:
        pictures = np.stack([frame.small for frame in frames]).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pictures) / np.float32(127.5) - np.float32(1.0)

    small = small_network()
    fit(small, inputs(seen), reference(seen), epochs=12)
    return calibrate(
        lambda frames: scores(small, inputs(frames)),
        reference,
        held,
        max_loss=MAX_LOSS,
        difference=Change(block=5, step=1),
        classes=np.array([False, True]),
    )
