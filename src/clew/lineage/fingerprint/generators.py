"""Encodings of NumPy's random generators (the state, wherever it is) and universal functions."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import Context, class_identity, encode, refusal


@register(np.random.Generator, tag="numpy.random.Generator")
def encode_generator(value: np.random.Generator, ctx: Context) -> bytes:
    """Encode a generator by its source of bits."""
    return encode(value.bit_generator, ctx)


@register(np.random.RandomState, tag="numpy.random.RandomState")
def encode_random_state(value: np.random.RandomState, ctx: Context) -> bytes:
    """Encode a legacy generator with the normal deviate that it may hold back."""
    return ctx.fields(state=value.get_state(legacy=False), bits=value._bit_generator)


@register(np.random.BitGenerator, tag="numpy.random.BitGenerator", subclasses=True)
def encode_bits(value: Any, ctx: Context) -> bytes:
    """Encode a source of bits: its state, and the seeds that its children would get."""
    return ctx.fields(state=value.state, seeds=getattr(value, "seed_seq", None))


@register(np.random.SeedSequence, tag="numpy.random.SeedSequence")
def encode_seeds(value: np.random.SeedSequence, ctx: Context) -> bytes:
    """Encode a seed sequence and how many children it has had."""
    return ctx.fields(
        entropy=value.entropy,
        spawn_key=value.spawn_key,
        pool_size=value.pool_size,
        spawned=value.n_children_spawned,
    )


@register(np.ufunc, tag="numpy.ufunc", shared=False)
def encode_ufunc(value: np.ufunc, ctx: Context) -> bytes:
    """Encode a universal function that NumPy or SciPy ships, by name and version."""
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), value.__name__, None) is value:
            return ctx.fields(module=module, name=value.__name__) + class_identity(np.ufunc, ctx)
    raise refusal(value, "it is not one that NumPy or SciPy ships")
