"""Objects in an S3-compatible bucket."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn
from urllib.parse import parse_qsl, urlsplit

from clew.adapters.blobs.objects import ObjectBlobs
from clew.errors import InvalidParameter, MissingExtra, StoreError

_OPTIONS = ("endpoint", "region")


def open_s3(url: str) -> ObjectBlobs:
    """Open the objects below an address.

    Parameters
    ----------
    url : str
        ``s3://BUCKET/PREFIX``, with ``?endpoint=URL`` for another server than Amazon's and
        ``&region=NAME``. Credentials come from the environment (``AWS_ACCESS_KEY_ID``,
        ``AWS_SECRET_ACCESS_KEY``, …) and never stand in the address.

    Raises
    ------
    MissingExtra
        Without obstore: ``pip install 'clew[s3]'``.
    InvalidParameter
        When the address is not of that form.
    """
    try:
        library = importlib.import_module("obstore")
        stores = importlib.import_module("obstore.store")
    except ImportError as error:
        raise MissingExtra("s3:// needs obstore", hint="pip install 'clew[s3]'") from error
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - set(_OPTIONS)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or unknown:
        raise InvalidParameter(
            "address of an object store",
            got=url if "@" not in parts.netloc else "credentials in the address",
            expected="s3://BUCKET/PREFIX?endpoint=URL&region=NAME",
        )
    try:
        store = stores.S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            virtual_hosted_style_request="endpoint" not in options,
            client_options={"allow_http": options.get("endpoint", "").startswith("http://")},
            **options,
        )
    except Exception as error:
        raise StoreError(f"{url} cannot be opened", got=str(error)) from error
    return ObjectBlobs(S3Objects(store, library, url))


class S3Objects:
    """The port `clew.adapters.blobs.objects.Objects` over a bucket.

    Parameters
    ----------
    store : obstore.store.S3Store
        The bucket, its prefix included.
    library : module
        ``obstore``.
    place : str
        How messages call it.
    """

    def __init__(self, store: Any, library: Any, place: str) -> None:
        self._store = store
        self._library = library
        self.place = place

    def put(self, name: str, content: bytes | BinaryIO) -> None:
        """Write an object, or a file as one, in parts."""
        self._call("put", name, content)

    def get(self, name: str) -> bytearray | None:
        """Return an object's bytes, or None."""
        found = self._call("get", name, missing=None)
        return None if found is None else bytearray(found.bytes())

    def size(self, name: str) -> int | None:
        """Return an object's size in bytes, or None."""
        found = self._call("head", name, missing=None)
        return None if found is None else int(found["size"])

    def part(self, name: str, start: int, end: int) -> bytes | None:
        """Return the bytes from `start` up to (not including) `end`, or None."""
        found = self._call("get_range", name, start=start, end=end, missing=None)
        return None if found is None else bytes(found)

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        self._call("delete", name, missing=None)

    def rename(self, name: str, to: str) -> None:
        """Give an object another name, if it is there."""
        self._call("rename", name, to, missing=None)

    def below(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Yield ``(name, bytes, seconds since the epoch of the last write)`` of a folder."""
        try:
            for chunk in self._library.list(self._store, prefix=prefix):
                for found in chunk:
                    yield found["path"], int(found["size"]), found["last_modified"].timestamp()
        except (OSError, self._library.exceptions.BaseError) as error:
            self._fail(error)

    def _call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask the object store; with `missing` given, that is the answer where nothing is."""
        optional = "missing" in options
        missing = options.pop("missing", None)
        try:
            return getattr(self._library, verb)(self._store, *arguments, **options)
        except FileNotFoundError as error:
            if optional:
                return missing
            self._fail(error)
        except (OSError, self._library.exceptions.BaseError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        raise StoreError(
            f"the object store {self.place} cannot be read or written",
            got=str(error)[:500],
            hint="is it running, and are the credentials (AWS_…) those of the bucket?",
        ) from error
