"""Arrays as people save them: what are samples, labels, names and given splits, and what are images."""

from __future__ import annotations

import io

import numpy as np
import pytest
from scipy import sparse

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError
from tests.data.importing.make import idx, write

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (12, 8, 8), dtype=np.uint8)


def build(paths, **config):
    return build_dataset(paths, ImportConfig(**config), "my-x")


def npz(tmp_path, **arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return [write(tmp_path, "a.npz", buffer.getvalue())]


def npy(tmp_path, array, name="a.npy"):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return [write(tmp_path, name, buffer.getvalue())]


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (("train_images", "val_images", "test_images"), [6, 2, 4]),
        (("x_train", "x_test"), [8, 0, 4]),
        (("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"), [8, 0, 4]),
    ],
)
def test_given_splits_are_kept(tmp_path, names, counts):
    sizes = [n for n in counts if n]
    ends = np.cumsum([0, *sizes])
    parts = {name: BYTES[a:b] for name, a, b in zip(names, ends[:-1], ends[1:], strict=True)}
    labels = {
        n.replace("images", "labels").replace("x_", "y_"): np.arange(len(p)) % 2 for n, p in parts.items()
    }
    paths = npz(tmp_path, **parts, **labels)
    made = build(paths)
    assert np.bincount(made.extra["part"], minlength=3).tolist() == counts
    split = split_rows(made, validation=0.2, test=0.5, seed=3)
    assert np.array_equal(split.test, np.flatnonzero(made.extra["part"] == 2))
    assert len(split.validation) == (counts[1] or 2)
    assert made.y.tolist() == [i % 2 for size in sizes for i in range(size)]
    assert "part" not in build(paths, splits="ignore").extra


def test_a_pickled_member_is_set_aside_and_values_beside_images_are_no_samples(tmp_path):
    paths = npz(
        tmp_path,
        imgs=BYTES // 128,
        latents_classes=RNG.integers(0, 3, (12, 6)),
        latents_values=RNG.normal(size=(12, 6)),
        metadata=np.array([{"title": "shapes"}], dtype=object),
    )
    made = build(paths)
    assert made.x.shape == (12, 8, 8)
    assert set(made.details["aside"]) == {"metadata.npy", "latents_classes.npy", "latents_values.npy"}
    with pytest.raises(DataError, match="Python objects"):
        build(npz(tmp_path, metadata=np.array([{"title": "shapes"}], dtype=object)))


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64, np.float32])
def test_images_of_zero_and_one_are_black_and_white(tmp_path, dtype):
    made = build(npy(tmp_path, (BYTES > 127).astype(dtype)))
    assert np.array_equal(made.x, np.where(BYTES > 127, 255, 0))


def test_names_and_labels_beside_vectors(tmp_path):
    files = np.array([f"img{i}.png" for i in range(12)])
    paths = npz(tmp_path, embeddings=RNG.normal(size=(12, 4)), filenames=files, labels=np.arange(12) % 3)
    made = build(paths)
    assert made.classes == ("0", "1", "2")
    assert list(made.extra["names"]) == files.tolist()
    assert build(paths, label="-").y is None


def test_of_several_arrays_of_values_the_one_asked_for_is_the_label(tmp_path):
    paths = npz(tmp_path, x=RNG.normal(size=(12, 4)), y=np.arange(12) % 3, group=np.arange(12) % 2)
    plan = inspect_files(paths, ImportConfig())
    assert set(plan["classes"]) == {"0", "1", "2"}
    assert any("Arrays that may be labels: y, group" in note for note in plan["notes"])
    assert build(paths, label="group").classes == ("0", "1")
    with pytest.raises(DataError, match="no array 'sort'"):
        build(paths, label="sort")


def test_one_hot_labels_and_several_labels_a_row(tmp_path):
    hot = np.eye(4)[np.arange(12) % 4]
    made = build(npz(tmp_path, x=RNG.normal(size=(12, 4)), y=hot))
    assert made.y.tolist() == [0, 1, 2, 3] * 3
    hot[0] = 1
    made = build(npz(tmp_path, x=RNG.normal(size=(12, 4)), y=hot))
    assert made.y is None
    assert "several labels" in made.details["aside"]["y.npy"]


@pytest.mark.parametrize("form", ["csr", "csc", "bsr"])
def test_sparse_matrices(tmp_path, form):
    dense = RNG.normal(size=(12, 8)) * (RNG.random((12, 8)) < 0.2)
    path = tmp_path / "tfidf.npz"
    sparse.save_npz(path, getattr(sparse, f"{form}_matrix")(dense))
    np.testing.assert_allclose(build([path]).x, dense, rtol=1e-6)


def test_a_damaged_sparse_matrix_is_refused(tmp_path):
    matrix = sparse.csr_matrix(np.eye(4))
    parts = {"indices": matrix.indices + 9, "indptr": matrix.indptr, "data": matrix.data}
    with pytest.raises(DataError, match="sparse matrix is damaged"):
        build(npz(tmp_path, **parts, shape=np.array([4, 4]), format=np.array(b"csr")))


@pytest.mark.parametrize("labels", [1, 2])
def test_records_of_cifar(tmp_path, labels):
    images = RNG.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    marks = np.stack([np.full(5, 9, np.uint8), np.arange(5, dtype=np.uint8)], axis=1)[:, -labels:]
    records = np.concatenate([marks, images.transpose(0, 3, 1, 2).reshape(5, -1)], axis=1)
    made = build([write(tmp_path, "data_batch_1.bin", records.tobytes())])
    assert np.array_equal(made.x, images)
    assert made.label_names() == ["0", "1", "2", "3", "4"]


def test_rows_of_784_bytes_are_offered_as_images(tmp_path):
    flat = RNG.integers(0, 256, (6, 784), dtype=np.uint8)
    paths = npy(tmp_path, flat)
    plan = inspect_files(paths, ImportConfig())
    assert plan["kinds"] == ["table", "image"]
    assert any("28 × 28 pixels" in note for note in plan["notes"])
    made = build(paths, kind="image")
    assert np.array_equal(made.x, flat.reshape(6, 28, 28))
    with pytest.raises(DataError, match="cannot be read as image"):
        build(npy(tmp_path, flat[:, :700]), kind="image")


def test_series_are_a_table_and_images_if_asked_for(tmp_path):
    series = RNG.normal(size=(10, 64, 9)).astype(np.float32)
    made = build(npy(tmp_path, series))
    assert np.array_equal(made.x, series.reshape(10, -1))
    assert build(npy(tmp_path, series), kind="image").kind == "image"


def test_one_photograph_is_one_image_and_a_volume_is_its_slices(tmp_path):
    photo = RNG.integers(0, 256, (40, 64, 3), dtype=np.uint8)
    assert build(npy(tmp_path, photo), size=64).x.shape == (1, 64, 64, 3)
    assert build(npy(tmp_path, BYTES.astype(np.int16))).x.shape == (12, 8, 8)


def test_letters_of_emnist_are_turned_and_named(tmp_path):
    paths = [
        write(tmp_path, "emnist-letters-train-images-idx3-ubyte", idx(BYTES)),
        write(tmp_path, "emnist-letters-train-labels-idx1-ubyte", idx(np.arange(12) % 3 + 1)),
        write(tmp_path, "emnist-letters-mapping.txt", "1 65 97\n2 66 98\n3 67 99\n"),
    ]
    made = build(paths)
    assert np.array_equal(made.x, BYTES.swapaxes(1, 2))
    assert made.classes == ("A", "B", "C")
    assert made.title == "emnist-letters"
    assert any("Transpose" in note for note in inspect_files(paths, ImportConfig())["notes"])
    assert np.array_equal(build(paths, transpose="no").x, BYTES)
