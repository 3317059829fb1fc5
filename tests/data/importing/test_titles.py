"""What a data set of several files is called."""

from __future__ import annotations

import pytest

from selfsup_core.data.importing.titles import title_of


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["pets.zip"], "pets"),
        (["train.csv.gz"], "train"),
        ([".csv"], "data"),
        (["metadata.tsv", "vectors.tsv"], "vectors"),
        (["y_train.csv", "X_train.csv"], "X_train"),
        (["labels.npy", "images.npy"], "images"),
        (["labels.npy", "classes.npy"], "labels"),
        (
            ["emnist-letters-train-labels-idx1-ubyte.gz", "emnist-letters-train-images-idx3-ubyte.gz"],
            "emnist-letters",
        ),
        (["train-labels-idx1-ubyte", "train-images-idx3-ubyte"], "train-images-idx3-ubyte"),
        (["iris_train.csv", "iris_test.csv"], "iris"),
        (["train_iris.csv", "test_iris.csv"], "iris"),
        (["data_batch_1.bin", "data_batch_2.bin"], "data_batch"),
        (["shop january.csv", "shop february.csv"], "shop"),
        (["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"], "train-00000-of-00002"),
        (["2024-01.csv", "2024-02.csv"], "2024-01"),
        (["cat.npy", "catalog.npy"], "cat"),
        (["отзывы_1.csv", "отзывы_2.csv"], "отзывы"),
    ],
)
def test_it_is_called_by_what_its_files_have_in_common_or_by_the_file_with_the_data(names, title):
    assert title_of(names) == title


def test_a_file_that_is_set_aside_gives_no_title():
    assert (
        title_of(["README.txt", "pets_1.png", "pets_2.png"], {"README.txt": "not one of the samples"})
        == "pets"
    )
    assert title_of(["a.txt"], {"a.txt": "unreadable"}) == "a"
