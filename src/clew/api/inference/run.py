"""`clew serve` from beginning to end: models, socket, application, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clew.api.inference.app import Inference
from clew.api.inference.models import Models
from clew.api.server import listen
from clew.app.deployments.open import Opened, Settings
from clew.app.serving import journal_of, writer_of
from clew.app.store import open_store
from clew.errors import InvalidParameter


def run(
    specs: Sequence[str],
    host: str,
    port: int,
    *,
    settings: Settings,
    ready: Callable[[str, Opened], None],
    keep: bool = True,
) -> None:
    """Serve models and deployments until the process is told to end.

    Parameters
    ----------
    specs : sequence of str
        Names of deployments, and models: see `clew.app.serving.find`. Where one is an alias, the
        version that it points to is followed.
    ready : callable
        ``ready(address, opened)`` is called once requests are answered.

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
    listener = listen.bind(host, port)
    address = listen.address_of(listener, host)
    store = open_store()
    writer = writer_of(store) if keep else None
    try:
        opened = Opened(store, specs, settings, writer, address)
        models = Models(
            opened.load,
            journal=journal_of(store),
            writer=writer,
            moved=opened.moved,
            tell=opened.tell,
        )
        for model in opened.models:
            models.add(model)
        for keeper in opened.keepers:
            models.deploy(keeper)
        listen.serve(
            Inference(models),
            listener,
            ready=lambda: ready(address, opened),
            stopping=lambda: None,
        )
    finally:
        listener.close()
        if writer is not None:
            writer.close()
