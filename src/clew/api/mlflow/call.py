"""What a handler is given besides its request."""

from __future__ import annotations

import msgspec

from clew.app.tracking import Tracking


class Call(msgspec.Struct, frozen=True):
    """One call of the protocol.

    Parameters
    ----------
    stores : Tracking
        The ports.
    actor : str
        Who calls, for the audit trail; empty where nobody had to say.
    """

    stores: Tracking
    actor: str = ""
