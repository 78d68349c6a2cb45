"""Many similar models in one process: what they share is held once and computed once.

After Pretzel (Lee et al., OSDI 2018, sections 4.1 and 4.3): parameters live in a store by content;
what a stage made of an input is kept by stage and input, so that the next model that has this stage
takes it from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clew.errors import NotFound
from clew.serve.cache import PredictionCache
from clew.serve.compile import Compiled
from clew.serve.forms import PlanForm, TextForm
from clew.serve.outputs import Answer
from clew.serve.text.stage import Terms, TextStage


class Fleet:
    """Compiled models by name. Used by one thread at a time.

    Parameters
    ----------
    models : mapping or pairs of str and Compiled
        A `Shelf`, for one.
    remembered : int, default 1024
        How many results of stages are kept, for inputs that several models get; 0: none.
    """

    def __init__(
        self,
        models: Mapping[str, Compiled] | Iterable[tuple[str, Compiled]] = (),
        *,
        remembered: int = 1024,
    ) -> None:
        self._models = dict(models)
        self._stages = PredictionCache(remembered) if remembered else None

    def __len__(self) -> int:
        return len(self._models)

    @property
    def reused(self) -> int:
        """How often a stage's result was there already."""
        return 0 if self._stages is None else self._stages.hits

    def add(self, name: str, compiled: Compiled) -> None:
        """Hold one more model, or another one of this name."""
        self._models[name] = compiled

    def answer(self, name: str, rows: Any) -> Answer:
        """Return a model's answer to rows; stages that it shares are taken from what is known.

        Raises
        ------
        NotFound
            When there is no such model.
        """
        found = self._models.get(name)
        if found is None:
            raise NotFound("no such model in the fleet", got=name, expected=f"one of {len(self)}")
        if not isinstance(found.ready, TextForm):
            return found.answer(rows)
        plan = found.ready.plan
        texts = found.columns_of(rows)[found.ready.name]
        return plan.score(
            [tuple(self._encoded(stage, text) for stage in plan.stages) for text in texts]
        )

    def answers(self, rows: Any, names: Iterable[str] | None = None) -> dict[str, Answer]:
        """Return the answers of several models to the same rows, each shared stage run once.

        Parameters
        ----------
        names : iterable of str, optional
            By default all models.
        """
        matrices: dict[int, Any] = {}
        found = {}
        for name in self._models if names is None else names:
            form = self._models[name].ready if name in self._models else None
            if isinstance(form, PlanForm):
                # The plan is the same for the same transformers; what a model takes is its own.
                columns = self._models[name].columns_of(rows)
                if id(form.plan) not in matrices:
                    matrices[id(form.plan)] = form.plan.encode(columns)
                found[name] = form.score_matrix(matrices[id(form.plan)])
            else:
                found[name] = self.answer(name, rows)
        return found

    def _encoded(self, stage: TextStage, text: str) -> Terms:
        if self._stages is None:
            return stage.encode(text)
        key = f"{stage.id}{text}".encode("utf-8", "surrogatepass")
        known: Terms | None = self._stages.get(key)
        if known is None:
            known = stage.encode(text)
            self._stages.put(key, known)
        return known
