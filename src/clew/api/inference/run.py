"""`clew serve` from beginning to end: model, socket, application, loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clew.api.inference.app import Inference
from clew.api.inference.models import Models
from clew.api.server import listen
from clew.app.serving import find, hosted, journal_of, registered, writer_of
from clew.app.store import open_store
from clew.errors import InvalidParameter, NotFound
from clew.serve.hosted import Hosted


def run(
    spec: str,
    host: str,
    port: int,
    *,
    ready: Callable[[str, str, str, str], None],
    name: str | None = None,
    sample: Path | None = None,
    cache_size: int = 0,
    keep: bool = True,
    trust: bool = False,
) -> None:
    """Serve a model until the process is told to end.

    Parameters
    ----------
    spec : str
        The model: see `clew.app.serving.find`. Where it is an alias, the version that it points to
        is followed.
    ready : callable
        ``ready(address, name, form, reason)`` is called once requests are answered.

    Raises
    ------
    InvalidParameter
        When the host is not this machine alone: there is no token for inference yet.
    """
    if not listen.is_loopback(host):
        raise InvalidParameter(
            "inference is answered on this machine alone",
            got=host,
            expected="127.0.0.1, ::1 or localhost",
            hint="put a proxy that authenticates in front of it",
        )
    store = open_store()
    writer = writer_of(store) if keep else None

    def load(which: str) -> Hosted:
        found = find(store, spec, sample, trust=trust)
        if which not in ("", name or found.name):
            raise NotFound("no such model is served here", got=which, expected=name or found.name)
        return hosted(found, name=name, writer=writer, cache_size=cache_size)

    def moved(model: Hosted) -> bool:
        """Tell whether the alias that is served points to another version now."""
        version = registered(store, spec)
        return version is not None and str(version.version) != model.version

    model = load("")
    models = Models(load, journal=journal_of(store), writer=writer, moved=moved)
    models.add(model)
    listener = listen.bind(host, port)
    address = listen.address_of(listener, host)

    def announced() -> None:
        ready(address, model.name, model.compiled.form, model.compiled.attempts[-1].reason)

    try:
        listen.serve(Inference(models), listener, ready=announced, stopping=lambda: None)
    finally:
        listener.close()
        if writer is not None:
            writer.close()
