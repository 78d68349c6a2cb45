"""Calls with keyword arguments: their names are constants that `dis` does not resolve."""

from __future__ import annotations

from clew.lineage.code import code_id


def test_keyword_names_are_part_of_the_code() -> None:
    namespaces: list[dict] = [{}, {}, {}]
    for name, namespace in zip(("first", "second", "first"), namespaces, strict=True):
        exec(f"def f(values):\n    return dict({name}=values)", namespace)
    first, second, again = (code_id(namespace["f"]) for namespace in namespaces)
    assert first == again != second


def test_a_function_in_a_file_has_an_id() -> None:
    def largest(counts: dict[str, int]) -> str:
        return max(counts, key=len)

    assert code_id(largest) == code_id(largest)
