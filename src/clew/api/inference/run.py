"""`clew serve` from beginning to end: model, socket, application, loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clew.api.inference.app import Inference
from clew.api.inference.models import Models
from clew.api.server import listen
from clew.app.serving import hosted, journal_of, writer_of
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
) -> None:
    """Serve a model until the process is told to end.

    Parameters
    ----------
    spec : str
        The model: see `clew.app.serving.hosted`.
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

    def load(which: str | None) -> Hosted:
        if which not in (None, model_name):
            raise NotFound("no such model is served here", got=which, expected=model_name)
        return hosted(store, spec, name=name, sample=sample, writer=writer, cache_size=cache_size)

    model_name = name or ""
    model = load(None)
    model_name = model.name
    models = Models(load, journal=journal_of(store), writer=writer)
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
