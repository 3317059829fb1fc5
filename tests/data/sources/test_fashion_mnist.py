"""Fashion-MNIST from small IDX files made here: what is read, and each way in which a file can be wrong."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from selfsup_core.data.sources import SOURCES, fashion_mnist
from selfsup_core.errors import DataError

COUNTS = {"train": 20, "t10k": 10}


def idx(array: np.ndarray) -> bytes:
    """An independent writer of the format."""
    head = bytes([0, 0, 8, array.ndim])
    return head + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with four small files, which the variable names."""
    rng = np.random.default_rng(0)
    for part, count in COUNTS.items():
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        np.save(tmp_path / f"{part}.npy", images)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    monkeypatch.setenv("SELFSUP_FASHION_MNIST", str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "COUNTS", COUNTS)
    return tmp_path


def test_rows_are_training_then_test(folder):
    source = SOURCES["fashion-mnist"]
    assert source.missing() == ""
    dataset = source.build()
    parts = [np.load(folder / "train.npy"), np.load(folder / "t10k.npy")]
    assert np.array_equal(dataset.x, np.concatenate(parts))
    assert dataset.y.tolist() == [*range(10), *range(10), *range(10)]
    assert dataset.item_shape == source.shape
    assert dataset.classes[0] == "T-shirt"
    assert dataset.classes[9] == "Ankle boot"
    assert len(dataset.classes) == source.classes


def test_the_source_says_what_the_real_files_hold():
    assert sum(fashion_mnist.COUNTS.values()) == SOURCES["fashion-mnist"].samples == 70000


def test_missing_says_both_ways_out(tmp_path, monkeypatch):
    monkeypatch.delenv("SELFSUP_FASHION_MNIST", raising=False)
    monkeypatch.setattr(fashion_mnist, "FOLDERS", (str(tmp_path),))
    said = SOURCES["fashion-mnist"].missing()
    assert "apt-get install dataset-fashion-mnist" in said
    assert "Data page" in said
    with pytest.raises(DataError, match="apt-get"):
        SOURCES["fashion-mnist"].build()


GOOD = idx(np.zeros(20, np.uint8))


def gz(data: bytes) -> bytes:
    """Without the time of day, which would make the tests' names differ from worker to worker."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gz(b"\0\0\x09\1" + GOOD[4:]), "begins with"),
        (gz(idx(np.zeros((20, 1), np.uint8))), "begins with"),
        (gz(idx(np.zeros(21, np.uint8))), "begins with"),
        (gz(GOOD[:-1]), "holds 19 values"),
        (gz(GOOD + b"\0"), "holds more values"),
        (gz(GOOD[:3]), "begins with"),
        (gz(GOOD)[:-9], "cannot be read"),
        (GOOD, "cannot be read"),
        (gz(GOOD[:-1] + b"\x0a"), "label"),
    ],
)
def test_wrong_file_is_refused(folder, data, said):
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(data)
    with pytest.raises(DataError, match=said):
        SOURCES["fashion-mnist"].build()
