"""Content ids of PyTorch tensors; modules follow from their attributes.

Layout, device, `requires_grad` and the accumulated gradient count; the graph that made a tensor
does not.
"""

from __future__ import annotations

from typing import Any

import torch

from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register
from clew.lineage.fingerprint.arrays import array_bytes
from clew.lineage.fingerprint.walk import refusal


@register(torch.Tensor, tag="torch.Tensor", subclasses=True)
@register(torch.nn.Parameter, tag="torch.nn.Parameter")
def encode_tensor(value: torch.Tensor, ctx: Context) -> bytes:
    """Encode a dense tensor, whatever its type and device."""
    if value.layout != torch.strided or value.is_quantized or value.device.type == "meta":
        raise refusal(value, "only dense tensors that hold data have one")
    head = ctx.fields(
        dtype=str(value.dtype),
        device=str(value.device),
        requires_grad=value.requires_grad,
        grad=value.grad if value.is_leaf else None,
        state=getattr(value, "__dict__", None) or None,
    )
    return frame(head) + array_bytes(_numbers(value), ctx, owner=value)


@register(torch.UntypedStorage, tag="torch.UntypedStorage")
@register(torch.TypedStorage, tag="torch.TypedStorage")
def refuse_storage(value: object, ctx: Context) -> bytes:
    """Refuse bare memory: tensors say what it means."""
    raise refusal(value, "only tensors over it have one")


@register(torch.Generator, tag="torch.Generator")
def encode_generator(value: torch.Generator, ctx: Context) -> bytes:
    """Encode a generator by device and state."""
    return ctx.fields(device=str(value.device), state=value.get_state())


@register(torch.dtype, tag="torch.dtype", shared=False)
@register(torch.device, tag="torch.device", shared=False)
@register(torch.layout, tag="torch.layout", shared=False)
@register(torch.memory_format, tag="torch.memory_format", shared=False)
def encode_name(value: object, ctx: Context) -> bytes:
    """Encode a type, device, layout or memory format by its name."""
    return str(value).encode()


@register(torch.Size, tag="torch.Size", shared=False)
def encode_size(value: torch.Size, ctx: Context) -> bytes:
    """Encode a shape."""
    return encode(tuple(value), ctx)


def _numbers(value: torch.Tensor) -> Any:
    """Return the elements as a NumPy array with the tensor's layout; unknown types as bits."""
    plain = value.detach().resolve_conj().resolve_neg().cpu()
    try:
        return plain.numpy()
    except TypeError:
        bits = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
        return plain.view(bits[plain.element_size()]).numpy()
