"""Files of runs and models, and what they show."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Id, Query
from clew.api.rest.contract.route import Route
from clew.entities import Artifact
from clew.entities.overview import Cell

Path = Annotated[str, msgspec.Meta(max_length=4096)]


class FolderQuery(Query, frozen=True, kw_only=True):
    """A folder of a run or of a logged model; "" is the topmost one."""

    owner: Literal["run", "model"]
    id: Id
    path: Path = ""


class Folder(Answer, frozen=True, kw_only=True):
    """What lies directly in a folder: folders first, then by name."""

    path: str
    items: list[Artifact]


class ContentQuery(Query, frozen=True, kw_only=True):
    """A file of a run or of a logged model.

    Parameters
    ----------
    download : bool
        Ask the browser to save it instead of showing it.
    """

    owner: Literal["run", "model"]
    id: Id
    path: Path
    download: bool = False


class PreviewQuery(Query, frozen=True, kw_only=True):
    """A file of a run or of a logged model, and how much of it.

    Parameters
    ----------
    rows : int
        At most so many rows of a table.
    size_bytes : int
        At most so many bytes of a text.
    """

    owner: Literal["run", "model"]
    id: Id
    path: Path
    rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 100_000


class Preview(Answer, frozen=True, kw_only=True):
    """The beginning of a file.

    Parameters
    ----------
    kind : {"image", "table", "text", "json", "markdown", "binary"}
        An ``image`` is to be taken from `/api/v1/artifacts/content`; of ``binary`` there is nothing
        to show.
    truncated : bool
        Whether the file has more than is shown.
    text : str or None
        Of ``text``, ``json`` (indented) and ``markdown``.
    columns, rows : list or None
        Of a ``table``.
    total_rows : int or None
        Of a ``table``, where it is known.
    """

    artifact: Artifact
    kind: Literal["image", "table", "text", "json", "markdown", "binary"]
    truncated: bool
    text: str | None
    columns: list[str] | None
    rows: list[list[Cell]] | None
    total_rows: int | None


ROUTES = (
    Route(
        "artifacts.list",
        "GET",
        "/artifacts",
        "List a folder of a run or logged model",
        Folder,
        FolderQuery,
    ),
    Route(
        "artifacts.content",
        "GET",
        "/artifacts/content",
        "Return a file, or a range of it",
        None,
        ContentQuery,
        media="application/octet-stream",
    ),
    Route(
        "artifacts.preview",
        "GET",
        "/artifacts/preview",
        "Show the beginning of a file",
        Preview,
        PreviewQuery,
    ),
)
