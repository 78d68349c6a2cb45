"""What all parts of the contract share: numbers, problems, small answers, changes of tags."""

from __future__ import annotations

from typing import Annotated

import msgspec

Offset = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Limit = Annotated[int, msgspec.Meta(ge=0, le=1000)]
LongLimit = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Text = Annotated[str, msgspec.Meta(max_length=100_000)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands behind the ``?``. A name that is not declared is a problem."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of JSON bodies of requests."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of answers."""


class Nothing(Query, frozen=True, kw_only=True):
    """No parameters."""


class Done(Answer, frozen=True, kw_only=True):
    """A change was made.

    Parameters
    ----------
    changed : int
        How many things it changed.
    """

    changed: int


class TagChange(Body, frozen=True, kw_only=True):
    """Tags to set and to remove; a tag that is not there is removed without complaint."""

    set: dict[str, str] = {}
    remove: list[str] = []
