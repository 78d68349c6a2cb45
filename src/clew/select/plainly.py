"""What a search leaves to scikit-learn, and what it shows afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sklearn import get_config
from sklearn.model_selection._search import BaseSearchCV

from clew.select.evaluate import Evaluation
from clew.select.results import extra_columns
from clew.select.space import batches

if TYPE_CHECKING:
    from clew.select.record import Proposal


class PlainSearch(BaseSearchCV):  # type: ignore[misc]  # scikit-learn is untyped
    """A search as scikit-learn runs it; `Search` plans instead wherever that is possible."""

    _close: Any
    explain_: Any

    def _plain_reason(self) -> str:
        """Return why the whole study is left to scikit-learn, or ``""``."""
        config = get_config()
        if config["enable_metadata_routing"]:
            return "metadata routing is enabled"
        if config.get("array_api_dispatch"):
            return "array API dispatch is enabled"
        parts = [self, self.estimator, *_nested(self.estimator)]
        if any(getattr(part, "_skl_callbacks", None) for part in parts):
            return "callbacks are set"
        return "verbose output of each fit was asked for" if self.verbose > 1 else ""

    def _fit_plainly(self, reason: str, X: Any, y: Any, params: Mapping[str, Any]) -> None:
        fit = BaseSearchCV.fit.__wrapped__
        fit(self, X, y, **params)
        evaluation = Evaluation.plain(self.cv_results_["params"], self.n_splits_, reason)
        self.proposal_: Proposal | None = None
        self._close(evaluation)
        self.cv_results_.update(extra_columns(self.explain_))

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Evaluate all batches plainly (scikit-learn's protocol for searches)."""
        results: list[Mapping[str, Any]] = []
        for batch in batches(self.space, self.n_iter, self.random_state, results):
            extra = {"callback_ctx": self._task(callback_ctx, len(batch))} if callback_ctx else {}
            results.append(evaluate_candidates(batch, **extra))
            if extra:
                extra["callback_ctx"].call_on_fit_task_end(estimator=self)

    def _task(self, callback_ctx: Any, size: int) -> Any:
        context = callback_ctx.subcontext(
            task_name="search", max_subtasks=size * self.n_splits_, sequential_subtasks=False
        )
        return context.call_on_fit_task_begin(estimator=self)

    def plot(
        self, parameter: str | None = None, metric: str | None = None, axes: Any = None
    ) -> Any:
        """Draw the study with Matplotlib: scores in order, or over one parameter.

        Parameters
        ----------
        parameter : str, optional
            Name of a parameter of the space.
        metric : str, optional
            The first by default.
        axes : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        MissingExtra
            When Matplotlib is not installed.
        """
        from clew.select.plot import plot_parameter, plot_scores

        if parameter is None:
            return plot_scores(self.cv_results_, metric, axes)
        return plot_parameter(self.cv_results_, parameter, metric, axes)

    def study_table(self, limit: int = 20) -> Any:
        """Return a `rich.table.Table` of the best configurations."""
        from clew.select.table import study_table

        return study_table(self.cv_results_, self.explain_, limit=limit)


def _nested(estimator: Any) -> Sequence[Any]:
    if not hasattr(estimator, "get_params"):
        return ()
    return [v for v in estimator.get_params(deep=True).values() if hasattr(v, "get_params")]
