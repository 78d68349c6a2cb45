"""Images in another light: contrast, colour, tones. Shapes as in `.warp`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clew.augment.draws import Draws
from clew.augment.images.warp import Images, smooth

_GREY = np.asarray([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
PCA_SPREAD = 0.1  # Krizhevsky et al. 2012
STRENGTH = 0.9


def brightness(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images lighter or darker, by a factor of up to 1 ± .9 × magnitude."""
    return _clip(images * _factor(images, magnitude, draws))


def contrast(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images whose distance from their mean grey is scaled, by up to 1 ± .9 × magnitude."""
    return _blend(images, _grey(images).mean(axis=(1, 2, 3), keepdims=True), magnitude, draws)


def colour(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images more or less coloured, by up to 1 ± .9 × magnitude; grey ones as they are."""
    return images if images.shape[3] != 3 else _blend(images, _grey(images), magnitude, draws)


def sharpness(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images sharper or softer, by up to 1 ± .9 × magnitude of what smoothing takes away."""
    soft = np.moveaxis(smooth(np.moveaxis(images, 3, 1), 1.0), 1, 3)
    return _blend(images, soft, magnitude, draws)


def pca_colour(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with their colours shifted along the principal axes of their own pixels.

    Each axis is scaled by its standard deviation and a number of N(0, .1 × magnitude), as in
    Krizhevsky et al. 2012, section 4.1, there with the axes of the whole training set.
    """
    pixels = images.reshape(len(images), -1, images.shape[3])
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    covariance = np.swapaxes(centred, 1, 2) @ centred / max(pixels.shape[1], 1)
    values, axes = np.linalg.eigh(covariance.astype(np.float64))
    steps = draws.normal(images.shape[3]) * PCA_SPREAD * magnitude
    # The axes are scaled by their spread, not their variance: colours here are in [0, 1].
    shift = np.einsum("nij,nj->ni", axes, steps * np.sqrt(np.maximum(values, 0.0)))
    return _clip(images + shift[:, None, None, :].astype(np.float32))


def invert(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return the negatives; the magnitude means nothing."""
    return 1.0 - images


def auto_contrast(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images stretched to the whole range, channel by channel, as far as the magnitude."""
    low = images.min(axis=(1, 2), keepdims=True)
    span = images.max(axis=(1, 2), keepdims=True) - low
    full = np.where(span > 0, (images - low) / np.where(span > 0, span, 1), images)
    return _towards(images, full, magnitude)


def equalize(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with all tones about equally frequent, as far as the magnitude says."""
    flat = np.moveaxis(images, 3, 1).reshape(len(images) * images.shape[3], -1)
    tones = np.clip((flat * 255.0 + 0.5).astype(np.int64), 0, 255)
    at = tones + (np.arange(len(flat)) * 256)[:, None]
    counts = np.bincount(at.ravel(), minlength=256 * len(flat)).reshape(-1, 256)
    below = counts.cumsum(axis=1)
    first = np.take_along_axis(below, (counts > 0).argmax(axis=1)[:, None], axis=1)
    span = np.maximum(flat.shape[1] - first, 1)
    levels = np.clip((below - first) / span, 0.0, 1.0)
    even = np.take_along_axis(levels, tones, axis=1)
    even = np.where(first == flat.shape[1], flat, even)  # one tone only
    channels = even.reshape(len(images), images.shape[3], *images.shape[1:3])
    return _towards(images, np.moveaxis(channels, 1, 3), magnitude)


def posterize(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with fewer tones: 256 at magnitude 0, four at 1."""
    levels = np.float32(2 ** round(8 - 6 * magnitude) - 1)
    return np.asarray(np.round(images * levels) / levels, np.float32)


def solarize(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images whose tones above a line are inverted: none at magnitude 0, all at 1."""
    line = 1.0 - draws.uniform() * magnitude
    return np.where(images > line.astype(np.float32)[:, None, None, None], 1.0 - images, images)


def _factor(images: Images, magnitude: float, draws: Draws) -> npt.NDArray[np.float32]:
    """Return how much of itself each image keeps: around 1; shape (n, 1, 1, 1)."""
    factor = 1.0 + draws.signed() * magnitude * STRENGTH
    return factor.astype(np.float32)[:, None, None, None]


def _blend(images: Images, other: Images, magnitude: float, draws: Draws) -> Images:
    return _clip(other + (images - other) * _factor(images, magnitude, draws))


def _towards(images: Images, other: npt.NDArray[np.floating], magnitude: float) -> Images:
    return np.asarray(images + (other - images) * np.float32(magnitude), np.float32)


def _grey(images: Images) -> Images:
    if images.shape[3] != 3:
        return np.asarray(images.mean(axis=3, keepdims=True), np.float32)
    return np.asarray((images @ _GREY)[..., None], np.float32)


def _clip(images: npt.NDArray[np.floating]) -> Images:
    return np.asarray(np.clip(images, 0.0, 1.0), np.float32)
