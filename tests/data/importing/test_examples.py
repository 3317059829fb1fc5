"""The examples of layouts are imported as they are meant."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.examples import EXAMPLES, find_example
from selfsup_core.errors import DataError
from tests.data.importing.make import write

EXPECTED = {
    "image-folders": ("image", ("round", "square"), 40),
    "image-splits": ("image", ("round", "square"), 40),
    "image-index": ("image", ("round", "square"), 40),
    "arrays": ("image", ("0", "1"), 40),
    "table": ("table", ("round", "square"), 60),
    "texts": ("text", ("negative", "positive"), 40),
    "text-folders": ("text", ("negative", "positive"), 40),
    "sounds": ("sound", ("high", "low"), 20),
    "plain-text": ("text", (), 10),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_each_example_is_what_it_shows(tmp_path, example):
    made = build_dataset([write(tmp_path, example.file, example.make())], ImportConfig(), "my-x")
    assert (made.kind, made.classes, len(made)) == EXPECTED[example.name]
    if not made.classes:
        return
    assert made.y is not None
    assert np.bincount(made.y).tolist() == [len(made) // 2] * 2
    assert ("part" in made.extra) == (example.name == "image-splits")


def test_another_name_is_refused_with_those_there_are():
    with pytest.raises(DataError, match="image-folders, image-splits"):
        find_example("images")
