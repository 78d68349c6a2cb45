"""The REST interface of clew, `/api/v1`: what its web UI and other programs ask.

`contract` declares every request and answer and lists the routes; `openapi` turns it into an
OpenAPI 3.1 document.
"""
