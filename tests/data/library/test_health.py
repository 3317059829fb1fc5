"""Each finding is made where its fault was planted, and not where there is none; mends do what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.details import NO_SAMPLE
from selfsup_core.data.groups import find_groups
from selfsup_core.data.library.health import CHECKS, check_dataset
from selfsup_core.data.library.mends import MENDS, mend_dataset
from selfsup_core.data.library.turns import Step
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.batches import fill_missing, prepare
from selfsup_core.features.config import DataConfig


def table(rows: int = 200, seed: int = 0) -> Dataset:
    """Two classes that overlap a little: no fault in it."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    x = rng.normal(size=(rows, 3)) + y[:, None] * 1.5
    return Dataset(
        id="t",
        kind="table",
        title="T",
        x=x.astype(np.float32),
        y=y,
        classes=("no", "yes"),
        columns=("a", "b", "c"),
        details={"rows": rows},
    )


def codes(dataset: Dataset) -> dict[str, dict]:
    return {f["code"]: f for f in check_dataset(dataset)}


def test_nothing_is_said_of_sound_data():
    assert {c for c, f in codes(table()).items() if f["level"] == "warning"} == set()


def with_column(values: np.ndarray) -> Dataset:
    data = table()
    x = np.concatenate([data.x, values.astype(np.float32)[:, None]], axis=1)
    return replace(data, x=x, columns=(*data.columns, "extra"))


def planted() -> dict[str, Dataset]:
    data = table()
    x = np.array(data.x)
    holed, empty = x.copy(), x.copy()
    holed[3, 1] = np.nan
    empty[7] = np.nan
    copied = np.concatenate([x, x[:4]])
    few = np.where(np.arange(200) < 8, 1, 0)
    return {
        "missing-values": replace(data, x=holed),
        "empty-rows": replace(data, x=empty),
        "exact-duplicates": replace(data, x=copied, y=np.concatenate([data.y, data.y[:4]])),
        "conflicting-labels": replace(data, x=copied, y=np.concatenate([data.y, 1 - data.y[:4]])),
        "imbalance": replace(data, y=few),
        "rare-classes": replace(data, y=np.where(np.arange(200) < 3, 1, 0)),
        "one-class": replace(data, y=np.zeros(200, int), classes=("no",)),
        "class-spellings": replace(data, y=np.arange(200) % 3, classes=("Cat", "cat ", "dog")),
        "unlabeled": replace(data, y=np.where(np.arange(200) < 50, -1, data.y)),
        "no-labels": replace(data, y=None, classes=()),
        "constant-columns": with_column(np.ones(200)),
        "id-feature": with_column(np.arange(200)),
        "label-leak": with_column(np.asarray(data.y) * 2.0 + np.random.default_rng(1).normal(0, 0.01, 200)),
        "set-aside": replace(data, details={"aside": {"a.png": "damaged"}}),
        "not-used": replace(data, details={"aside": {"a.txt": NO_SAMPLE}}),
    }


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (np.arange(200), True),
        (np.arange(200) * 1e-9 + 1, False),  # its steps are lost in 32 bits
        (np.arange(200) * 1e-9, True),
        (5e8 - 1000 * np.arange(200), True),
        (np.random.default_rng(0).normal(0, 1e-9, 200), False),
        (np.arange(200) + (np.arange(200) == 50) * 0.5, False),
        (np.arange(200) // 2, False),
    ],
)
def test_a_column_that_counts_is_found_at_any_scale(values, counts):
    assert ("id-feature" in codes(with_column(values))) is counts


def test_a_date_that_goes_day_by_day_is_no_id():
    data = with_column(np.arange(200))
    for role, counts in (("date", False), ("numeric", True)):
        details = {"columns": [{"name": "extra", "role": role}]}
        assert ("id-feature" in codes(replace(data, details=details))) is counts


@pytest.mark.parametrize("code", planted())
def test_a_planted_fault_is_found(code):
    found = codes(planted()[code])
    assert code in found
    assert found[code]["why"]
    assert found[code]["mend"] in ("", *MENDS)


def test_planted_label_errors_are_found():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    x = rng.normal(size=(400, 4)) + y[:, None] * 4
    wrong = rng.choice(400, 12, replace=False)
    given = y.copy()
    given[wrong] = 1 - given[wrong]
    data = Dataset(
        id="t",
        kind="table",
        title="",
        x=x.astype(np.float32),
        y=given,
        classes=("a", "b"),
        columns=tuple("wxyz"),
    )
    found = codes(data)["label-errors"]
    assert 9 <= found["count"] <= 15
    assert len(set(found["rows"]) & set(wrong.tolist())) >= 9


def test_a_model_that_knows_nothing_doubts_no_label():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    data = replace(table(), x=x, columns=tuple("wxyz"))
    assert "label-errors" not in codes(data)


def test_texts_and_images():
    texts = Texts.pack([f"some longer text number {i}" for i in range(20)] + ["", "x", "y" * 6000])
    found = codes(Dataset(id="x", kind="text", title="", x=texts))
    assert {"empty-rows", "short-texts", "long-texts"} <= set(found)
    assert (
        found["empty-rows"]["rows"],
        found["short-texts"]["rows"],
        found["long-texts"]["rows"],
    ) == ([20], [21], [22])
    x = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    x[2] = 7
    sizes = np.array([[8, 8]] * 4 + [[1, 1]])
    found = codes(Dataset(id="i", kind="image", title="", x=x, extra={"sizes": sizes}))
    assert (found["blank"]["rows"], found["one-pixel"]["rows"]) == ([2], [4])


@pytest.mark.parametrize(
    ("mend", "code"),
    [
        ("drop-duplicates", "exact-duplicates"),
        ("drop-empty", "empty-rows"),
        ("drop-constant", "constant-columns"),
        ("merge-spellings", "class-spellings"),
    ],
)
def test_a_mend_removes_its_finding_and_keeps_the_original(mend, code):
    data = planted()[code]
    before = np.array(data.x)
    mended = mend_dataset(data, [mend], "my-new")
    assert code not in codes(mended)
    assert np.array_equal(data.x, before, equal_nan=True)
    assert mended.details["recipe"] == [mend]
    assert mended.details["rows"] == len(mended)


def test_merged_spellings_keep_every_row_and_the_common_name():
    y = np.array([0] * 3 + [1] * 5 + [2] * 4 + [-1])
    data = replace(table(13), y=y, classes=("Cat", "cat", "dog"))
    mended = mend_dataset(data, ["merge-spellings"], "my-new")
    assert mended.classes == ("cat", "dog")
    assert mended.y.tolist() == [0] * 8 + [1] * 4 + [-1]


def test_rows_of_everything_go_together():
    x = np.repeat(np.random.default_rng(0).integers(0, 256, (6, 8, 8), dtype=np.uint8), 2, axis=0)
    names = Texts.pack([f"{i}.png" for i in range(12)])
    data = Dataset(
        id="i",
        kind="image",
        title="",
        x=x,
        y=np.arange(12),
        classes=tuple(map(str, range(12))),
        extra={"names": names},
    )
    data = replace(data, groups=find_groups(data))
    mended = mend_dataset(data, ["drop-duplicates"], "my-n")
    assert list(mended.extra["names"]) == [f"{i}.png" for i in range(0, 12, 2)]
    assert mended.y.tolist() == list(range(0, 12, 2))
    with pytest.raises(DataError, match="No row would be left"):
        mend_dataset(replace(data, x=np.zeros((12, 8, 8), np.uint8)), ["drop-empty"], "my-n")


def test_missing_cells_are_filled_from_training_rows_only():
    x = np.array([[1.0], [3.0], [np.nan], [1000.0]])
    filled, note = fill_missing(x, np.array([0, 1]))
    assert filled[2, 0] == 2.0
    assert note.startswith("1 missing cells")
    data = replace(table(), x=np.where(np.arange(600).reshape(200, 3) == 40, np.nan, table().x))
    prepared = prepare(data, DataConfig())
    assert bool(prepared.x.isfinite().all())
    assert "1 missing cells" in prepared.note


def test_large_images_stay_on_disk_and_give_the_same_rows(monkeypatch, tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (50, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    data = Dataset(
        id="i", kind="image", title="", x=np.load(tmp_path / "x.npy", mmap_mode="r"), scale=1 / 255
    )
    whole = prepare(data, DataConfig())
    monkeypatch.setattr("selfsup_core.features.batches.room_for_data", lambda: 10)
    mapped = prepare(data, DataConfig())
    rows = mapped.rows(np.array([4, 2, 49]))
    assert bool((mapped.values(rows) == whole.values(rows)).all())
    assert mapped.x.numel() == 0
    assert "half of the free memory" in mapped.note


def test_texts_without_a_word_are_named():
    with pytest.raises(DataError, match="No word was found"):
        prepare(Dataset(id="x", kind="text", title="X", x=Texts.pack(["?"] * 30)), DataConfig())


@pytest.mark.parametrize("numbers", [np.array([0, 1, 2, 2]), np.array([7, 5, 9, 9]), np.array([3, 0, 1, 1])])
def test_near_copies_are_counted_however_groups_are_numbered(numbers):
    x = np.arange(4 * 36, dtype=np.uint8).reshape(4, 6, 6)
    found = codes(Dataset(id="i", kind="image", title="", x=x, groups=numbers))
    assert found["near-duplicates"]["count"] == 1
    assert found["near-duplicates"]["rows"] == [3]


def test_rows_of_one_speaker_are_no_copies():
    x = np.arange(4 * 36, dtype=np.uint8).reshape(4, 6, 6)
    groups, details = np.array([0, 0, 1, 1]), {"grouped_by": "speaker"}
    assert "near-duplicates" not in codes(
        Dataset(id="i", kind="image", title="", x=x, groups=groups, details=details)
    )


def test_copies_across_a_given_split_are_counted():
    data = planted()["exact-duplicates"]
    part = np.zeros(len(data), np.uint8)
    part[-3:] = 2  # of the four copies at the end, whose originals are for training
    found = codes(replace(data, extra={"part": part}))["exact-duplicates"]
    assert "3 rows of its validation and test rows have a copy" in found["why"]


def test_what_cannot_be_split_is_told_with_the_reason_the_run_would_give():
    data = table(80)
    copies = replace(data, x=np.repeat(data.x[:1], 80, axis=0), groups=np.zeros(80, int))
    found = codes(copies)["no-split"]
    assert found["level"] == "warning"
    assert "All 80 rows are copies of one sample" in found["why"]
    assert "no-split" in codes(replace(data, x=data.x[:3], y=data.y[:3]))
    assert "uneven-split" not in codes(replace(data, groups=np.repeat([0, 1, 2], [60, 10, 10])))
    uneven = codes(replace(data, groups=np.repeat([0, 1, 2], [40, 20, 20])))["uneven-split"]
    assert uneven["level"] == "note"
    assert "40 / 20 / 20 rows rather than 64 / 8 / 8" in uneven["why"]


def test_each_check_is_told_before_it_begins():
    said: list[Step] = []
    dataset = table(40)
    check_dataset(dataset, said.append)
    assert [step["title"] for step in said] == [title for title, _ in CHECKS]
    assert [step["done"] for step in said] == list(range(len(CHECKS)))
