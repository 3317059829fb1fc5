"""Tables beside images, folders of unlabeled samples, and masks of 0 and 1."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
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
