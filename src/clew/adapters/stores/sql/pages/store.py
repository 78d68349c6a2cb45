"""The port `clew.track.ports.pages.StorePages`."""

from __future__ import annotations

from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.pages import data, find, sums
from clew.adapters.stores.sql.pages import experiments as _experiments
from clew.entities import View
from clew.entities.overview import (
    DatasetRow,
    DatasetRun,
    ExperimentRow,
    Hit,
    RecentModel,
    ReuseSummary,
    Totals,
    VersionRow,
)


class SqlStorePages:
    """Sums and lists over one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def experiments(
        self,
        *,
        text: str = "",
        filter: str = "",
        view: View = "active",
        order: str = "updated",
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[ExperimentRow, ...]]:
        """Return how many experiments match, and some of them."""
        with self._database.reading() as connection:
            return _experiments.experiments(connection, text, filter, view, order, (offset, limit))

    def experiment(self, id: str) -> ExperimentRow:
        """Return one experiment, deleted or not."""
        with self._database.reading() as connection:
            return _experiments.experiment(connection, id)

    def reuse(self, since_ms: int) -> ReuseSummary:
        """Return what runs that started since then computed and reused."""
        with self._database.reading() as connection:
            return sums.reuse(connection, since_ms)

    def totals(self) -> Totals:
        """Return what the store holds."""
        with self._database.reading() as connection:
            return sums.totals(connection)

    def recent_models(self, limit: int) -> tuple[RecentModel, ...]:
        """Return the newest versions of registered models."""
        with self._database.reading() as connection:
            return sums.recent_models(connection, limit)

    def find(self, text: str, limit: int) -> tuple[Hit, ...]:
        """Return what holds all words of a text."""
        with self._database.reading() as connection:
            return find.find(connection, text, limit)

    def datasets(
        self, *, text: str = "", offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[DatasetRow, ...]]:
        """Return how many datasets there are by name, and some of them."""
        with self._database.reading() as connection:
            return data.datasets(connection, text, offset, limit)

    def dataset(
        self, name: str, digest: str | None = None
    ) -> tuple[tuple[VersionRow, ...], tuple[DatasetRun, ...]]:
        """Return the versions of a dataset, and the newest runs that read it."""
        with self._database.reading() as connection:
            return data.dataset(connection, name, digest)
