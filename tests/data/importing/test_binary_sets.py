"""CIFAR-10, CIFAR-100 and STL-10 as their authors publish them, made up byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, write

RNG = np.random.default_rng(0)
TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def build(paths, **config):
    return build_dataset(paths, ImportConfig(**config), "my-x")


def pictures(count, side):
    return RNG.integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def cifar(images, *labels):
    """Label bytes, then all red, all green, all blue, each row by row."""
    records = [
        bytes([*marks, *image[:, :, 0].ravel(), *image[:, :, 1].ravel(), *image[:, :, 2].ravel()])
        for image, *marks in zip(images, *labels, strict=True)
    ]
    assert {len(record) for record in records} == {3072 + len(labels)}
    return b"".join(records)


def stl(images):
    """All red, all green, all blue, each column by column."""
    return b"".join(image[:, :, c].T.tobytes() for image in images for c in range(3))


def test_cifar_10_has_its_split_and_its_names(tmp_path):
    images = pictures(30, 32)
    marks = [i % 10 for i in range(30)]
    files = {
        "cifar-10-batches-bin/data_batch_1.bin": cifar(images[:10], marks[:10]),
        "cifar-10-batches-bin/data_batch_2.bin": cifar(images[10:20], marks[10:20]),
        "cifar-10-batches-bin/test_batch.bin": cifar(images[20:], marks[20:]),
        "cifar-10-batches-bin/batches.meta.txt": ("\n".join(TEN) + "\n\n").encode(),
        "cifar-10-batches-bin/readme.html": b"<html>CIFAR</html>",
    }
    made = build([write(tmp_path, "cifar.zip", archive(files))])
    assert np.array_equal(made.x, images)
    assert made.classes == TEN
    assert [made.classes[y] for y in made.y] == [TEN[mark] for mark in marks]
    assert made.extra["part"].tolist() == [0] * 20 + [2] * 10


def test_cifar_100_takes_the_fine_label(tmp_path):
    images = pictures(6, 32)
    fine = [3, 3, 99, 99, 0, 0]
    names = "".join(f"fine {i}\n" for i in range(100)).encode()
    files = {
        "train.bin": cifar(images[:4], [1, 1, 7, 7], fine[:4]),
        "test.bin": cifar(images[4:], [4, 4], fine[4:]),
        "fine_label_names.txt": names,
        "coarse_label_names.txt": b"coarse\n" * 20,
    }
    made = build([write(tmp_path, name, data) for name, data in files.items()])
    assert np.array_equal(made.x, images)
    assert [made.classes[y] for y in made.y] == [f"fine {mark}" for mark in fine]
    assert made.extra["part"].tolist() == [0] * 4 + [2] * 2


def test_stl_10_is_upright_and_its_labels_are_a_file_of_their_own(tmp_path):
    images = pictures(9, 96)
    files = {
        "stl10_binary/train_X.bin": stl(images[:4]),
        "stl10_binary/train_y.bin": bytes([1, 2, 10, 2]),
        "stl10_binary/test_X.bin": stl(images[4:6]),
        "stl10_binary/test_y.bin": bytes([10, 1]),
        "stl10_binary/unlabeled_X.bin": stl(images[6:]),
        "stl10_binary/class_names.txt": "\n".join(TEN).encode(),
        "stl10_binary/fold_indices.txt": b"0 1 2\n3 0 1\n",
    }
    made = build([write(tmp_path, "stl10.zip", archive(files))], size=96)
    parts = {"train": images[:4], "test": images[4:6], "unlabeled": images[6:]}
    known = {"train": [TEN[0], TEN[1], TEN[9], TEN[1]], "test": [TEN[9], TEN[0]], "unlabeled": [""] * 3}
    order = [name for name in ("train", "test", "unlabeled") for _ in parts[name]]
    assert np.array_equal(made.x, np.concatenate([parts[n] for n in dict.fromkeys(order)]))
    said = ["" if y < 0 else made.classes[y] for y in made.y]
    assert said == [label for n in dict.fromkeys(order) for label in known[n]]
    assert made.extra["part"].tolist() == [2 if name == "test" else 0 for name in order]


def test_stl_10_unlabeled_images_alone_have_no_classes(tmp_path):
    images = pictures(3, 96)
    made = build([write(tmp_path, "unlabeled_X.bin", stl(images))], size=96)
    assert np.array_equal(made.x, images)
    assert made.y is None


def test_parts_that_are_cut_off_are_refused_in_words(tmp_path):
    images = pictures(2, 96)
    paths = [write(tmp_path, "train_X.bin", stl(images)), write(tmp_path, "train_y.bin", bytes([1, 2, 3]))]
    with pytest.raises(DataError, match=r"train_y\.bin has 3 labels; train_X\.bin of 55,296 bytes"):
        build(paths)
    with pytest.raises(DataError, match=r"27,648 bytes, beside their labels"):
        build(paths[1:])
    with pytest.raises(DataError, match="records of 3,073 or 3,074 bytes"):
        build([write(tmp_path, "data_batch_1.bin", bytes(3072))])
