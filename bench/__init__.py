"""Benchmarks: what is measured, against which peer, and what is asked of it.

`python -m bench` lists them. A benchmark is a module `bench/NAME.py` (or several, `NAME_PART.py`)
with a function `figures(quick: bool)` that yields a `bench.figure.Figure` for each of its rows in
`bench.asked`. A part that lists its figures in `FIGURES` is left out when another is asked for.
Where `FIGURES` maps them to functions, only the one that is asked for is measured.
"""
