"""Content ids of SciPy's splines, which put their coefficients in order when first evaluated."""

from __future__ import annotations

import numpy as np

from clew.lineage.fingerprint import Context, register


@register("scipy.interpolate._bsplines.BSpline", tag="scipy.interpolate.BSpline")
def encode_spline(value: object, ctx: Context) -> bytes:
    """Encode a spline by its attributes; the layout of knots and coefficients does not count."""
    state = {
        name: np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part
        for name, part in sorted(vars(value).items())
    }
    return ctx.fields(state=state)
