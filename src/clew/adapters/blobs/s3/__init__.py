"""Bytes of values and artifacts in an S3-compatible object store (extra ``s3``)."""

from clew.adapters.blobs.s3.store import open_s3

__all__ = ["open_s3"]
