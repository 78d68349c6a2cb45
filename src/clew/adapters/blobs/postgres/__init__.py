"""Bytes of large values and artifacts in the PostgreSQL database of their store."""

from clew.adapters.blobs.postgres.objects import PostgresObjects

__all__ = ["PostgresObjects"]
