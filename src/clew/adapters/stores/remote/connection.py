"""Requests to a server over connections that stay open and are used again.

A request that was certainly not acted upon, or may be acted upon twice, is sent again while a
server that restarts is gone; any other failure is told at once.
"""

from __future__ import annotations

import http.client
import os
import select
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec

from clew import errors
from clew.errors import ClewError, InvalidParameter, StoreError

PATIENCE_S = 5.0
"""How long a server may be gone before that is an error: it restarts in less."""

_TIMEOUT_S = 120.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.5
_PIECE = 1 << 20
_MOST_IDLE = 8
_BROKEN = (OSError, http.client.HTTPException)
_ACCESS = ("NoToken", "BadToken", "TooLittle")


class Problem(msgspec.Struct, frozen=True):
    """What a server says of a request that it did not answer."""

    kind: str
    what: str
    got: str | None = None
    expected: str | None = None
    hint: str | None = None


class Connection:
    """A server, by its address.

    Parameters
    ----------
    address : str
        ``http://HOST:PORT``, ``https://HOST/PREFIX``.
    token : str, optional
        What the server may demand.

    Raises
    ------
    InvalidParameter
        When the address is none.
    """

    def __init__(
        self, address: str, token: str | None = None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._idle: list[http.client.HTTPConnection] = []
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise InvalidParameter(
                "address of a server",
                got=address if "@" not in parts.netloc else "credentials in the address",
                expected="http://HOST:PORT; a token goes into CLEW_TOKEN",
            )
        self.address = address.rstrip("/")
        self.patience_s = patience_s
        self._is_gone = False
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/") + "/api/v1/store"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pid = os.getpid()

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        media: str | None = None,
        repeat: bool,
    ) -> bytearray:
        """Send a request and return the whole answer.

        Parameters
        ----------
        repeat : bool
            The request may be acted upon twice.

        Raises
        ------
        ClewError
            What the server answered, as it was raised there; `StoreError` when it does not answer.
        """
        # Once it was told that the server is gone, nobody waits for it again.
        until_s = time.monotonic() + (0.0 if self._is_gone else self.patience_s)
        pause_s = _FIRST_PAUSE_S
        while True:
            sent, link = False, None
            try:
                link = self._link()
                sent = True
                headers = self._headers | ({"Content-Type": media} if media else {})
                link.request(method, self._prefix + path, body, headers)
                answer = link.getresponse()
                content = bytearray(answer.length or 0)
                if answer.length is None:
                    content = bytearray(answer.read())
                else:
                    _fill(answer, content)
            except _BROKEN as error:
                if link is not None:
                    link.close()
                if (sent and not repeat) or time.monotonic() > until_s:
                    self._gone(error)
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            self._is_gone = False
            self._give_back(link)
            if answer.status >= 300:
                raise self._refused(answer.status, bytes(content))
            return content

    def download(self, path: str) -> Iterator[bytes]:
        """Yield an answer in pieces, over a connection of its own."""
        link = self._new()
        try:
            try:
                link.request("GET", self._prefix + path, headers=self._headers)
                answer = link.getresponse()
                if answer.status >= 300:
                    raise self._refused(answer.status, answer.read())
                while piece := answer.read(_PIECE):
                    yield piece
            except _BROKEN as error:
                self._gone(error)
        finally:
            link.close()

    def upload(self, method: str, path: str, pieces: Iterable[bytes | memoryview]) -> bytes:
        """Send bytes as they come, and return the answer."""
        upload = Upload(self, method, path)
        try:
            for piece in pieces:
                upload.write(piece)
            return upload.finish()
        finally:
            upload.close()

    def close(self) -> None:
        """Close what is open; another request opens it again."""
        while self._idle:
            self._idle.pop().close()

    __del__ = close

    def _link(self) -> http.client.HTTPConnection:
        """Return a connection that is open as far as can be seen."""
        if self._pid != os.getpid():  # A forked child leaves its parent's connections alone.
            self._idle, self._pid = [], os.getpid()
        while self._idle:
            try:
                link = self._idle.pop()
            except IndexError:
                break  # Another thread took the last one.
            if _is_open(link):
                return link
            link.close()  # The server closed it meanwhile.
        link = self._new()
        link.connect()
        return link

    def _give_back(self, link: http.client.HTTPConnection) -> None:
        if link.sock is not None and len(self._idle) < _MOST_IDLE:
            self._idle.append(link)
        else:
            link.close()

    def _new(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=_TIMEOUT_S, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)

    def _gone(self, error: Exception) -> NoReturn:
        self._is_gone = True
        raise StoreError(
            f"the server of the store does not answer: {self.address}",
            got=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
            hint="what it acknowledged is kept; start it again (`clew server`), then run the same "
            "again: it goes on from there",
        ) from error

    def _refused(self, status: int, content: bytes) -> ClewError:
        try:
            return failure(msgspec.json.decode(content, type=Problem), self.address)
        except msgspec.MsgspecError:
            return StoreError(
                f"this is no clew server: {self.address}",
                got=f"status {status}",
                expected="the address that `clew server` prints",
            )


class Upload:
    """A request whose body is sent as it comes."""

    def __init__(self, connection: Connection, method: str, path: str) -> None:
        self._connection = connection
        self._link = connection._new()
        try:
            self._link.putrequest(method, connection._prefix + path)
            for name, value in connection._headers.items():
                self._link.putheader(name, value)
            self._link.putheader("Content-Type", "application/octet-stream")
            self._link.putheader("Transfer-Encoding", "chunked")
            self._link.endheaders()
        except _BROKEN as error:
            self.close()
            connection._gone(error)

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        view = memoryview(chunk).cast("B")
        try:
            while view.nbytes:
                piece, view = view[:_PIECE], view[_PIECE:]
                self._link.send(b"%x\r\n" % piece.nbytes)
                self._link.send(piece)
                self._link.send(b"\r\n")
        except _BROKEN as error:
            self._answer(error)  # It may have said why it does not want them.

    def finish(self) -> bytes:
        """End the body; return the answer."""
        try:
            self._link.send(b"0\r\n\r\n")
        except _BROKEN as error:
            self._answer(error)
        return self._answer(None)

    def close(self) -> None:
        """Close the connection; a body that has not ended is dropped by the server."""
        self._link.close()

    def _answer(self, broken: Exception | None) -> bytes:
        try:
            answer = self._link.getresponse()
            content = answer.read()
        except _BROKEN as error:
            self._connection._gone(broken or error)
        if answer.status >= 300 or broken is not None:
            raise self._connection._refused(answer.status, content)
        return content


def failure(problem: Problem, address: str) -> ClewError:
    """Return the error that a server told."""
    kind = getattr(errors, problem.kind, None)
    fields: Mapping[str, str | None] = {
        "got": problem.got,
        "expected": problem.expected,
        "hint": problem.hint,
    }
    if isinstance(kind, type) and issubclass(kind, ClewError):
        return kind(problem.what, **fields)
    if problem.kind in _ACCESS:
        return StoreError(
            f"{address}: {problem.what}",
            got=problem.got,
            expected=problem.expected,
            hint="set CLEW_TOKEN; `clew token create NAME` makes one on the server's machine",
        )
    return StoreError(f"{address}: {problem.what}", **fields)


def _is_open(link: http.client.HTTPConnection) -> bool:
    """Tell whether nothing came on an idle connection: no end, and no answer to no question."""
    if link.sock is None:
        return False
    poll = select.poll()
    poll.register(link.sock, select.POLLIN)
    return not poll.poll(0)


def _fill(answer: http.client.HTTPResponse, content: bytearray) -> None:
    """Read an answer into place: its bytes are the caller's own, without another copy."""
    view = memoryview(content)
    while view.nbytes:
        count = answer.readinto(view)
        if not count:
            raise http.client.IncompleteRead(b"", view.nbytes)
        view = view[count:]
    answer.close()
