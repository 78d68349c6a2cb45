"""Which name means which variable: scopes of a function's syntax tree.

Only what a reader could rename without any program noticing is called *local*: parameters are
interface (keyword arguments), names of nested functions and classes are visible as ``__name__``,
and a local variable whose name also stands as a word in a string may be read by that name
(``DataFrame.query("x > @limit")``, ``duckdb.sql("from rows")``, ``"{x}".format(**locals())``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Style = Literal["local", "fixed", "parameter"]

_READS_NAMES = {"locals", "vars", "eval", "exec", "dir"}
_READS_FRAMES = {"_getframe", "currentframe", "stack", "f_locals"}
_TAKES_QUERY = {"query", "eval", "sql", "execute", "from_query", "exec"}
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(slots=True)
class Scope:
    """Names bound in one function, class body or comprehension."""

    kind: Literal["function", "class", "comprehension"]
    ordinal: int
    bound: dict[str, Style] = field(default_factory=dict)
    outer_globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)

    def bind(self, name: str, style: Style) -> None:
        """Record a binding; the least renamable of several wins."""
        if style != "local" or name not in self.bound:
            self.bound[name] = style

    def owns(self, name: str) -> bool:
        """Tell whether `name`, read in this scope, is this scope's variable."""
        return name in self.bound and name not in self.nonlocals and name not in self.outer_globals


def function_scope(node: FunctionNode, ordinal: int) -> Scope:
    """Return the scope of a function's body, parameters included."""
    scope = Scope("function", ordinal)
    for parameter in parameters(node.args):
        scope.bind(parameter, "parameter")
    body = node.body if isinstance(node.body, list) else [node.body]
    for statement in body:
        _collect(statement, scope, in_comprehension=False)
    return scope


def class_scope(node: ast.ClassDef, ordinal: int) -> Scope:
    """Return the scope of a class body; its names are attributes, so none is local."""
    scope = Scope("class", ordinal)
    for statement in node.body:
        _collect(statement, scope, in_comprehension=False)
    for name in scope.bound:
        scope.bind(name, "fixed")
    return scope


def comprehension_scope(node: Comprehension, ordinal: int) -> Scope:
    """Return the scope of a comprehension: the targets of its `for` clauses."""
    scope = Scope("comprehension", ordinal)
    for generator in node.generators:
        for name in ast.walk(generator.target):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                scope.bind(name.id, "local")
    return scope


def parameters(args: ast.arguments) -> Iterator[str]:
    """Yield parameter names in order."""
    for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        yield argument.arg
    for star in (args.vararg, args.kwarg):
        if star is not None:
            yield star.arg


def spoken_names(root: ast.AST) -> frozenset[str] | None:
    """Return words in the strings of `root`; None where any local may be read by its name.

    A string that is one identifier (a column, a key) or a message of an error or assertion is no
    query, and a bare string is a comment.
    """
    words: set[str] = set()
    pending: list[ast.AST] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and node.id in _READS_NAMES:
            return None
        if isinstance(node, ast.Attribute) and node.attr in _READS_FRAMES:
            return None
        if isinstance(node, ast.Call) and node.args and _called(node.func) in _TAKES_QUERY:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.update(words_of(node.value))
        pending += [child for child in ast.iter_child_nodes(node) if not _says_nothing(node)]
    return frozenset(words)


def words_of(text: str) -> set[str]:
    """Return the identifiers in a string that could be a query."""
    return set() if text.isidentifier() else set(_WORD.findall(text))


def _says_nothing(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return False


def reads_local_names(names: frozenset[str]) -> bool:
    """Tell whether code that mentions `names` may read local variables by their name."""
    return not names.isdisjoint(_READS_NAMES | _READS_FRAMES | _TAKES_QUERY)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _collect(node: ast.AST, scope: Scope, *, in_comprehension: bool) -> None:
    """Add what `node` binds in `scope`, without entering scopes of its own."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            scope.bind(node.name, "fixed")
            inside: list[ast.AST] = [*node.decorator_list, node.args]
        case ast.Lambda():
            inside = [node.args]
        case ast.ClassDef():
            scope.bind(node.name, "fixed")
            inside = [*node.decorator_list, *node.bases, *node.keywords]
        case _:
            _bind(node, scope, in_comprehension=in_comprehension)
            inside = list(ast.iter_child_nodes(node))
    nested = in_comprehension or isinstance(node, Comprehension)
    for child in inside:
        _collect(child, scope, in_comprehension=nested)


def _bind(node: ast.AST, scope: Scope, *, in_comprehension: bool) -> None:
    match node:
        case ast.NamedExpr(target=ast.Name(id=name)):
            scope.bind(name, "local")
        case ast.Name(ctx=ast.Store() | ast.Del()) if not in_comprehension:
            scope.bind(node.id, "local")
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            scope.bind(name, "local")
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            scope.bind(name, "local")
        case ast.alias() if node.asname is not None:
            scope.bind(node.asname, "local")
        case ast.alias():
            scope.bind(node.name.partition(".")[0], "fixed")
        case ast.Global():
            scope.outer_globals.update(node.names)
        case ast.Nonlocal():
            scope.nonlocals.update(node.names)
