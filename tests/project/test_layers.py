"""The layers hold for imports that only type checkers follow, too."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]


def test_no_import_of_any_kind_points_upwards() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    graph = grimp.build_graph("clew", cache_dir=None)
    there = {module.removeprefix("clew.") for module in graph.find_children("clew")}
    layers = []
    for line in contract["layers"]:
        names = {name.strip(" ()") for name in line.split("|")} & there
        if names:
            layers.append(grimp.Layer(*names, independent=True))
    assert len(layers) > 5
    illegal = graph.find_illegal_dependencies_for_layers(layers=layers, containers={"clew"})
    assert not illegal, [f"{found.importer} -> {found.imported}" for found in illegal]
