"""The text of a running function, if the text on disk is still the one that runs.

A file may be edited after it was imported. So the file is compiled again and the function is
looked for in the result: only where a function of the same qualified name has the same canonical
bytecode does its text describe what runs. Notebook cells and doctests are found through
`linecache`, as tracebacks find them.
"""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from clew.lineage.code.bytecode import canonical_bytecode, nested
from clew.lineage.code.scopes import FunctionNode

_COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
_FUTURE = 0x1FE0000  # flags of the `from __future__` imports that a function inherits
_NOTEBOOK = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Text:
    """The text of one function or class and its tree."""

    node: FunctionNode
    source: str


@dataclass(frozen=True, slots=True)
class _File:
    lines: tuple[str, ...]
    functions: tuple[tuple[CodeType, FunctionNode], ...]


def text_of(code: CodeType, namespace: dict[str, object]) -> Text | None:
    """Return the text that `code` was compiled from, or None where it cannot be proven.

    Parameters
    ----------
    code : types.CodeType
        Code of a function or lambda.
    namespace : dict
        Its globals: some import systems keep the source there, behind ``__loader__``.
    """
    lines = lines_of(code.co_filename, namespace)
    file = _read(lines, code.co_flags & _FUTURE) if lines else None
    if file is None:
        return None
    candidates = [pair for pair in file.functions if pair[0].co_qualname == code.co_qualname]
    for compiled, node in candidates:
        if compiled == code:  # nothing moved since it was imported: the usual case, and cheap
            return Text(node, _segment(file.lines, node))
    candidates.sort(key=lambda pair: _distance(pair[0], code))
    wanted = canonical_bytecode(code)
    for compiled, node in candidates:
        if canonical_bytecode(compiled) == wanted and compiled.co_freevars == code.co_freevars:
            return Text(node, _segment(file.lines, node))
    return None


def lines_of(filename: str, namespace: dict[str, object]) -> tuple[str, ...]:
    """Return the lines of a file as they are now, or of a notebook cell."""
    linecache.checkcache(filename)
    return tuple(linecache.getlines(filename, namespace))


def class_source(name: str, filename: str, namespace: dict[str, object]) -> str:
    """Return the text of a class for display; it is not proven to be what runs."""
    try:
        tree: ast.AST = ast.parse("".join(lines := lines_of(filename, namespace)))
    except (SyntaxError, ValueError):
        return ""
    for part in (part for part in name.split(".") if part != "<locals>"):
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = [n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == part]
        if not found:
            return ""
        tree = found[-1]
    return _segment(lines, tree) if isinstance(tree, ast.ClassDef) else ""


@lru_cache(maxsize=256)
def _read(lines: tuple[str, ...], flags: int) -> _File | None:
    content = "".join(lines)
    try:
        tree = ast.parse(content)
        compiled = compile(content, "<source>", "exec", flags=flags | _NOTEBOOK, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return _File(lines, tuple(_pair(tree, compiled)))


def _pair(tree: ast.AST, module: CodeType) -> list[tuple[CodeType, FunctionNode]]:
    """Match the code objects of a freshly compiled file with the nodes they came from."""
    by_start: dict[tuple[str, int], list[FunctionNode]] = {}
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            by_start.setdefault(_start(node), []).append(node)
    pairs = []
    pending = nested(module)
    while pending:
        code = pending.pop()
        pending += nested(code)
        nodes = by_start.get((code.co_name, code.co_firstlineno), [])
        if code.co_name not in _COMPREHENSIONS and (owner := _owner(code, nodes)) is not None:
            pairs.append((code, owner))
    return pairs


def _start(node: FunctionNode) -> tuple[str, int]:
    if isinstance(node, ast.Lambda):
        return "<lambda>", node.lineno
    first = node.decorator_list[0] if node.decorator_list else node
    return node.name, first.lineno


def _owner(code: CodeType, nodes: list[FunctionNode]) -> FunctionNode | None:
    """Return the innermost node whose body spans all instructions of `code`."""
    if len(nodes) <= 1:
        return nodes[0] if nodes else None
    spans = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if line is not None and end_line is not None and column is not None and end_column
    ]
    holding = [node for node in nodes if all(_holds(node, *span) for span in spans)]
    return max(holding, key=_extent, default=None)  # the one that starts last


def _holds(node: FunctionNode, start: Position, end: Position) -> bool:
    first, last = _extent(node)
    return first <= start and end <= last


def _extent(node: FunctionNode) -> tuple[Position, Position]:
    body = node.body if isinstance(node.body, list) else [node.body]
    first, last = body[0], body[-1]
    end = (last.end_lineno or last.lineno, last.end_col_offset or 0)
    return (first.lineno, first.col_offset), end


def _distance(compiled: CodeType, code: CodeType) -> tuple[int, bool]:
    same_place = list(compiled.co_positions()) == list(code.co_positions())
    return abs(compiled.co_firstlineno - code.co_firstlineno), not same_place


def _segment(lines: tuple[str, ...], node: ast.AST) -> str:
    first = getattr(node, "lineno", 1)
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    return "".join(lines[first - 1 : getattr(node, "end_lineno", first)])
