"""MLflow's REST protocol (3.18): stock MLflow clients and their autologging work unchanged.

Adds no facts: it reads requests, calls the ports of tracking and registry, and writes answers with
the same status codes, error codes and texts as MLflow's server. What clew does not have (multipart
transfers, GenAI endpoints, workspaces) is answered with MLflow's own ``ENDPOINT_NOT_FOUND`` or
``NOT_IMPLEMENTED``, which its clients understand.
"""

from clew.api.mlflow.rights import needed
from clew.api.mlflow.server import VERSION, Server
from clew.app.tracking import Tracking

__all__ = ["PREFIXES", "VERSION", "Server", "app", "needed"]

PREFIXES = (
    "/api/2.",
    "/api/3.",
    "/ajax-api/",
    "/get-artifact",
    "/graphql",
    "/model-versions/get-artifact",
    "/v1/traces",
    "/version",
)
"""Beginnings of the paths that are this protocol's: an outer application sends these here."""


def app(stores: Tracking) -> Server:
    """Return the ASGI application that serves a store.

    Parameters
    ----------
    stores : Tracking
        The ports that answer: any object with them as attributes.
    """
    return Server(stores)
