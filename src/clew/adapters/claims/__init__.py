"""Placeholders: whoever computes a node holds its claim, everybody else waits.

Facts added: none. A claim lasts no longer than the process that holds it.
"""

from clew.adapters.claims.files import FileClaims
from clew.adapters.claims.leased import LeasedClaims
from clew.adapters.claims.none import NoClaims

__all__ = ["FileClaims", "LeasedClaims", "NoClaims"]
