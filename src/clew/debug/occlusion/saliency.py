"""Saliency: how a class score moves with each pixel, and what a pixel adds to it in first order."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.occlusion.follow import network_of
from clew.errors import InvalidParameter


def saliency(
    model: Any,
    image: Any,
    *,
    label: int | None = None,
    kind: Literal["gradient", "taylor"] = "gradient",
    baseline: float = 0.0,
) -> NDArray[np.float64]:
    """Return what each pixel does to a class score, of shape (channels, height, width).

    Parameters
    ----------
    model : torch module, ONNX graph, path of one, or Network
    image : array or tensor of shape (channels, height, width)
    label : int, optional
        The class; by default the one that the network says.
    kind : {"gradient", "taylor"}
        The derivative of the score (Simonyan, K. et al. 2014); or its first-order Taylor term: the
        derivative times how far the pixel is from `baseline`.

    Raises
    ------
    InvalidParameter
        When the network gives no scores of classes, or there is no such class or kind.
    """
    network = network_of(model)
    import torch

    if kind not in ("gradient", "taylor"):
        raise InvalidParameter("a kind of saliency", got=kind, expected="gradient, taylor")
    pixels = torch.as_tensor(image, dtype=torch.float32)
    if pixels.ndim != 3:
        raise InvalidParameter("an image of (channels, height, width)", got=str(pixels.shape))
    asked = pixels[None].clone().requires_grad_()
    with torch.enable_grad():
        scores = network.run(asked)
        if scores.ndim != 2:
            raise InvalidParameter("scores of classes, (n, classes)", got=str(tuple(scores.shape)))
        at = int(scores[0].argmax()) if label is None else label
        if not 0 <= at < scores.shape[1]:
            raise InvalidParameter(
                "a class", got=str(label), expected=f"0 to {scores.shape[1] - 1}"
            )
        (slope,) = torch.autograd.grad(scores[0, at], asked)
    found = slope[0].double()
    if kind == "taylor":
        found = found * (pixels.double() - baseline)
    return np.asarray(found.numpy())
