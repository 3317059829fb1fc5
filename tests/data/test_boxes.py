"""Boxes as text, and generated scenes: what is written is read again, and what lies is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from selfsup_core.data.boxes import as_arrays, read_boxes, require_boxes, write_boxes
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.scenes.emoji import CHOSEN, FEWEST, LEAST_SEEN, MOST, SIDE, load_emoji, make_scenes
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError


def test_boxes_are_read_as_they_were_written():
    boxes = [("fruit", 1.0, 2.5, 10.0, 12.25), ('a "b" ü', 0.0, 0.0, 1.0, 1.0)]
    assert read_boxes(write_boxes(boxes)) == boxes
    assert read_boxes("") == read_boxes("[]") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ("[" * 5000, "no JSON"),
        ('{"a": 1}', "not a list"),
        (json.dumps([["a", 0, 0, 1, 1]] * 101), "at most 100"),
        ('[["a", 0, 0, 1]]', "a box is written as"),
        ("[[1, 0, 0, 1, 1]]", "a box is written as"),
        ('[["", 0, 0, 1, 1]]', "a box is written as"),
        ('[["a", 0, 0, 0, 1]]', "above 0"),
        ('[["a", 0, 0, -1, 1]]', "above 0"),
        ('[["a", NaN, 0, 1, 1]]', "finite"),
        ('[["a", 0, Infinity, 1, 1]]', "finite"),
        ('[["a", true, 0, 1, 1]]', "finite"),
        ('[["a", "0", 0, 1, 1]]', "finite"),
    ],
)
def test_a_text_that_holds_no_boxes_says_why(text, why):
    with pytest.raises(ValueError, match=why):
        read_boxes(text)


def dataset(texts, shape=(16, 16, 3), **changes):
    values = {
        "id": "my-a",
        "kind": "image",
        "title": "A",
        "x": np.zeros((len(texts), *shape), np.uint8),
        "extra": {"boxes": Texts.pack(texts)},
    }
    return Dataset(**values | changes)


def test_boxes_of_a_data_set_become_arrays():
    made = require_boxes(dataset(['[["b", 1, 2, 3, 4], ["a", 0, 0, 1, 1]]', "[]"]))
    assert made.classes == ("a", "b")
    assert made.labels.tolist() == [[1, 0], [-1, -1]]
    assert made.corners[0, 0].tolist() == [1, 2, 4, 6]


def test_data_without_boxes_are_refused_in_words():
    with pytest.raises(DataError, match="A has no boxes"):
        require_boxes(dataset(["[]"], extra={}))
    with pytest.raises(DataError, match="too small"):
        require_boxes(dataset(['[["a", 0, 0, 1, 1]]'], shape=(4, 4, 3)))
    with pytest.raises(DataError, match=r"row 2: the boxes cannot be read \(it is no JSON\)"):
        require_boxes(dataset(['[["a", 0, 0, 1, 1]]', "x"]))
    with pytest.raises(DataError, match="0 classes of boxes"):
        require_boxes(dataset(["[]"]))
    with pytest.raises(DataError, match="201 classes"):
        as_arrays([[(str(i), 0.0, 0.0, 1.0, 1.0)] for i in range(201)])


def test_scenes_depend_on_seed_and_number_alone():
    one, more, other = make_scenes(3, 5), make_scenes(6, 5), make_scenes(3, 6)
    assert np.array_equal(one.pictures, more.pictures[:3])
    assert one.boxes == more.boxes[:3]
    assert not np.array_equal(one.pictures, other.pictures)


def test_each_emoji_lies_whole_in_its_scene_and_is_seen_half():
    made = make_scenes(60, 0)
    counts = [len(boxes) for boxes in made.boxes]
    assert min(counts) >= FEWEST
    assert max(counts) == MOST
    for boxes in made.boxes:
        for kind, left, top, wide, high in boxes:
            assert kind in CHOSEN
            assert left >= 0
            assert top >= 0
            assert left + wide <= SIDE
            assert top + high <= SIDE
    assert {kind for boxes in made.boxes for kind, *_ in boxes} == set(CHOSEN)
    assert LEAST_SEEN == 0.5


def test_a_box_is_tight():
    for sizes in load_emoji().values():
        for cut in sizes[0]:
            is_there = cut[..., 3] > 0.3
            assert is_there[0].any()
            assert is_there[-1].any()
            assert is_there[:, 0].any()
            assert is_there[:, -1].any()
