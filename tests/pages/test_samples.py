"""Pictures of a data set: made once for everybody who opens it, and anew when it is another one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pages.parts.shared import samples
from selfsup_core.data.dataset import load_dataset, save_dataset
from selfsup_core.data.sources import open_source


@pytest.fixture
def digits(workspace):
    samples.urls_of.clear()
    samples.sheet_of.clear()
    return open_source("digits", workspace)


def test_a_second_visitor_gets_the_same_pictures_without_making_them(digits, monkeypatch):
    first, sheet = samples.picture_urls(digits, [3, 5]), samples.sheet_of(digits, digits.digest, digits.scale)
    monkeypatch.setattr(samples, "png_of", lambda values: pytest.fail("made again"))
    assert samples.picture_urls(digits, [3, 5]) == first
    assert samples.sheet_of(digits, digits.digest, digits.scale) == sheet


def test_other_rows_and_other_data_of_the_same_name_have_pictures_of_their_own(digits, tmp_path):
    first = samples.picture_urls(digits, [3, 5])
    assert samples.picture_urls(digits, [5, 3]) == first[::-1]
    save_dataset(dataclasses.replace(digits, x=np.asarray(digits.x)[::-1]), tmp_path / "changed")
    changed = load_dataset(tmp_path / "changed")
    assert changed.id == digits.id
    assert samples.picture_urls(changed, [3, 5]) != first
    assert samples.picture_urls(changed, [len(digits) - 4]) == first[:1]
