"""Data sets on disk: round trip, damage, nothing that runs code."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from selfsup_core.data import sources
from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.data.sources import SOURCES, open_source
from selfsup_core.errors import DataError
from selfsup_core.files import digest_of_file, sha256


@pytest.fixture
def stored(tmp_path):
    y = np.array([0, 1, -1, 1])
    images = np.arange(48, dtype=np.uint8).reshape(4, 3, 4)
    dataset = Dataset(
        id="d",
        kind="image",
        title="Dä",
        x=images,
        y=y,
        classes=("a", "b"),
        scale=1 / 255,
        provenance={"source": "here"},
    )
    save_dataset(dataset, tmp_path / "d")
    return dataset, tmp_path / "d"


def test_round_trip(stored):
    dataset, folder = stored
    again = load_dataset(folder, verify=True)
    assert np.array_equal(again.x, dataset.x)
    assert again.x.dtype == np.uint8
    assert np.array_equal(again.y, dataset.y)
    assert (again.classes, again.scale, again.title) == (("a", "b"), 1 / 255, "Dä")
    assert again.provenance == {"source": "here"}
    assert again.item_shape == (3, 4)
    assert again.width == 12


def test_arrays_stay_on_disk_until_read(stored):
    assert isinstance(load_dataset(stored[1]).x, np.memmap)


def test_changed_array_is_named(stored):
    path = stored[1] / "x.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"x\.npy of data set 'd' has been changed") as caught:
        load_dataset(stored[1], verify=True)
    assert caught.value.code == "digest-mismatch"


@pytest.mark.parametrize(
    ("name", "array", "problem"),
    [
        ("x.npy", np.float32(3), "it has no rows"),
        ("x.npy", np.array(["a", "b", "c", "d"]), "are not numbers"),
        ("x.npy", np.zeros((3, 2)), "'y' has"),
        ("y.npy", np.zeros((4, 2), int), "not class numbers"),
        ("y.npy", np.zeros(4), "not class numbers"),
        ("y.npy", np.array([0, 1, 2, 0]), "class number 2, and there are 2 classes"),
        ("name.text.npy", np.zeros(4, np.uint8), "half of the texts 'name' is missing"),
    ],
)
def test_arrays_that_do_not_fit_are_named(stored, name, array, problem):
    """As in a folder of a stranger, whose digests are right."""
    folder = stored[1]
    about = json.loads((folder / "dataset.json").read_text())
    np.save(folder / name, array, allow_pickle=False)
    about["digests"][name] = digest_of_file(folder / name)
    (folder / "dataset.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match=problem) as caught:
        load_dataset(folder, verify=True)
    assert caught.value.code == "damaged-data"


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_pickled_array_is_refused_and_not_run(stored):
    folder = stored[1]
    array = np.empty(4, dtype=object)
    array[:] = [Evil()] * 4
    with open(folder / "x.npy", "wb") as file:
        np.save(file, array, allow_pickle=True)
    about = json.loads((folder / "dataset.json").read_text())
    about["digests"]["x.npy"] = sha256((folder / "x.npy").read_bytes())
    (folder / "dataset.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match=r"x\.npy of data set 'd' cannot be read"):
        load_dataset(folder, verify=True)


def test_bare_pickle_is_refused_and_not_run(stored):
    (stored[1] / "y.npy").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError, match=r"y\.npy"):
        load_dataset(stored[1])


@pytest.mark.parametrize("name", ["x.npy", "y.npy"])
def test_missing_array_is_named(stored, name):
    (stored[1] / name).unlink()
    with pytest.raises(DataError, match=name):
        load_dataset(stored[1])


def test_missing_description_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="Delete that folder"):
        load_dataset(tmp_path)


def test_rows_and_labels_must_agree():
    with pytest.raises(DataError, match="3 rows but 2 labels"):
        Dataset(id="d", kind="table", title="", x=np.zeros((3, 1)), y=np.zeros(2))
    with pytest.raises(DataError, match="no rows"):
        Dataset(id="d", kind="table", title="", x=np.zeros((0, 1)))


@pytest.mark.parametrize("name", ["mnist-5k", "digits", "wine", "breast-cancer"])
def test_built_in_source_is_what_it_says(tmp_path, name):
    source = SOURCES[name]
    assert source.missing() == ""
    dataset = open_source(name, tmp_path, verify=True)
    assert (len(dataset), dataset.item_shape, dataset.kind) == (
        source.samples,
        source.shape,
        source.kind,
    )
    assert len(dataset.classes) == source.classes == len(np.unique(dataset.y))
    assert dataset.provenance["licence"]
    values = np.asarray(dataset.x) * dataset.scale
    assert np.isfinite(values).all()
    if dataset.kind == "image":
        assert values.min() == 0
        assert values.max() == 1


def test_digits_are_scikit_learns(tmp_path):
    from sklearn.datasets import load_digits

    dataset = open_source("digits", tmp_path)
    assert np.array_equal(dataset.x, load_digits().images)
    assert np.array_equal(dataset.y, load_digits().target)


def test_source_is_made_once(tmp_path, monkeypatch):
    open_source("wine", tmp_path)
    monkeypatch.setattr(sources, "save_dataset", lambda *_: pytest.fail("created anew"))
    assert len(open_source("wine", tmp_path)) == 178


def test_source_made_by_another_process_meanwhile_is_taken(tmp_path, monkeypatch):
    real = sources.save_dataset

    def save_after_somebody_else(dataset, folder):
        real(dataset, folder)
        real(dataset, folder)

    monkeypatch.setattr(sources, "save_dataset", save_after_somebody_else)
    assert len(open_source("wine", tmp_path, verify=True)) == 178


def test_groups_have_no_part_in_the_digest_of_a_set_without_them(stored):
    """Digests of sets that were stored before stay what they were."""
    folder = stored[1]
    names = json.loads((folder / "dataset.json").read_text())["digests"]
    assert list(names) == ["x.npy", "y.npy"]
    assert load_dataset(folder).digest == sha256("".join(names.values()).encode())
    assert load_dataset(folder).grouped_by == ""


def test_what_groups_are_is_kept(tmp_path, stored):
    grouped = replace(stored[0], groups=np.array([0, 0, 1, 1]), details={"grouped_by": "speaker"})
    save_dataset(grouped, tmp_path / "grouped")
    again = load_dataset(tmp_path / "grouped", verify=True)
    assert again.groups.tolist() == [0, 0, 1, 1]
    assert again.grouped_by == "speaker"
    assert again.digest != load_dataset(stored[1]).digest
