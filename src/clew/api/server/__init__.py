"""The server: one ASGI application over one store, and the process that listens.

Adds no facts. Who may ask is decided here (`guard`, `access`), before anything is routed to the
MLflow protocol, to `/api/v1` or to the files of the web UI.
"""
