"""The operators by name, and what kind of data each takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from clew.augment import images, series, text

Kind = Literal["images", "series", "text"]

OPERATORS: dict[str, tuple[Kind, Callable[..., Any]]] = {
    **{name: ("images", getattr(images, name)) for name in images.__all__},
    **{f.__name__: ("series", f) for f in (series.jitter, series.rescale, series.time_warp)},
    "window": ("series", series.window),
    **{f.__name__: ("text", f) for f in (text.delete, text.swap, text.synonyms)},
}

# What RandAugment draws from (Cubuk et al. 2019, figure 2), less identity, which is magnitude 0.
RAND_AUGMENT = (
    *("auto_contrast", "equalize", "rotate", "solarize", "colour", "posterize", "contrast"),
    *("brightness", "sharpness", "shear_x", "shear_y", "translate_x", "translate_y"),
)


def operators(kind: Kind) -> tuple[str, ...]:
    """Return the names of the operators on a kind of data."""
    return tuple(name for name, (of, _) in OPERATORS.items() if of == kind)
