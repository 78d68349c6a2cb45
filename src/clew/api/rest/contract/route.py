"""What a route is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from clew.api.rest.contract.basis import Body, Nothing, Query
from clew.entities.token import Scope

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: how it is asked, what it answers, and what a token must be allowed.

    Parameters
    ----------
    name : str
        ``resource.verb``; the handler of that name answers it.
    path : str
        Below ``/api/v1``, with ``{parameters}``, each one percent-encoded part of the path.
    does : str
        What it does, in a few words.
    answer : type or None
        The struct of the answer; None when it is not JSON (`media`).
    status : int
        Of a success.
    media : str
        Media type of the answer.
    accepts : str or None
        Media type of a body that is not JSON (`body`): MessagePack, or bytes as they come.
    fields : tuple of str
        Names of the arguments in a body of MessagePack.
    """

    name: str
    method: Method
    path: str
    does: str
    answer: Any
    query: type[Query] = Nothing
    body: type[Body] | None = None
    scope: Scope | None = "read"
    status: int = 200
    media: str = "application/json"
    accepts: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def resource(self) -> str:
        """First part of the name."""
        return self.name.partition(".")[0]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in the path."""
        parts = self.path.split("/")
        return tuple(part[1:-1] for part in parts if part.startswith("{"))
