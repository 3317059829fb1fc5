"""A new run's spec: the recipe, what was chosen, and what the workspace keeps for the data set."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from selfsup_core.data.library.own import save_split
from selfsup_core.data.sources import open_source
from selfsup_core.pseudo.hand import add_hand_label
from selfsup_core.runs.compose import compose_spec, kept_settings, with_careless, with_threshold
from selfsup_core.runs.outlook import foresee
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import MOST_NAME
from tests.tasks.classify_helpers import NAME, make_pets

PSEUDO = partial(preset_spec, "pseudo-table")


def test_split_and_label_budget_of_the_data_page_join_unless_others_are_chosen(workspace: Path):
    open_source("wine", workspace)
    save_split(workspace, "wine", labels_per_class=5, validation=0.2)
    spec = compose_spec(workspace, PSEUDO, {"data.source": "wine"})
    assert (spec.data.labels_per_class, spec.data.validation) == (5, 0.2)
    spec = compose_spec(workspace, PSEUDO, {"data.source": "wine", "data.labels_per_class": 3})
    assert (spec.data.labels_per_class, spec.data.validation) == (3, 0.2)
    assert kept_settings(workspace, "my-nothing") == {}


def test_all_labels_of_a_partly_labeled_set_are_used_unless_others_are_chosen(workspace: Path):
    y = np.full(120, -1)
    y[:33] = np.arange(33) % 3
    make_pets(workspace, y=y)
    chosen = {"data.source": NAME}
    recipe = partial(preset_spec, "pseudo-words")
    assert recipe().data.labels_per_class > 0
    spec = compose_spec(workspace, recipe, chosen)
    assert spec.data.labels_per_class == 0
    assert "15 for training, 9 for validation, 9 for test" in " ".join(foresee(workspace, spec))
    assert compose_spec(workspace, recipe, chosen | {"data.labels_per_class": 3}).data.labels_per_class == 3
    save_split(workspace, NAME, labels_per_class=2)
    assert compose_spec(workspace, recipe, chosen).data.labels_per_class == 2
    assert foresee(workspace, preset_spec("dense-table")) == []


def test_hand_labels_join_runs_with_pseudo_labels_only(workspace: Path):
    add_hand_label(workspace, "wine", 3, 0)
    chosen = {"data.source": "wine"}
    assert compose_spec(workspace, PSEUDO, chosen).objective.hand == ((3, 0),)
    assert compose_spec(workspace, PSEUDO, chosen, with_hand=False).objective.hand == ()
    own = compose_spec(workspace, PSEUDO, chosen | {"objective.hand": [[7, 1]]})
    assert own.objective.hand == ((7, 1),)
    plain = compose_spec(workspace, partial(preset_spec, "dense-table"), chosen)
    assert not hasattr(plain.objective, "hand")


def test_a_run_is_repeated_with_another_threshold():
    spec = preset_spec("pseudo-table", {"name": "Wine", "objective.neighbors": 7})
    again = with_threshold(with_threshold(spec, 0.5), 0.85)
    assert (again.objective.keep, again.objective.threshold, again.objective.neighbors) == ("fixed", 0.85, 7)
    assert again.name == "Wine · above 0.85"


def test_a_long_name_leaves_room_for_what_is_special():
    spec = preset_spec("pseudo-table", {"name": "x" * MOST_NAME})
    careless = with_careless(spec)
    assert careless
    for made, end in (
        (careless, " · without safeguards beside it"),
        (with_threshold(spec, 0.5), " · above 0.50"),
    ):
        assert len(made.name) == MOST_NAME
        assert made.name.endswith(f"x{end}")
