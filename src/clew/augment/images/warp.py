"""Images moved: each of a batch by its own affine map, lens, or field of displacements.

All take images of shape (n, height, width, channels), float32 in [0, 1], magnitudes in [0, 1], and
the rows' draws. Where a pixel comes from outside the image, it is black.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.augment.draws import Draws
from clew.errors import MissingExtra

Images = npt.NDArray[np.float32]
Field = npt.NDArray[np.floating]

ANGLE = np.deg2rad(30.0)
SHEAR, SHIFT, ZOOM, CROP, LENS = 0.3, 0.45, 0.5, 0.5, 0.3
ELASTIC_WIDTH, ELASTIC_STRENGTH = 0.14, 1.2  # Simard et al. 2003: σ = 4, α = 34 on 29 × 29


def rotate(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images turned about their middle, by up to 30° × magnitude either way."""
    angle = draws.signed() * magnitude * ANGLE
    sine, cosine = np.sin(angle), np.cos(angle)
    return _affine(images, np.stack([cosine, sine, -sine, cosine], axis=-1).reshape(-1, 2, 2))


def shear_x(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images slanted sideways, by up to .3 × magnitude either way."""
    return _shear(images, draws.signed() * magnitude * SHEAR, row=1)


def shear_y(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images slanted upwards, by up to .3 × magnitude either way."""
    return _shear(images, draws.signed() * magnitude * SHEAR, row=0)


def translate_x(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images moved sideways, by up to .45 × magnitude of their width either way."""
    shift = np.zeros((len(images), 2))
    shift[:, 1] = draws.signed() * magnitude * SHIFT * images.shape[2]
    return _affine(images, _identity(images), shift)


def translate_y(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images moved up or down, by up to .45 × magnitude of their height."""
    shift = np.zeros((len(images), 2))
    shift[:, 0] = draws.signed() * magnitude * SHIFT * images.shape[1]
    return _affine(images, _identity(images), shift)


def scale(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images larger or smaller about their middle, by a factor of up to 1.5 ** magnitude."""
    factor = (1.0 + ZOOM) ** (draws.signed() * magnitude)
    return _affine(images, _identity(images) / factor[:, None, None])


def crop(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return a part of each image at a random place, up to .5 × magnitude smaller, enlarged."""
    side = 1.0 - draws.uniform() * magnitude * CROP
    room = (1.0 - side)[:, None] * np.asarray(images.shape[1:3]) / 2.0
    return _affine(images, _identity(images) * side[:, None, None], draws.signed(2) * room)


def flip_x(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images mirrored left to right; the magnitude means nothing."""
    return np.ascontiguousarray(images[:, :, ::-1])


def flip_y(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images turned upside down; the magnitude means nothing."""
    return np.ascontiguousarray(images[:, ::-1])


def lens(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images as a lens bends them: r (1 + k r²), k up to .3 × magnitude either way."""
    y, x = _grid(images)
    middle = _middle(images)
    r2 = (y / max(middle[0], 0.5)) ** 2 + (x / max(middle[1], 0.5)) ** 2
    bend = 1.0 + (draws.signed() * magnitude * LENS).astype(np.float32)[:, None, None] * r2
    return sample(images, y * bend + middle[0], x * bend + middle[1])


def elastic(images: Images, magnitude: float, draws: Draws) -> Images:
    """Return images with each pixel displaced by a smooth random field (Simard et al. 2003)."""
    height, width = images.shape[1:3]
    y, x = _grid(images)
    middle = _middle(images)
    fields = smooth(draws.signed(2, height, width), ELASTIC_WIDTH * min(height, width))
    spread = fields.std(axis=(2, 3), keepdims=True)
    fields *= magnitude * ELASTIC_STRENGTH * min(height, width) / 28.0 / np.maximum(spread, 1e-12)
    return sample(images, y + middle[0] + fields[:, 0], x + middle[1] + fields[:, 1])


def smooth(fields: npt.NDArray[Any], width: float) -> Field:
    """Return fields smoothed by a Gaussian over their last two axes; width in pixels.

    Raises
    ------
    MissingExtra
        Without SciPy.
    """
    try:
        from scipy.ndimage import gaussian_filter1d
    except ImportError as error:
        raise MissingExtra(
            "smooth fields need SciPy", hint="pip install 'clew[sklearn]'"
        ) from error
    once = gaussian_filter1d(fields.astype(np.float32), width, axis=-1, mode="reflect")
    twice: Field = gaussian_filter1d(once, width, axis=-2, mode="reflect")
    return twice


def sample(images: Images, y: Field, x: Field) -> Images:
    """Return images read at places between pixels, bilinearly; black outside.

    Parameters
    ----------
    images
        Shape (n, height, width, channels).
    y, x
        Where each pixel comes from, in pixels; shape (n, height, width), or without the first.
    """
    count, height, width, channels = images.shape
    padded = np.zeros((count, height + 2, width + 2, channels), np.float32)
    padded[:, 1:-1, 1:-1] = images
    y = np.clip(y + 1.0, 0.0, height + 0.999).astype(np.float32)
    x = np.clip(x + 1.0, 0.0, width + 0.999).astype(np.float32)
    top, left = y.astype(np.int32), x.astype(np.int32)
    down, right = (y - top)[..., None], (x - left)[..., None]
    flat = padded.reshape(-1, channels)
    at = top * (width + 2) + left
    at = at + (np.arange(count, dtype=np.int32) * ((height + 2) * (width + 2)))[:, None, None]
    above = flat[at] * (1.0 - right) + flat[at + 1] * right
    at = at + (width + 2)
    below = flat[at] * (1.0 - right) + flat[at + 1] * right
    result: Images = above * (1.0 - down) + below * down
    return result


def _affine(images: Images, matrix: Any, shift: Any = 0.0) -> Images:
    """Return images whose pixel at p, from the middle, comes from ``matrix @ p + shift``."""
    y, x = _grid(images)
    middle = _middle(images)
    matrix = np.asarray(matrix, np.float32)
    shift = np.broadcast_to(np.asarray(shift, np.float32), (len(images), 2))
    cell = (slice(None), None, None)
    return sample(
        images,
        matrix[:, 0, 0][cell] * y + matrix[:, 0, 1][cell] * x + (shift[:, 0] + middle[0])[cell],
        matrix[:, 1, 0][cell] * y + matrix[:, 1, 1][cell] * x + (shift[:, 1] + middle[1])[cell],
    )


def _shear(images: Images, slope: npt.NDArray[np.float64], row: int) -> Images:
    matrix = _identity(images)
    matrix[:, row, 1 - row] = slope
    return _affine(images, matrix)


def _identity(images: Images) -> npt.NDArray[np.float64]:
    return np.tile(np.eye(2), (len(images), 1, 1))


def _grid(images: Images) -> tuple[Field, Field]:
    """Return each pixel's place from the middle; shapes (height, 1) and (1, width)."""
    middle = _middle(images)
    y = np.arange(images.shape[1], dtype=np.float32)[:, None] - middle[0]
    return y, np.arange(images.shape[2], dtype=np.float32)[None, :] - middle[1]


def _middle(images: Images) -> tuple[float, float]:
    return (images.shape[1] - 1) / 2.0, (images.shape[2] - 1) / 2.0
