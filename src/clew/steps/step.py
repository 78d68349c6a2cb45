"""The step: a function whose calls are nodes of the graph."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import CodeType
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_args, get_origin, overload

from clew.errors import InvalidParameter, Unhashable, WrongType
from clew.lineage.code import CodeRecord, code_record
from clew.lineage.records import Reason, Use
from clew.steps import eager
from clew.steps.bind import bind
from clew.steps.context import building
from clew.steps.options import StepOptions
from clew.steps.place import module_of

P = ParamSpec("P")
R = TypeVar("R")


class Step(Generic[P, R]):
    """A function with reuse. Made by ``@clew.step``.

    Called outside a flow it runs at once, or returns the known result. Called inside a flow it
    returns a lazy reference, and runs when the flow's plan says so.
    """

    def __init__(self, function: Callable[P, R], options: StepOptions) -> None:
        if not callable(function):
            raise WrongType("@clew.step", got=repr(function), expected="a function")
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise WrongType(
                "a step cannot be an async function",
                got=f"async def {function.__name__}",
                hint="call asyncio.run(...) inside an ordinary step",
            )
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self.signature = inspect.signature(function)
        self.label = getattr(function, "__name__", type(function).__name__)
        self.name = f"{module_of(function)}:{getattr(function, '__qualname__', self.label)}"
        self.last: Use | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the step, reuse its result, or (inside a flow) return a reference to it."""
        arguments = bind(self.signature, self.label, args, kwargs)
        graph = building.get()
        if graph is not None:
            return cast(R, graph.add_step(self, arguments))
        return cast(R, eager.call(self, arguments))

    def map(self, items: Iterable[Any], /, **common: Any) -> list[R]:
        """Call the step once for each item.

        Parameters
        ----------
        items : iterable
            Values for the first parameter; inside a flow also a reference to a sequence, whose
            length is then looked up (which runs what it depends on).
        **common
            Further arguments, the same for every call.
        """
        call: Callable[..., R] = self
        return [call(item, **common) for item in items]

    def with_options(self, **changes: Any) -> Step[P, R]:
        """Return the same step with other options."""
        return Step(self.function, replace(self.options, **changes))

    def why(self) -> Reason | None:
        """Return the reason for what the last call outside a flow did, or None."""
        return self.last.reason if self.last else None

    def code(self) -> CodeRecord:
        """Return the step's code fingerprint as of now.

        Raises
        ------
        Unhashable
            When its code has no sound fingerprint.
        """
        return code_record(self.function, depends_on=self.options.depends_on)

    def __clew_code__(self) -> tuple[object, ...]:
        """Return what stands for the step where other code refers to it."""
        return (self.function, self.options.seed, *self.options.depends_on)

    def files(self, code: CodeRecord | None = None) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """Return the texts in its code that may name files, and the calls that open files.

        Parameters
        ----------
        code : CodeRecord, optional
            Its code fingerprint as of now, where it is known.
        """
        try:
            code = code or self.code()
        except Unhashable:
            compiled = getattr(inspect.unwrap(self.function), "__code__", None)
            return (compiled.co_consts if isinstance(compiled, CodeType) else ()), ()
        return code.paths, code.files

    @functools.cached_property
    def output_count(self) -> int | None:
        """Length of the tuple that the step returns, or None when it is not known."""
        if self.options.outputs is not None:
            return self.options.outputs
        annotated = _annotated_length(self.function)
        return annotated if annotated is not None else _returned_length(self.function)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        call: Callable[..., R] = self
        return functools.partial(call, instance)

    def _repr_html_(self) -> str:
        from html import escape

        last = f": {self.last.decision}, {escape(self.last.reason.text)}" if self.last else ""
        return f"<code>step {escape(self.name)}{escape(str(self.signature))}</code>{last}"

    def __repr__(self) -> str:
        return f"<step {self.name}{self.signature}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (self.function, self.options))


def _restored(function: Callable[..., Any], options: StepOptions) -> Step[..., Any]:
    return function if isinstance(function, Step) else Step(function, options)


def _annotated_length(function: Callable[..., Any]) -> int | None:
    try:
        hint = inspect.get_annotations(function, eval_str=True).get("return")
    except Exception:
        return None
    members = get_args(hint)
    if get_origin(hint) is tuple and members and Ellipsis not in members:
        return len(members)
    return None


def _returned_length(function: Callable[..., Any]) -> int | None:
    """Return the common length of the tuples in the function's ``return`` statements."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    body = tree.body[0]
    if not isinstance(body, ast.FunctionDef):
        return None
    nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    lengths: set[int | None] = set()
    pending: list[ast.AST] = [*body.body]
    while pending:
        node = pending.pop()
        if isinstance(node, nested):
            continue
        if isinstance(node, ast.Return):
            plain = isinstance(node.value, ast.Tuple) and not any(
                isinstance(item, ast.Starred) for item in node.value.elts
            )
            lengths.add(len(node.value.elts) if plain else None)  # type: ignore[union-attr]
        pending.extend(ast.iter_child_nodes(node))
    return lengths.pop() if len(lengths) == 1 else None


LEVELS: dict[str, Callable[[], Callable[..., Any]]] = {}
"""Other levels of reuse by name: each gives a decorator. Filled by `clew.app`."""


def _at_level(level: str, function: Callable[..., Any] | None, options: dict[str, Any]) -> Any:
    if level not in LEVELS or options:
        known = ", ".join(["step", *LEVELS])
        raise InvalidParameter(
            "@clew.step(level=...)",
            got=", ".join([repr(level), *options]),
            expected=f"{known}; a level below steps takes no other option",
        )
    decorator = LEVELS[level]()
    return decorator if function is None else decorator(function)


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(**options: Any) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a step: ``@clew.step`` or ``@clew.step(seed=0, retry=2)``.

    Parameters
    ----------
    **options
        See `clew.steps.options.StepOptions`; and ``level="function"``, for a function on traced
        arrays (`clew.trace`): it is then reused by the lineage of its arguments, in memory, and
        through the store in a session that has one.

    Examples
    --------
    >>> import clew
    >>> @clew.step
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(21)
    42
    """
    level = options.pop("level", "step")
    if level != "step":
        return _at_level(level, function, options)
    try:
        chosen = StepOptions(**options)
    except TypeError as error:
        raise InvalidParameter(
            f"@clew.step: {error}",
            expected=", ".join(StepOptions.__dataclass_fields__),
        ) from None
    if function is not None:
        return Step(function, chosen)
    return lambda decorated: Step(decorated, chosen)
