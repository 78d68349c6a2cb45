"""How models are served: all that a process needs to know to answer for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.api.inference.limits import DEFAULT, Limits
from clew.app.deployments.open import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `clew serve` was asked.

    Parameters
    ----------
    specs : tuple of str
        Names of deployments, and models: see `clew.app.serving.find`. Where one is an alias, the
        version that it points to is followed.
    settings : Settings
        How models are made ready.
    host, port : str, int
        Where HTTP is answered; port 0 takes a free one. Beyond loopback, tokens are demanded.
    grpc_port : int or None
        Where gRPC is answered, on the same host; None: nowhere.
    hosts : tuple of str
        Further names under which clients may address it.
    workers : int
        Processes that answer on the same ports.
    keep : bool
        Whether predictions are kept in the store.
    limits : Limits
        What a request may take.
    access_log, traces : bool
        Whether a line is printed for each request, and whether OpenTelemetry is told of it.
    """

    specs: tuple[str, ...]
    settings: Settings = field(default_factory=Settings)
    host: str = "127.0.0.1"
    port: int = 5090
    grpc_port: int | None = None
    hosts: tuple[str, ...] = ()
    workers: int = 1
    keep: bool = True
    limits: Limits = DEFAULT
    access_log: bool = False
    traces: bool = False
