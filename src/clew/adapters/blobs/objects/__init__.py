"""Bytes of values and artifacts as named objects, wherever those lie."""

from clew.adapters.blobs.objects.store import ObjectBlobs, Objects

__all__ = ["ObjectBlobs", "Objects"]
