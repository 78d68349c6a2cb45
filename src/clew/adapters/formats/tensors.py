"""torch tensors and state dictionaries by safetensors: no code in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import safetensors.torch
import torch

from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_KEY = "value"


class TensorCodec:
    """Dense tensors in main memory."""

    name = "safetensors"
    exact = False

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a plain dense tensor on the CPU."""
        tensor: Any = value
        return (
            type(value) is torch.Tensor
            and tensor.device.type == "cpu"
            and tensor.layout is torch.strided
            and not tensor.requires_grad
            and not tensor.is_quantized
        )

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return one safetensors file."""
        tensor: Any = value
        try:
            content = safetensors.torch.save({_KEY: tensor.contiguous()})
        except Exception as error:
            raise UnsupportedValue("safetensors cannot hold this", got=str(error)) from error
        return Encoded(self.name, b"1", (content,)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the tensor."""
        (content,) = encoded.buffers
        try:
            return safetensors.torch.load(bytes(content))[_KEY]
        except Exception as error:
            raise ValueError(f"safetensors: {error}") from error
