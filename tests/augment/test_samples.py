"""Which samples are looked at, and that their views are those of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.augment.config import ImageAugmentation, TableAugmentation, TextAugmentation
from selfsup_core.augment.pipeline import view
from selfsup_core.augment.samples import WORDS, SamplesConfig, choose_rows, make_views, prepare_table
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.own import save_split
from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import SettingError
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject


def images(labels: list[int]) -> Dataset:
    x = np.random.default_rng(0).integers(0, 256, (len(labels), 6, 5, 3), dtype=np.uint8)
    y = np.array(labels, np.int32)
    return Dataset("made", "image", "Made", x, y, classes=("a", "b", "c"), scale=1 / 255)


def test_samples_come_from_as_many_classes_as_there_are():
    made = images([0] * 40 + [1] * 3 + [2, -1])
    for choice in range(5):
        rows = choose_rows(made, 4, choice)
        assert set(np.asarray(made.y)[rows]) == {-1, 0, 1, 2}
    assert not np.array_equal(choose_rows(made, 9, 0), choose_rows(made, 9, 1))
    assert len(choose_rows(images([0, 1]), 5, 0)) == 2


def test_the_views_are_those_of_training(tmp_path: Path):
    made, config = images([0, 1, 2]), ImageAugmentation(noise=0.1)
    found = make_views(made, config, SamplesConfig(samples=3, views=4, seed=7), tmp_path)
    assert found.labels == ("a", "b", "c")
    assert found.values.shape == (3, 5, 6, 5, 3)
    np.testing.assert_allclose(found.values[:, 0], made.x / 255, rtol=1e-6)
    x = torch.from_numpy(found.values[:, 0].reshape(3, -1)).repeat_interleave(4, dim=0)
    wanted = view(x, config, torch.Generator().manual_seed(7), (6, 5, 3))
    np.testing.assert_array_equal(found.values[:, 1:].reshape(12, -1), wanted.numpy())


def test_a_corrupted_row_has_values_of_training_rows_only(workspace: Path):
    wine = open_source("wine", workspace)
    asked = SamplesConfig(samples=5, views=20)
    found = make_views(wine, TableAugmentation(corruption=1.0), asked, workspace)
    prepared = prepare_table(wine, workspace)
    known = prepared.x.numpy()[prepared.split.train]
    for column in range(13):
        assert np.isin(found.values[:, 1:, column], known[:, column]).all()


def test_long_texts_are_cut_before_they_are_varied(tmp_path: Path):
    text = " ".join(f"w{i}" for i in range(500))
    made = Dataset("made", "text", "Made", Texts.pack([text]))
    found = make_views(made, TextAugmentation(), SamplesConfig(samples=1, views=2), tmp_path)
    assert found.texts == ((" ".join(text.split()[:WORDS]),) * 3,)


def test_settings_of_another_kind_are_refused(tmp_path: Path):
    with pytest.raises(SettingError, match="settings for table data; Made is image"):
        make_views(images([0]), TableAugmentation(), SamplesConfig(), tmp_path)


def test_the_question_answers_as_the_function_and_refuses_bad_settings(workspace: Path):
    desk, subject = Desk(workspace), Subject("data", "wine")
    answer = desk.ask(subject, "views", {"samples": 3, "views": 2, "settings": {"corruption": 0.3}})
    made = make_views(
        open_source("wine", workspace),
        TableAugmentation(corruption=0.3),
        SamplesConfig(samples=3, views=2),
        workspace,
    )
    np.testing.assert_array_equal(answer.arrays["values"], made.values)
    assert answer.about["columns"] == list(made.columns)
    save_split(workspace, "wine", validation=0.4, split_seed=3)
    other = desk.ask(subject, "views", {"samples": 3, "views": 2, "settings": {"corruption": 0.3}})
    assert not np.array_equal(other.arrays["values"][:, 0], made.values[:, 0])  # scaled by other rows
    with pytest.raises(SettingError, match="no setting 'flip'"):
        desk.ask(subject, "views", {"settings": {"flip": 1.0}})
    with pytest.raises(SettingError, match="samples must be"):
        desk.ask(subject, "views", {"samples": 0})
