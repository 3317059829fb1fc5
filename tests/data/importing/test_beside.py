"""Tables beside images, folders of unlabeled samples, and masks of 0 and 1."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, png, write

SAID = ["cat", "unknown", "dog", "cat", "unknown", "dog", "cat", "dog"]


def beside(tmp_path, labels, column="kind"):
    lines = [f"file,site,{column}", *(f"{i}.png,s{i % 2},{label}" for i, label in enumerate(labels))]
    files = {f"{i}.png": png(i) for i in range(len(labels))}
    return [write(tmp_path, "set.zip", archive({"index.csv": "\n".join(lines).encode(), **files}))]


def test_what_a_label_beside_images_means_can_be_chosen(tmp_path):
    paths = beside(tmp_path, SAID)
    plan = inspect_files(paths, ImportConfig())
    assert (plan["beside"], plan["label"], plan["doubtful"]) == (["site", "kind"], "kind", ["unknown"])
    assert any("2 rows have the label 'unknown'" in note for note in plan["notes"])
    made = build_dataset(paths, ImportConfig(unlabeled="unknown"), "my-x")
    assert made.classes == ("cat", "dog")
    assert made.y is not None
    assert made.y.tolist() == [0, -1, 1, 0, -1, 1, 0, 1]
    other = build_dataset(paths, ImportConfig(label="site"), "my-x")
    assert other.classes == ("s0", "s1")


def test_several_labels_beside_images(tmp_path):
    paths = beside(tmp_path, ["a|b", "a", "b", "a|b", "b", "a"])
    assert inspect_files(paths, ImportConfig())["labels"] == ["a", "b"]
    assert build_dataset(paths, ImportConfig(), "my-x").classes == ("a", "a|b", "b")
    made = build_dataset(paths, ImportConfig(several="first"), "my-x")
    assert made.y is not None
    assert made.y.tolist() == [0, 0, 1, 0, 1, 0]
    against = build_dataset(paths, ImportConfig(against="b"), "my-x")
    assert against.classes == ("b", "not b")


@pytest.mark.parametrize("folder", ["unsup", "Unlabeled"])
def test_a_folder_of_unlabeled_texts_is_no_class(tmp_path, folder):
    files = {
        f"aclImdb/{part}/{c}/{i}.txt": f"{c} text number {i} of {part}\n\nMore of it.".encode()
        for part in ("train", "test")
        for c in ("pos", "neg", folder)
        for i in range(4)
        if c != folder or part == "train"
    }
    made = build_dataset([write(tmp_path, "a.zip", archive(files))], ImportConfig(), "my-x")
    assert made.classes == ("neg", "pos")
    assert made.y is not None
    assert np.bincount(made.y + 1).tolist() == [4, 8, 8]
    assert f"4 samples in {folder} have no label; they train without." in made.details["notes"]


def test_images_of_zeros_and_ones_are_black_and_white(tmp_path):
    files = {}
    for i in range(4):
        mask = np.zeros((12, 12), np.uint8)
        mask[:, : 3 + i] = 1
        buffer = io.BytesIO()
        Image.fromarray(mask).save(buffer, "PNG")
        files[f"{i}.png"] = buffer.getvalue()
    made = build_dataset([write(tmp_path, "masks.zip", archive(files))], ImportConfig(), "my-x")
    assert np.asarray(made.x)[0, 14, [4, 20]].tolist() == [255, 0]
    assert "The images hold only 0 and 1; these are black and white now." in made.details["notes"]


BOX = "{} .5 .5 {} .2\n"


def yolo(tmp_path: Path, *, last: str = BOX.format(1, 0.3), more: dict[str, bytes] | None = None) -> Path:
    """Eight images, of which the even ones have a small box of class 1 before a large one of class 0."""
    boxes = [BOX.format(1, 0.1) + BOX.format(0, 0.4) if i % 2 == 0 else BOX.format(1, 0.3) for i in range(7)]
    parts = ["train", "train", "val", "train"] * 2
    files = {f"images/{part}/{i}.png": png(i) for i, part in enumerate(parts)}
    labels = {
        f"labels/{part}/{i}.txt": text.encode()
        for i, (part, text) in enumerate(zip(parts, [*boxes, last], strict=True))
    }
    return write(
        tmp_path, "yolo.zip", archive(files | labels | (more or {"data.yaml": b"nc: 2\nnames: [cat, dog]"}))
    )


def test_the_class_of_the_largest_box_is_offered_as_a_label(tmp_path):
    path = yolo(tmp_path)
    plan = inspect_files([path], ImportConfig())
    assert (plan["classes"], plan["offers"]) == ({}, {"boxes": ["cat", "dog"]})
    assert any("set Classes from to boxes" in note for note in plan["notes"])
    assert plan["aside"] == {}  # the boxes are read, too
    assert "12 boxes of 2 classes on 8 images (YOLO)." in plan["notes"]
    made = build_dataset([path], ImportConfig(classes="boxes"), "my-x")
    assert (made.classes, made.y.tolist()) == (("cat", "dog"), [0, 1, 0, 1, 0, 1, 0, 1])
    assert np.bincount(made.extra["part"]).tolist() == [6, 2]
    assert any("class of its largest box" in note for note in made.details["notes"])
    assert inspect_files([path], ImportConfig(classes="boxes"))["offers"] == {"boxes": ["cat", "dog"]}
    assert not [name for name in made.details["aside"] if name.endswith(".txt")]


@pytest.mark.parametrize("last", ["", "1 .5 .5 .3 .3 .4 .4 .2 .2\n", "1 0.5 0.5 7 0.2\n"])
def test_where_an_image_has_no_box_nothing_is_offered_and_it_has_no_label(tmp_path, last):
    path = yolo(tmp_path, last=last, more={"classes.txt": b"cat\ndog\n"})
    assert inspect_files([path], ImportConfig())["offers"] == {}
    made = build_dataset([path], ImportConfig(classes="boxes"), "my-x")
    assert (made.classes, made.y.tolist()) == (("cat", "dog"), [0, 1, 0, 1, 0, 1, 0, -1])
    assert any("1 image without a box got no label" in note for note in made.details["notes"])


def test_boxes_that_are_not_there_are_refused_with_a_way_out(tmp_path):
    path = write(tmp_path, "a.zip", archive({f"cat/{i}.png": png(i) for i in range(4)}))
    with pytest.raises(DataError, match="No image has a file of boxes") as refused:
        build_dataset([path], ImportConfig(classes="boxes"), "my-x")
    assert refused.value.fix["value"] == "auto"
