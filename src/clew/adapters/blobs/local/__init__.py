"""Values as content-addressed files of this machine.

Facts added: none. Module by noun: `layout` (where a value's file lies), `framing` (what a file
holds), `compression` (when it pays), `files` (atomic writes, private reads), `store` (the adapter).
"""

from clew.adapters.blobs.local.store import LocalBlobs

__all__ = ["LocalBlobs"]
