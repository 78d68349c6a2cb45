"""What decides the trials of a study, as one content id: who shares it shares the trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clew.errors import ClewError, InvalidParameter
from clew.lineage.canonical import Digest, digest
from clew.lineage.code.identify import code_id
from clew.lineage.fingerprint import fingerprint
from clew.select.searchspace import SearchSpace

_FORMAT = 1


def study_id(
    name: str,
    space: SearchSpace | None,
    terms: Any,
    enqueued: Sequence[Mapping[str, Any]],
    objective: Callable[..., Any] | None,
    environment: Digest,
) -> Digest:
    """Return the id of a study: its name and all that its trials depend on.

    That is the space, the scheduler and sampler with their options, the seed, what was enqueued
    before the first trial, the code of the objective with what it refers to, and the versions of
    libraries. Files that the objective reads are not watched.

    Raises
    ------
    InvalidParameter
        When one of these has no content id.
    """
    decisive = {
        "space": None if space is None else (list(space.domains.items()), list(space.rules)),
        "scheduler": terms.scheduler,
        "signs": terms.signs,
        "seed": terms.seed,
        "lag": terms.lag,
        "pruner": terms.pruner,
        "catch": terms.catch,
        "repeat": terms.repeat,
        "enqueued": [dict(each) for each in enqueued],
    }
    parts: list[bytes] = [name.encode("utf-8", "surrogatepass"), environment]
    for part, value in decisive.items():
        try:
            parts.append(fingerprint(value))
        except (ClewError, TypeError) as error:
            raise _unnamed(name, part, error) from error
    try:
        parts.append(b"" if objective is None else code_id(objective))
    except ClewError as error:
        raise _unnamed(name, "objective", error) from error
    return Digest(digest("study", _FORMAT, parts))


def _unnamed(name: str, part: str, error: Exception) -> InvalidParameter:
    return InvalidParameter(
        f"The study {name!r} cannot be kept: its {part} has no content id.",
        got=str(error),
        hint="leave `study` out, or hand the data over as arguments of plain kinds",
    )
