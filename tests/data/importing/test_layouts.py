"""Folders and file names: which are splits, which are classes, and what is asked."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.layout import read_layout, split_of
from selfsup_core.data.importing.zip_names import name_encoding
from selfsup_core.data.splits import split_rows
from tests.data.importing.make import archive, png, wav, write


def zipped(tmp_path, names, more=None):
    files = {name: png(i) for i, name in enumerate(names)}
    return [write(tmp_path, "a.zip", archive(files | (more or {})))]


def build(paths, **config):
    return build_dataset(paths, ImportConfig(**config), "my-x")


def labels_of(made) -> dict[str, str]:
    return dict(zip(made.extra["names"], made.label_names(), strict=True))


@pytest.mark.parametrize(
    ("folder", "part"),
    [
        *(("train", 0), ("Training_Set", 0), ("train_images", 0), ("train2017", 0), ("seg_train", 0)),
        *(("val", 1), ("valid", 1), ("validation-set", 1), ("dev", 1), ("valset", 1)),
        *(("test", 2), ("testset", 2), ("test_data", 2)),
        *(("trains", None), ("test car", None), ("cat", None), ("latest", None), ("", None)),
        ("train_test", None),
    ],
)
def test_names_of_splits(folder, part):
    assert split_of(folder) == part


@pytest.mark.parametrize("top", ["", "Dataset/"])
def test_folders_of_a_split_are_no_classes_and_the_split_is_kept(tmp_path, top):
    names = {"training_set": 12, "validation_set": 4, "test_set": 6}
    files = [
        f"{top}{part}/{c}/{i}.png" for part, n in names.items() for c in ("cat", "dog") for i in range(n)
    ]
    made = build(zipped(tmp_path, files))
    assert made.classes == ("cat", "dog")
    assert all(label in name for name, label in labels_of(made).items())
    split = split_rows(made, validation=0.3, test=0.3, seed=5)
    for rows, part in zip((split.train, split.validation, split.test), names, strict=True):
        assert len(rows) == 2 * names[part]
        assert all(part in made.extra["names"][int(row)] for row in rows)
    (note,) = made.details["notes"]
    assert "training_set (training, 24)" in note
    assert "test_set (test, 12)" in note


def test_splits_below_the_classes_and_twice_the_same_level(tmp_path):
    names = [f"{c}/{part}/{i}.png" for c in ("cat", "dog") for part in ("train", "test") for i in range(3)]
    made = build(zipped(tmp_path, names))
    assert made.classes == ("cat", "dog")
    assert np.bincount(made.extra["part"]).tolist() == [6, 0, 6]
    twice = read_layout(["seg_train/seg_train/sea/0", "seg_test/seg_test/ice/0"], ImportConfig())
    assert twice.labels == ["sea", "ice"]


def test_a_given_split_can_be_ignored(tmp_path):
    names = [f"{part}/{c}/{i}.png" for part in ("train", "test") for c in ("cat", "dog") for i in range(2)]
    made = build(zipped(tmp_path, names), splits="ignore", classes="last")
    assert made.classes == ("cat", "dog")
    assert "part" not in made.extra


def test_images_of_a_split_without_classes_have_none(tmp_path):
    """The layout of YOLO: pictures and boxes lie in two trees."""
    names = [f"images/{part}/{i}.png" for part in ("train", "val") for i in range(3)]
    made = build(zipped(tmp_path, names, {"labels/train/0.txt": b"0 .5 .5 1 1"}))
    assert made.y is None
    assert np.bincount(made.extra["part"]).tolist() == [3, 3]


def test_a_single_folder_of_a_splits_name_is_no_split(tmp_path):
    made = build(zipped(tmp_path, [f"train/{c}/{i}.png" for c in ("cat", "dog") for i in range(2)]))
    assert made.classes == ("cat", "dog")
    assert "part" not in made.extra


def test_two_levels_of_classes_are_asked_about(tmp_path):
    names = [
        f"{a}/{b}/{i}.png" for a, b in (("cat", "tabby"), ("cat", "manx"), ("dog", "pug")) for i in (0, 1)
    ]
    paths = zipped(tmp_path, names)
    plan = inspect_files(paths, ImportConfig())
    assert plan["offers"]["first"] == ["cat", "dog"]
    assert plan["offers"]["last"] == ["manx", "pug", "tabby"]
    assert any("2 levels of folders" in note for note in plan["notes"])
    assert build(paths).classes == ("cat", "dog")
    assert build(paths, classes="last").classes == ("manx", "pug", "tabby")
    assert build(paths, classes="none").y is None
    assert build(paths, label="-").y is None


def test_classes_in_file_names_are_offered_and_not_taken(tmp_path):
    paths = zipped(tmp_path, [f"train/{c}.{i}.png" for c in ("cat", "dog") for i in range(4)])
    plan = inspect_files(paths, ImportConfig())
    assert plan["classes"] == {}
    assert plan["offers"] == {"name-start": ["cat", "dog"]}
    assert any("File names begin with cat, dog" in note for note in plan["notes"])
    assert build(paths, classes="name-start").classes == ("cat", "dog")
    spoken = {
        f"{who}_{word}_{i}.wav": wav(i) for who in ("ann", "bo") for word in ("no", "yes") for i in (0, 1)
    }
    sounds = [write(tmp_path, "s.zip", archive(spoken))]
    plan = inspect_files(sounds, ImportConfig())
    assert plan["offers"] == {"name-start": ["ann", "bo"], "name-end": ["no", "yes"]}
    assert build(sounds, classes="name-end").classes == ("no", "yes")


def test_names_that_are_numbers_offer_nothing():
    assert read_layout([f"{i}.png" for i in range(9)], ImportConfig()).offers == {}


def test_tables_beside_label_their_part_and_a_sample_submission_nothing(tmp_path):
    names = [f"{part}_images/{i}.png" for part in ("train", "test") for i in range(6)]
    tables = {
        "train.csv": b"id,label\n" + b"".join(b"train_images/%d.png,c%d\n" % (i, i % 2) for i in range(6)),
        "test.csv": b"id\n" + b"".join(b"test_images/%d.png\n" % i for i in range(6)),
        "sample_submission.csv": b"id,label\n" + b"".join(b"test_images/%d.png,c0\n" % i for i in range(6)),
    }
    made = build(zipped(tmp_path, names, tables))
    said = labels_of(made)
    assert [said[f"train_images/{i}.png"] for i in range(6)] == ["c0", "c1"] * 3
    assert [said[f"test_images/{i}.png"] for i in range(6)] == [""] * 6
    assert "part" not in made.extra  # nothing could be measured on test rows without labels


def test_a_table_matches_by_path_where_names_repeat(tmp_path):
    names = [f"{part}/{i}.png" for part in ("a", "b") for i in range(3)]
    rows = b"".join(b"./%s\\%d.png,%s%d\n" % (p, i, p, i % 2) for p in (b"a", b"b") for i in range(3))
    made = build(zipped(tmp_path, names, {"labels.csv": b"file,label\n" + rows}))
    assert labels_of(made) == {f"{p}/{i}.png": f"{p}{i % 2}" for p in ("a", "b") for i in range(3)}


def test_a_table_beside_its_files_means_those(tmp_path):
    names = [f"{part}/{i}.png" for part in ("train", "test") for i in range(4)]
    table = b"file_name,label\n" + b"".join(b"%d.png,c%d\n" % (i, i % 2) for i in range(4))
    made = build(zipped(tmp_path, names, {"train/metadata.csv": table, "test/metadata.csv": table}))
    assert labels_of(made) == {name: f"c{int(name[-5]) % 2}" for name in names}
    assert np.bincount(made.extra["part"]).tolist() == [4, 0, 4]


def test_captions_are_no_classes(tmp_path):
    lines = "".join(f'{{"file_name": "{i}.png", "text": "picture {i} of a small cat"}}\n' for i in range(12))
    paths = zipped(tmp_path, [f"train/{i}.png" for i in range(12)], {"train/metadata.jsonl": lines.encode()})
    made = build(paths)
    assert made.y is None
    assert any("holds no classes (text)" in note for note in made.details["notes"])


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["猫/0.png", "狗/1.png"], "gb18030"),
        (["ねこ/0.png", "いぬ/1.png"], "shift_jis"),
        (["кошки/0.png", "собаки/1.png"], "cp866"),
        (["猫/0.png", "chien/é.png"], "utf-8"),
        (["café/0.png", "ñandú/1.png"], ""),
    ],
)
def test_encoding_of_names_in_old_archives(names, encoding):
    raw = [name.encode(encoding or "cp437") for name in names]
    assert name_encoding(raw)[0] == encoding


def test_names_of_an_archive_from_windows(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for i, folder in enumerate(["aa", "bb", "aa", "bb"]):
            info = zipfile.ZipInfo("x")
            info.filename = f"photos\\{folder}\\{i}.png"
            made.writestr(info, png(i))
    data = buffer.getvalue()
    data = data.replace(b"\\aa\\", b"\\\xc3\xa8\\").replace(b"\\bb\\", b"\\\xb9\xb7\\")
    made = build([write(tmp_path, "photos.zip", data)])
    assert made.classes == ("狗", "猫")
    assert next(iter(made.extra["names"])) == "photos/猫/0.png"
    assert any("read as GBK" in note for note in made.details["notes"])
    assert any("backslashes" in note for note in made.details["notes"])
