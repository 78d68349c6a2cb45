"""Images in part covered: a patch, noise, another ground. Shapes as in `.warp`."""

from __future__ import annotations

import numpy as np

from clew.augment.draws import Draws
from clew.augment.images.warp import Images, smooth

CUTOUT, NOISE, GROUND = 0.6, 0.3, 0.15


def cutout(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with a grey square at a random place (DeVries, Taylor 2017).

    Its side is .6 × magnitude of the image's shorter one; at the border a part of it is left.
    """
    height, width = images.shape[1:3]
    side = CUTOUT * magnitude * min(height, width)
    middle = draws.uniform(2) * [height, width]
    rows = np.abs(np.arange(height) + 0.5 - middle[:, :1]) < side / 2
    columns = np.abs(np.arange(width) + 0.5 - middle[:, 1:]) < side / 2
    inside = (rows[:, :, None] & columns[:, None, :])[..., None]
    return np.where(inside, np.float32(0.5), images)


def noise(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with noise of N(0, .3 × magnitude) on each pixel."""
    grain = draws.normal(*images.shape[1:]).astype(np.float32)
    return np.clip(images + grain * np.float32(NOISE * magnitude), 0.0, 1.0)


def background(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images whose ground, what looks like their corners, becomes a random texture.

    The texture is smooth noise, of a coarseness of each image's own; it replaces the ground as
    far as the magnitude says (domain randomisation: Tobin et al. 2017).
    """
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    ground = np.median(corners, axis=1)[:, None, None, :]
    alike = np.abs(images - ground).max(axis=3, keepdims=True) < GROUND
    grain = draws.uniform(images.shape[3], *images.shape[1:3])
    fine, coarse = (np.moveaxis(_stretched(smooth(grain, w)), 1, 3) for w in (1.0, 4.0))
    share = draws.uniform().astype(np.float32)[:, None, None, None]
    texture = fine * share + coarse * (1.0 - share)
    mixed = images + (texture - images) * np.float32(magnitude)
    return np.where(alike, mixed, images).astype(np.float32, copy=False)


def _stretched(fields: Images) -> Images:
    low = fields.min(axis=(2, 3), keepdims=True)
    span = fields.max(axis=(2, 3), keepdims=True) - low
    return np.asarray((fields - low) / np.maximum(span, 1e-12), np.float32)
