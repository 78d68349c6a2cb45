"""One page of an answer."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some items, and how to ask for those that follow.

    Parameters
    ----------
    items : tuple
        In the order that was asked for.
    next : str or None
        Opaque token for the page after this one; None: these were the last. It names the last item
        (not an offset), so that rows which are added meanwhile shift nothing.
    """

    items: tuple[Item, ...]
    next: str | None = None
