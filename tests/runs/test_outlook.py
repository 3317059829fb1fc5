"""What is said of hard data before a run: by the core, by `train`, and nothing of sound data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.details import Details
from selfsup_core.errors import DataError
from selfsup_core.runs.outlook import foresee, say_images
from selfsup_core.runs.recipes import preset_spec
from tests.cli.helpers import cli
from tests.hard_sets import add_hard_set


def outlook(workspace: Path, preset: str, name: str, **changes: object) -> str:
    add_hard_set(workspace, name)
    return " ".join(foresee(workspace, preset_spec(preset, {"data.source": name, **changes})))


@pytest.mark.parametrize(
    ("name", "preset", "says"),
    [
        ("my-three-rows", "dense-table", "3 rows cannot be split"),
        ("my-three-rows", "classify-table", "3 rows cannot be split"),
        ("my-only-copies", "vae", "All 80 rows are copies of one sample"),
        ("my-no-numbers", "dense-table", "No cell of no-numbers holds a usable number"),
        ("my-one-class", "classify-table", "All labels of the training rows are 'only'"),
        ("my-one-class", "pseudo-table", "All labels of the training rows are 'only'"),
        ("my-no-labels", "pseudo-table", "has no labels, so it cannot train a classifier"),
        ("my-few-texts", "gpt-characters", "3 rows cannot be split"),
        ("my-few-texts", "classify-tfidf", "3 rows cannot be split"),
    ],
)
def test_what_would_fail_is_refused_before_it_is_queued(workspace: Path, name: str, preset: str, says: str):
    with pytest.raises(DataError, match=says) as raised:
        outlook(workspace, preset, name)
    assert raised.value.remedy
    answer = cli("train", preset, "--set", f"data.source={name}", workspace=workspace)
    assert answer.returncode != 0
    assert says in answer.stderr
    assert not list((workspace / "runs").glob("*")), "nothing was queued"


@pytest.mark.parametrize(
    ("name", "preset", "says"),
    [
        ("my-uneven", "classify-table", "99% of the labels are 'good'"),
        ("my-uneven", "classify-table", "Class 'bad' has no test row and cannot be scored"),
        ("my-many-classes", "classify-table", "of 1,000 classes ('article 0', "),
        ("my-many-classes", "classify-table", " more) have no test row and cannot be scored"),
        ("my-many-classes", "pseudo-table", "no label for training and cannot be learned"),
        ("my-text-classes", "pseudo-words", "nothing to propose labels for"),
        ("my-constant", "dense-table", "3 of 4 columns hold one value or none"),
        ("my-huge", "dense-table", "Numbers reach"),
    ],
)
def test_what_limits_the_outcome_is_told(workspace: Path, name: str, preset: str, says: str):
    assert says in outlook(workspace, preset, name)


@pytest.mark.parametrize("name", ["my-one-class", "my-no-labels", "my-uneven", "my-many-classes"])
def test_an_autoencoder_needs_no_labels(workspace: Path, name: str):
    assert outlook(workspace, "dense-table", name) == ""


@pytest.mark.parametrize("preset", ["classify-table", "pseudo-table"])
def test_few_labels_of_a_partly_labeled_set_are_told_once(workspace: Path, preset: str):
    y = np.where(np.arange(60) < 20, np.arange(60) % 2, -1).astype(np.int32)
    x = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    details = Details(rows=60, shape=[3])
    partly = Dataset(
        id="my-partly", kind="table", title="Partly", x=x, y=y, classes=("a", "b"), details=details
    )
    save_dataset(partly, workspace / "datasets" / "my-partly")
    said = foresee(workspace, preset_spec(preset, {"data.source": "my-partly"}))
    assert len(said) == 1
    assert "Only 20 of 60 rows have a label" in said[0]
    assert said[0].count("6 for test") == 1


@pytest.mark.parametrize("preset", ["dense-table", "classify-image", "gpt-characters"])
def test_of_sound_data_nothing_is_said(workspace: Path, preset: str):
    assert foresee(workspace, preset_spec(preset)) == []


def test_large_and_few_images_are_warned_of_before_a_generator_learns_from_them():
    assert say_images((28, 28), 4000) == []
    large, few = say_images((128, 96, 3), 60)
    assert "128 × 96 pixels take about 12 times as long" in large
    assert "60 training images are few" in few
