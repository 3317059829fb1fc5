"""Copies are found, and never straddle a split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import exact_groups, find_groups
from selfsup_core.data.splits import choose_labeled, split_rows
from selfsup_core.data.texts import Texts


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Smooth random images, as unlike each other as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 4, 4)).astype(np.float32)
    return np.kron(small, np.ones((1, 7, 7))).astype(np.uint8)


def images(x: np.ndarray) -> Dataset:
    return Dataset(id="i", kind="image", title="", x=x, scale=1 / 255)


def test_no_copies_no_groups():
    assert find_groups(images(pictures(200))) is None


def test_exact_and_near_copies_of_images_share_a_group():
    x = pictures(100)
    noisy = np.clip(x[3].astype(int) + np.random.default_rng(1).integers(-2, 3, x[3].shape), 0, 255)
    groups = find_groups(images(np.concatenate([x, x[[5]], noisy[None].astype(np.uint8)])))
    assert (groups[100], groups[101]) == (5, 3)
    assert len(np.unique(groups)) == 100


def discs(count: int, *, spread: float) -> np.ndarray:
    """Generated shapes: white discs whose place and size vary a little."""
    across, down = np.meshgrid(*[np.linspace(0, 1, 32)] * 2)
    draw = np.random.default_rng(1)
    x, y = draw.uniform(0.5 - spread, 0.5 + spread, (2, count, 1, 1))
    radius = draw.uniform(0.1, 0.2, (count, 1, 1))
    return (255 * ((across - x) ** 2 + (down - y) ** 2 < radius**2)).astype(np.uint8)


def test_shapes_that_resemble_each_other_are_no_chain_of_copies():
    shapes = replace(images(discs(300, spread=0.1)), y=np.arange(300) % 3, classes=("a", "b", "c"))
    groups = find_groups(shapes)
    assert groups is not None
    assert np.bincount(groups).max() < 40
    split = split_rows(replace(shapes, groups=groups), validation=0.1, test=0.1, seed=0)
    assert abs(len(split.validation) - 30) <= 10
    assert abs(len(split.test) - 30) <= 10


def test_many_copies_of_one_image_stay_one_group():
    x = pictures(80)
    noise = np.random.default_rng(1).integers(-3, 4, (90, *x.shape[1:]))
    groups = find_groups(images(np.concatenate([x, np.clip(x[3] + noise, 0, 255).astype(np.uint8)])))
    assert groups is not None
    assert len(np.unique(groups[80:])) == 1


@pytest.mark.parametrize("kind", ["float32", "uint8", "int64", "bool"])
@pytest.mark.parametrize("width", [1, 3, 8, 13])
def test_rows_of_any_width_are_copies_of_the_first_that_is_equal(kind: str, width: int):
    """More rows than are summed at once, of widths that fill no whole word."""
    x = np.random.default_rng(width).integers(0, 2, (1300, width)).astype(kind)
    found = exact_groups(Dataset(id="a", kind="table", title="A", x=x))
    seen: dict[tuple, int] = {}
    assert found.tolist() == [seen.setdefault(tuple(row), place) for place, row in enumerate(x.tolist())]


def test_texts_that_differ_in_case_spaces_and_marks_are_near():
    texts = Texts.pack(["A good  film!", "a good film", "A bad film", "A bad film", "!!!", "???"])
    data = Dataset(id="t", kind="text", title="", x=texts)
    assert find_groups(data).tolist() == [0, 0, 2, 2, 4, 5]
    assert exact_groups(data).tolist() == [0, 1, 2, 2, 4, 5]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(40, 200), st.integers(1, 30), st.integers(0, 10_000))
def test_a_group_is_always_on_one_side(rows, copies, seed):
    rng = np.random.default_rng(seed)
    groups = np.arange(rows)
    groups[rng.choice(rows, copies, replace=False)] = rng.integers(0, rows, copies)
    data = Dataset(
        id="g",
        kind="table",
        title="",
        x=np.zeros((rows, 1)),
        y=rng.integers(0, 3, rows),
        groups=groups,
    )
    split = split_rows(data, validation=0.2, test=0.2, seed=seed)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))
    sides = [set(groups[part].tolist()) for part in parts]
    assert sum(len(side) for side in sides) == len(set().union(*sides))


def test_a_share_of_labels_takes_as_much_of_each_class():
    y = np.repeat([0, 1, -1], [100, 40, 60])
    seen = choose_labeled(np.arange(200), y, 0, seed=1, fraction=0.1)
    assert np.bincount(y[seen]).tolist() == [10, 4]
    assert len(choose_labeled(np.arange(200), y, 0, seed=1)) == 140


@pytest.mark.parametrize("text", ["", "plain", "日本語😀", "a\x00b", "\ud800 torn"])
def test_texts_come_back(text):
    packed = Texts.pack(["x", text, "y"])
    assert list(packed) == ["x", text.encode("utf-8", "replace").decode(), "y"]
    assert (packed[-1], len(packed)) == ("y", 3)
    with pytest.raises(IndexError):
        packed[3]


def test_the_same_text_with_another_question_or_translation_is_no_copy():
    x = Texts.pack(["a passage", "a passage", "a passage", "another"])
    for name in ("question", "target"):
        made = Dataset(
            id="i", kind="text", title="", x=x, extra={name: Texts.pack(["one", "two", "one", "one"])}
        )
        assert exact_groups(made).tolist() == [0, 1, 0, 3]
