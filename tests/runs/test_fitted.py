"""Few rows give few steps per epoch: recipes train longer on them, say why, and keep a chosen number."""

from __future__ import annotations

import math
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.runs.compose import compose_spec, with_epochs
from selfsup_core.runs.fitted import STEPS, fit_batch, fit_length, own_steps
from selfsup_core.runs.recipes import list_presets, preset_spec

SMALL = "my-photos"


def add_photos(workspace: Path, count: int) -> None:
    x = np.random.default_rng(0).integers(0, 255, (count, 8, 8, 3)).astype(np.uint8)
    about = {"rows": count, "shape": [8, 8, 3]}
    made = Dataset(id=SMALL, kind="image", title="Photos", x=x, y=None, classes=(), details=about)
    save_dataset(made, workspace / "datasets" / SMALL)


def composed(workspace: Path, preset: str, **chosen: object):
    values = {"data.source": SMALL, **{name.replace("__", "."): value for name, value in chosen.items()}}
    return compose_spec(workspace, partial(preset_spec, preset), values, preset=preset)


def test_60_photos_are_trained_on_for_enough_steps_and_the_reason_is_said(workspace: Path):
    add_photos(workspace, 60)
    spec = composed(workspace, "emoji")
    steps = math.ceil(48 / spec.train.batch_size)
    assert spec.train.epochs * steps >= STEPS
    fitted = fit_length(workspace, preset_spec("emoji", {"data.source": SMALL}), "emoji")
    assert fitted is not None
    assert fitted.holds_for(spec)
    assert fitted.reason.startswith("48 training images in batches of 16 give 3 steps per epoch")
    assert f"{spec.train.epochs} epochs" in fitted.reason


def test_a_chosen_number_of_epochs_stays(workspace: Path):
    add_photos(workspace, 60)
    assert composed(workspace, "emoji", train__epochs=3).train.epochs == 3


@pytest.mark.parametrize("preset", list_presets(""))
def test_the_recipes_own_data_keep_its_number(workspace: Path, preset: str):
    """Also of recipes whose own number is small since longer training is worse, such as views of tables."""
    assert fit_length(workspace, preset_spec(preset), preset) is None


def fitted_on(workspace: Path, preset: str, **values: object):
    spec = preset_spec(preset, {name.replace("__", "."): value for name, value in values.items()})
    return fit_length(workspace, spec, preset)


def test_a_classifier_with_hidden_layers_is_fitted_to_its_labels(workspace: Path):
    few = fitted_on(workspace, "classify-image", data__source="digits", data__labels_per_class=5)
    assert few.values == {"train.epochs": 100, "train.batch_size": 16}
    assert few.reason.startswith("50 labeled images in batches of 16 give 4 steps per epoch, so 100 epochs")
    assert fitted_on(workspace, "classify-image", data__source="digits") is None, "all labels are enough"
    share = fitted_on(workspace, "classify-image", data__source="digits", data__labels_fraction=0.02)
    assert re.match(r"\d\d labeled images in batches of 16", share.reason)
    rows = fitted_on(workspace, "classify-table", data__labels_per_class=4)
    assert rows.values == {"train.epochs": own_steps(workspace, "classify-table")}, "one step per epoch"


@pytest.mark.parametrize("preset", ["classify-tfidf", "pseudo-table", "pseudo-text", "classify-conv"])
def test_what_settles_or_counts_its_own_steps_is_left_alone(workspace: Path, preset: str):
    source = {"pseudo-table": "wine", "classify-conv": "digits"}.get(preset, "newsgroups")
    assert fitted_on(workspace, preset, data__source=source, data__labels_per_class=2) is None


def test_views_of_few_rows_get_the_steps_of_their_recipe_and_no_more(workspace: Path):
    own = own_steps(workspace, "views-table")
    fitted = fitted_on(workspace, "views-table", data__source="wine")
    assert own < STEPS
    assert own <= fitted.values["train.epochs"] * math.ceil(142 / 64) < 2 * own
    assert "train.batch_size" not in fitted.values, "the rows of a batch are compared"


def test_an_epoch_has_some_steps_and_batches_stay_large_enough():
    assert fit_batch(48, 64) == 16
    assert fit_batch(10, 64) == 16
    assert fit_batch(128, 64) == 32
    assert fit_batch(1000, 64) == 64
    assert fit_batch(10, 8) == 8, "a small batch of a recipe is left alone"


def test_a_run_is_repeated_for_longer():
    spec = preset_spec("emoji", {"name": "Photos · epochs 6 · code 32", "train.epochs_per_second": 5.0})
    again = with_epochs(with_epochs(spec, 100), 400)
    assert (again.train.epochs, again.train.epochs_per_second) == (400, 0.0)
    assert again.name == "Photos · code 32 · longer (400 epochs)"
