"""Headers that every answer carries."""

from __future__ import annotations

from clew.api.asgi import Headers

SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""No answer is taken for another type than it says, and none can be embedded elsewhere."""

PAGE_POLICY = (
    b"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    b"form-action 'self'; frame-ancestors 'none'"
)
"""A page loads from this server alone, and stands in no frame."""

FILE_POLICY = (
    b"sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    b"frame-ancestors 'self'"
)
"""A file that somebody uploaded: whatever it holds, no script of it runs."""
