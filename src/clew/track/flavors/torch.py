"""torch modules: their state by safetensors, and what they compute as a program of torch.export.

The state holds no code. The program needs none of the code that defined the module, so that the
model can be served; but reading a stranger's program can run code, so that it is read only where
it is trusted.
"""

from __future__ import annotations

import io
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import ClewError, InvalidParameter, MissingExtra, UnsafeLoad, UnsupportedValue
from clew.track.flavors import Saved, is_from

FILE, PROGRAM = "model.safetensors", "model.pt2"


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class TorchModel:
    """A network with ``predict``, and ``predict_proba`` where its outputs stand for classes.

    Made by `of`. It reads a matrix, or a frame of numbers. May be used from several threads.

    Parameters
    ----------
    program : bytes
        What torch.export saves.
    n_features_in_ : int
        Columns that it reads.
    names : tuple of str
        Names of the columns; empty where it was made with a matrix.
    classes : tuple
        What the outputs (before softmax; one output for two classes: before the sigmoid) stand
        for; empty for a regressor.
    """

    program: bytes
    n_features_in_: int
    names: tuple[str, ...] = ()
    classes: tuple[Any, ...] = ()

    @classmethod
    def of(cls, module: Any, example: Any, *, classes: Sequence[Any] = ()) -> TorchModel:
        """Return a module as a model; it is traced as it stands, in its evaluation mode.

        Parameters
        ----------
        module : torch.nn.Module
            Gives (n_rows,) or (n_rows, n_outputs) for (n_rows, n_features).
        example : frame or (n_rows, n_features) array
            Some rows as it reads them.
        classes : sequence, optional
            What its outputs stand for.

        Raises
        ------
        UnsupportedValue
            When torch.export cannot say what the module computes, or it gives something else.
        """
        names = tuple(map(str, example.columns)) if hasattr(example, "columns") else ()
        rows = _matrix(example)
        if rows.ndim != 2:
            raise InvalidParameter("rows", got=f"{rows.ndim} dimensions", expected="2")
        classes = tuple(map(_plain, classes))
        model = cls(_traced(module, rows[:2]), rows.shape[1], names, classes)
        shape = tuple(_outputs(model, rows[:2]).shape)
        wanted = {(), (1,)} if len(classes) == 2 else set()
        wanted |= {(len(classes),)} if classes else {(), shape[1:2]}
        if shape[0] != len(rows[:2]) or shape[1:] not in wanted:
            raise UnsupportedValue(
                "this network gives something else",
                got=f"shape {shape} for {len(rows[:2])} rows",
                expected=f"{len(classes)} outputs a row" if classes else "(n_rows, n_outputs)",
            )
        return model

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes; an error for a regressor."""
        if not self.classes:
            raise AttributeError("this network names no classes")
        return np.array(self.classes)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns; an error where they have none."""
        if not self.names:
            raise AttributeError("a network of a matrix has no names of features")
        return np.array(self.names, dtype=object)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each row, or its value(s) (n_rows,) or (n_rows, n_outputs).

        Raises
        ------
        ValueError
            Where the network gives something that is no number.
        """
        outputs = _outputs(self, _matrix(X))
        if not self.classes:
            return outputs[:, 0] if outputs.shape[1:] == (1,) else outputs
        if _is_single(outputs):
            return np.asarray(self.classes_[(outputs.reshape(-1) > 0).astype(int)])
        return np.asarray(self.classes_[np.argmax(outputs, axis=1)])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities (n_rows, n_classes).

        Raises
        ------
        InvalidParameter
            When the network names no classes.
        """
        if not self.classes:
            raise InvalidParameter("this network names no classes", expected="TorchModel.of(…)")
        outputs = _outputs(self, _matrix(X))
        if _is_single(outputs):
            with np.errstate(over="ignore"):
                second = 1 / (1 + np.exp(-outputs.reshape(-1)))
            return np.stack([1 - second, second], axis=1)
        shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _is_single(outputs: NDArray[Any]) -> bool:
    return outputs.ndim == 1 or outputs.shape[1] == 1


def _matrix(rows: Any) -> NDArray[Any]:
    return rows.to_numpy(dtype=np.float64) if hasattr(rows, "columns") else np.asarray(rows)


def _traced(module: Any, rows: NDArray[Any]) -> bytes:
    import torch

    first = next(iter(module.parameters()), torch.zeros(()))
    dtype = first.dtype if first.is_floating_point() else torch.float32
    example = torch.as_tensor(np.repeat(rows, 2, axis=0), dtype=dtype)
    was_training = module.training
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            shapes = ({0: torch.export.Dim.DYNAMIC},)
            found = torch.export.export(module.eval(), (example,), dynamic_shapes=shapes)
            file = io.BytesIO()
            torch.export.save(found, file)
    except Exception as error:  # whatever comes up in the module's own code
        raise UnsupportedValue(
            "torch.export cannot say what this module computes",
            got=f"{type(error).__name__}: {error}"[:400],
        ) from error
    finally:
        module.train(was_training)
    return file.getvalue()


def program_of(model: TorchModel) -> Any:
    """Return the program, as torch has it."""
    try:
        import torch
    except ImportError as error:
        raise MissingExtra(
            "this model needs torch", got=str(error), hint="pip install 'clew[torch]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.load(io.BytesIO(model.program))


_modules: weakref.WeakKeyDictionary[TorchModel, Any] = weakref.WeakKeyDictionary()


def _outputs(model: TorchModel, rows: NDArray[Any]) -> NDArray[np.float64]:
    found = _modules.get(model)
    if found is None:
        program = program_of(model)
        (example,) = program.example_inputs[0]
        found = _modules[model] = (program.module(), example.dtype)
    module, dtype = found
    import torch

    with torch.inference_mode():
        outputs = module(torch.tensor(rows, dtype=dtype)).double().numpy()
    if not np.isfinite(outputs).all():
        raise ValueError("the network's answer to some row is no finite number")
    return np.asarray(outputs, dtype=np.float64)


def accepts(model: Any) -> bool:
    """Tell whether it is a module of torch, or one as a model."""
    if isinstance(model, TorchModel):
        return True
    return is_from(model, ("torch",)) and hasattr(model, "state_dict")


def save(model: Any, folder: Path, example: Any = None) -> Saved:
    """Write a module's state, and with an example what it computes."""
    entry: dict[str, Any] = {}
    found = model if isinstance(model, TorchModel) else None
    if found is None:
        try:
            from safetensors.torch import save_model
        except ImportError as error:
            raise MissingExtra(
                "models of torch need safetensors", got=str(error), hint="pip install 'clew[torch]'"
            ) from error
        save_model(model, str(folder / FILE))
        entry = {
            "data": FILE,
            "model_class": f"{type(model).__module__}.{type(model).__qualname__}",
        }
        try:
            found = None if example is None else TorchModel.of(model, example)
        except (ClewError, TypeError, ValueError) as error:
            entry["no_program"] = str(error)
    if found is not None:
        (folder / PROGRAM).write_bytes(found.program)
        entry["program"] = PROGRAM
        entry["n_features"], entry["names"] = found.n_features_in_, list(found.names)
        entry["classes"] = list(found.classes)
    return Saved({"clew.torch": entry}, ("torch", "safetensors"))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the state into a module of the same structure, or the program as a `TorchModel`."""
    if into is not None and "data" in entry:
        from safetensors.torch import load_model

        load_model(into, str(folder / FILE))
        return into
    if "program" not in entry:
        why = entry.get("no_program", "it was logged without an input example")
        raise InvalidParameter(
            "a model of torch is its state: give the module that takes it",
            got=f"{entry.get('model_class')}; no program of it: {why}",
            hint="load_model(uri, into=Module())",
        )
    if not trust:
        raise UnsafeLoad(
            "reading a program of torch.export can run code",
            got=str(entry.get("model_class", "TorchModel")),
            hint="trust=True (--trust), if you trust who logged it",
        )
    content = (folder / PROGRAM).read_bytes()
    return TorchModel(content, entry["n_features"], tuple(entry["names"]), tuple(entry["classes"]))
