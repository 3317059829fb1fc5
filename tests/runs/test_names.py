"""Names that runs get by themselves: two different runs can be told apart."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path

from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.names import MOST, auto_name
from selfsup_core.runs.recipes import list_presets, preset_spec


def named(workspace: Path, preset: str, **changes) -> str:
    chosen = {"data.source": "wine"} | {path.replace("__", "."): v for path, v in changes.items()}
    return compose_spec(workspace, partial(preset_spec, preset), chosen, preset=preset).name


def test_size_proposer_labels_and_what_else_is_changed_tell_runs_apart(workspace: Path):
    names = [
        named(workspace, "pseudo-table"),
        named(workspace, "pseudo-table", data__labels_per_class=5),
        named(workspace, "pseudo-table", data__labels_per_class=0),
        named(workspace, "pseudo-table", objective__proposers=["self"]),
        named(workspace, "pseudo-table", objective__keep="fixed"),
        named(workspace, "pseudo-table", objective__hand=[[3, 0]]),
        named(workspace, "pseudo-table", model__widths=[7]),
        named(workspace, "pseudo-table", seed=3),
        named(workspace, "pseudo-table", train__learning_rate=0.5),
        named(workspace, "classify-table"),
        named(workspace, "dense-table"),
        named(workspace, "dense-table", model__widths=[9, 3]),
    ]
    assert all(a != b for a, b in combinations(names, 2)), names
    assert "5 labels per class" in names[1]
    assert "all labels" in names[2]
    assert "· the student itself · surest share of each class" in names[3]
    assert "1 by hand" in names[5]
    assert "hidden 7" in names[6]
    assert names[7].endswith("seed 3")
    assert "code 3" in names[11]


def test_a_name_of_ones_own_stays(workspace: Path):
    assert named(workspace, "pseudo-table", name="Mine") == "Mine"


def test_every_recipe_has_a_name_that_fits(workspace: Path):
    for preset in list_presets(""):
        assert 0 < len(auto_name(preset_spec(preset), workspace, preset)) <= MOST
