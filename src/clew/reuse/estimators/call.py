"""One call of an estimator's method inside the context, and the rules of who may share what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clew.reuse.estimators.describe import Traits
from clew.reuse.estimators.policies import only_reads
from clew.reuse.estimators.results import private
from clew.reuse.estimators.session import Session


@dataclass(slots=True)
class Call:
    """A call as it was made.

    Parameters
    ----------
    to_library : bool
        Whether the caller is scikit-learn itself, which does not write into what it gets; any
        other caller gets a private copy.
    """

    session: Session
    function: Callable[..., Any]
    method: str
    estimator: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    to_library: bool

    @property
    def subject(self) -> str:
        """Name of the method in statistics."""
        return f"{type(self.estimator).__qualname__}.{self.method}"

    def run(self) -> Any:
        """Execute the call."""
        return self.function(self.estimator, *self.args, **self.kwargs)

    def run_seeded(self, seed: int | None) -> Any:
        """Execute the call; its unset `random_state` is `seed` meanwhile."""
        if seed is None:
            return self.run()
        self.estimator.random_state = seed
        try:
            return self.run()
        finally:
            self.estimator.random_state = None

    def guard(self, traits: Traits | None) -> None:
        """Put private copies in the place of shared arrays, unless the estimator only reads."""
        shared = self.session.is_shared
        if not any(map(shared, (*self.args, *self.kwargs.values()))):
            return
        if only_reads(self.estimator, traits):
            return
        self.args = tuple(map(self._own, self.args))
        self.kwargs = {key: self._own(value) for key, value in self.kwargs.items()}

    def _own(self, value: Any) -> Any:
        if not self.session.is_shared(value):
            return value
        known = self.session.identities.known(value)
        made = private(value)
        if known is not None:
            self.session.identities.remember(made, known)
        return made

    def passed(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is passed, by the names that the signature binds in order."""
        return dict(zip(names, self.args, strict=False)) | self.kwargs

    def finish(self, value: Any) -> Any:
        """Return a result to whoever called: code outside the library gets no shared array."""
        if self.to_library or not self.session.is_shared(value):
            return value
        return private(value)
