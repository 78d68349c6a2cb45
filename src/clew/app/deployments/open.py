"""What `clew serve` serves: deployments by their name, models by what names them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from clew.app.deployments import record
from clew.app.deployments.keep import Keeper
from clew.app.deployments.services import class_of, find_service, hosted_service, is_service
from clew.app.promotion import demand, is_judged
from clew.app.serving import find, hosted, registered
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.errors import InvalidParameter, NotFound
from clew.serve.batch import Aimd, BatchLimit, Fixed, LatencyFit
from clew.serve.deployment.alone import Alone, Composed
from clew.serve.deployment.live import Teller, Told
from clew.serve.deployment.state import Arm, State
from clew.serve.hosted import Hosted
from clew.serve.journal import JournalWriter

Batching = Literal["fit", "aimd", "single"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How models are made ready.

    Parameters
    ----------
    name : str, optional
        Under which clients ask for the only model.
    sample : Path, optional
        Rows as the only model was fitted on.
    trust : bool
        Also read types that are no library's own.
    cache_size : int
        How many answers a model remembers; a deployment's configuration says its own.
    most_rows, most_waiting : int
        Rows of one request, and rows that may wait for a model.
    unproven : bool
        Also serve versions that the gates of their model have not passed.
    batching : {"fit", "aimd", "single"}
        How the size of batches is decided: by a fit of what they cost, by additive increase and
        multiplicative decrease, or not at all: every row alone.
    objective_ms : float
        Latency, the wait included, that batches are to keep.
    wait_ms : float
        How long a request may wait for others to come.
    """

    name: str | None = None
    sample: Path | None = None
    trust: bool = False
    cache_size: int = 0
    most_rows: int = 10_000
    most_waiting: int = 10_000
    unproven: bool = False
    batching: Batching = "fit"
    objective_ms: float = 20.0
    wait_ms: float = 0.0

    def limit(self) -> BatchLimit:
        """Return what decides on the size of a model's batches."""
        if self.batching == "single":
            return Fixed(1)
        kind = Aimd if self.batching == "aimd" else LatencyFit
        return kind(self.objective_ms / 1e3)


class Opened:
    """Deployments and models that one process serves.

    Attributes
    ----------
    unjudged : dict of str to None
        Registered versions that no gate has judged, in order: ``adult/7``.

    Raises
    ------
    ClewError
        When one of them does not exist, or cannot be served.
    """

    def __init__(
        self,
        store: Store,
        specs: Sequence[str],
        settings: Settings,
        writer: JournalWriter | None,
        address: str,
    ) -> None:
        if len(specs) > 1 and (settings.name or settings.sample):
            raise InvalidParameter("--name and --sample are of one model", got=", ".join(specs))
        self._store, self._settings, self._writer = store, settings, writer
        self._address = address
        self._tellers: dict[str, Teller] = {}
        self._specs: dict[str, str] = {}
        self.keepers: list[Keeper] = []
        self.models: list[Alone] = []
        self.unjudged: dict[str, None] = {}
        for spec in specs:
            self._open(spec)

    def _open(self, spec: str) -> None:
        plain = not set(spec) & set("@/:")
        state = record.find(tracking_of(self._store.runtime), spec) if plain else None
        if state is not None:
            made = Keeper(self._store, state, self._arm, self._writer, self._address)
            name: str = made.router.name
            self.keepers.append(made)
        else:
            model = self._model(spec)
            name = model.name
            self.models.append(model)
        if name in self._specs:
            raise InvalidParameter("two models of one name", got=f"{self._specs[name]}, {spec}")
        self._specs[name] = spec

    def load(self, name: str) -> Hosted:
        """Make a model of that name ready anew."""
        spec = self._specs.get(name)
        if spec is None:
            known = ", ".join(self._specs)
            raise NotFound("no such model is served here", got=name[:100], expected=known)
        return self._model(spec)

    def moved(self, model: Hosted) -> bool:
        """Tell whether the alias that is served points to another version now."""
        spec = self._specs[model.name]
        if isinstance(model, Composed):
            uses = class_of(spec).uses.items()
            return any(self._arm_of(one) not in (None, model.used[name]) for name, one in uses)
        version = registered(self._store, spec)
        return version is not None and str(version.version) != model.version

    def _arm_of(self, spec: str) -> str | None:
        version = registered(self._store, spec)
        return None if version is None else f"{version.name}/{version.version}"

    def tell(self, model: Hosted) -> Callable[[], None]:
        """Return what writes down the counts of a model."""
        assert isinstance(model, Alone)
        counted, now_ms = model.part.counted(), time.time_ns() // 1_000_000
        teller = self._tellers.get(model.name)
        if teller is None:
            teller = Teller(record.folder_of(self._store, model.name))
            self._tellers[model.name] = teller
            teller.clean("")
        told = Told(
            pid=os.getpid(),
            started_ms=model.started_ms,
            time_ms=now_ms,
            address=self._address,
            state="",
            policy="static",
            versions={model.part.key: ["champion"]},
            whole=counted,
            arms={model.part.key: counted},
            rewards={},
        )
        return lambda: teller.tell(told)

    def _model(self, spec: str) -> Alone:
        settings = self._settings
        if is_service(spec):
            return self._service(spec)
        self._demand(spec)
        found = find(self._store, spec, settings.sample, trust=settings.trust)
        made = hosted(
            found, name=settings.name, writer=self._writer, cache_size=settings.cache_size
        )
        self._bound(made)
        return made

    def _service(self, spec: str) -> Composed:
        settings = self._settings
        if settings.sample is not None:
            raise InvalidParameter("--sample is of a model", got=f"a service, {spec}")
        for used in class_of(spec).uses.values():
            self._demand(used)
        found = find_service(self._store, spec, trust=settings.trust)
        made = hosted_service(
            found, name=settings.name, writer=self._writer, cache_size=settings.cache_size
        )
        self._bound(made)
        return made

    def _demand(self, spec: str) -> None:
        """Refuse a version that the gates of its model have not passed; note one without any."""
        version = registered(self._store, spec)
        if version is None:
            return
        tracking = tracking_of(self._store.runtime)
        if not self._settings.unproven:
            demand(tracking.registered, tracking.audit, version)
        if not is_judged(tracking.audit, version):
            self.unjudged[f"{version.name}/{version.version}"] = None

    def _bound(self, model: Hosted) -> None:
        model.most_rows = self._settings.most_rows
        batcher = model.batcher
        batcher.most_waiting = self._settings.most_waiting
        batcher.limit, batcher.wait_s = self._settings.limit(), self._settings.wait_ms / 1e3

    def _arm(self, arm: Arm, state: State) -> Hosted:
        """Make a version of a deployment ready; the deployment keeps its answers."""
        known = record.version_of(self._store, arm)
        spec = arm.spec if known is None else f"{arm.name}/{arm.version}"
        found = find(self._store, spec, trust=self._settings.trust)
        made = hosted(found, cache_size=state.config.cache)
        if known is not None and not is_judged(tracking_of(self._store.runtime).audit, known):
            self.unjudged[arm.key] = None
        self._bound(made)
        made.batcher.warm([_first(made, found.sample)])
        return made


def _first(model: Hosted, sample: Any) -> tuple[Any, ...]:
    """Return the values of the first row that a model was fitted on."""
    if hasattr(sample, "iloc"):
        named: dict[str, Any] = sample.iloc[:1].to_dict("records")[0]
        gaps = {name: None if value != value else value for name, value in named.items()}
        return model.values_of([gaps])[0]
    first = sample[0]
    if isinstance(first, str):
        return model.values_of([{model.columns[0]: first}])[0]
    return model.values_of([list(first)])[0]
