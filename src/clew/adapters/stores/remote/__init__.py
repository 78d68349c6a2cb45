"""A store that a clew server keeps: its ports, asked over HTTP (`clew.wire`)."""

from clew.adapters.stores.remote.artifacts import RemoteArtifacts
from clew.adapters.stores.remote.channel import Channel
from clew.adapters.stores.remote.connection import Connection
from clew.adapters.stores.remote.proxy import proxy
from clew.adapters.stores.remote.store import RemoteStore

__all__ = ["Channel", "Connection", "RemoteArtifacts", "RemoteStore", "proxy"]
