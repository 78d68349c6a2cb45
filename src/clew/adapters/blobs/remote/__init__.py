"""Bytes of values and files on a clew server."""

from clew.adapters.blobs.remote.store import RemoteBlobs

__all__ = ["RemoteBlobs"]
