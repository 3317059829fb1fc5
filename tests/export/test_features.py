"""New samples go the same way as the rows of the data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import open_source
from selfsup_core.errors import DataError
from selfsup_core.export.features import fit_features
from selfsup_core.export.reading import read_items
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from tests.tasks.classify_helpers import make_pets


@pytest.mark.parametrize("source", ["wine", "digits"])
def test_rows_as_prepare_makes_them(workspace: Path, source: str):
    dataset, config = open_source(source, workspace), DataConfig(source=source)
    features = fit_features(dataset, config, workspace)
    rows = np.arange(0, len(dataset), 7)
    found = features.apply([np.asarray(dataset.x[row]) for row in rows])
    assert np.allclose(found, prepare(dataset, config).values(torch_rows(rows)), atol=1e-6)


def torch_rows(rows):
    import torch

    return torch.from_numpy(rows)


def test_a_table_with_holes_and_categories(workspace: Path, tmp_path: Path):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 4))
    x[:, 2:] = np.eye(2)[generator.integers(0, 2, 60)]
    x[[3, 30], 0] = np.nan
    about = {"columns": [{"name": "color", "role": "category"}]}
    dataset = Dataset(
        id="t",
        kind="table",
        title="t",
        x=x,
        y=np.arange(60) % 2,
        classes=("a", "b"),
        columns=("size", "weight", "color=red", "color=blue"),
        details=about,
    )
    config = DataConfig()
    features = fit_features(dataset, config, workspace)
    expected = prepare(dataset, config).x.numpy()
    assert np.allclose(features.apply(list(x)), expected, atol=1e-6)
    path = tmp_path / "new.csv"
    lines = [f"{'' if np.isnan(r[0]) else r[0]},{r[1]},{'red' if r[2] else 'blue'}" for r in x[:5]]
    path.write_text("\n".join(["size,weight,color", *lines]))
    names, items = read_items(features.about, [path])
    assert names[0] == "new.csv, row 1"
    assert np.allclose(features.apply(items), expected[:5], atol=1e-6)
    path.write_text("size,color\n1,red\n")
    with pytest.raises(DataError, match="lacks the column 'weight'"):
        read_items(features.about, [path])
    path.write_text("size,weight,color\nlarge,1,red\n")
    with pytest.raises(DataError, match="size is 'large'"):
        read_items(features.about, [path])


def test_words(workspace: Path):
    dataset = make_pets(workspace)
    config = DataConfig(source="my-pets", vocabulary=50)
    features = fit_features(dataset, config, workspace)
    assert np.allclose(features.apply(list(dataset.x)), prepare(dataset, config).x, atol=1e-6)
    assert features.apply(["nothing known"]).sum() == 0


@pytest.mark.skipif(bool(ENCODERS["minilm"].missing()), reason="the encoder is not installed")
def test_embeddings(workspace: Path):
    dataset = make_pets(workspace, 40)
    config = DataConfig(source="my-pets", text_features="embeddings")
    features = fit_features(dataset, config, workspace)
    found = features.apply([dataset.x[i] for i in range(10)])
    assert np.allclose(found, prepare(dataset, config, workspace=workspace).x[:10], atol=1e-3)


def test_pictures(workspace: Path, tmp_path: Path):
    dataset = open_source("digits", workspace)
    features = fit_features(dataset, DataConfig(source="digits"), workspace)
    path = tmp_path / "new.png"
    Image.fromarray(np.full(dataset.item_shape, 200, np.uint8)).save(path)
    names, items = read_items(features.about, [path])
    assert names == ["new.png"]
    assert items[0].shape == dataset.item_shape
    with pytest.raises(DataError, match="There is no file"):
        read_items(features.about, [Path("nowhere.png")])
    path.write_bytes(b"no picture")
    with pytest.raises(DataError):
        read_items(features.about, [path])


def test_texts_are_texts_or_lines_of_a_file(tmp_path: Path):
    path = tmp_path / "new.txt"
    path.write_text("first\n\nsecond\n")
    names, items = read_items({"kind": "text"}, [path, "third", "x" * 5000, "nul\0"])
    assert items[:3] == names[:3] == ["first", "second", "third"]
    assert len(items) == 5
    with pytest.raises(DataError, match="no samples"):
        read_items({"kind": "text"}, [])


def test_a_picture_of_a_digit_gives_the_digits_own_values(workspace: Path, tmp_path: Path):
    digits, config = open_source("digits", workspace), DataConfig(source="digits")
    features = fit_features(digits, config, workspace)
    picture = np.rint(np.asarray(digits.x[5]) * digits.scale * 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "five.png")
    _, items = read_items(features.about, [tmp_path / "five.png"])
    own = features.apply([np.asarray(digits.x[5])])
    assert np.allclose(features.apply(items), own, atol=0.5 / 255 + 1e-6)
    assert own.max() == 1


@pytest.mark.parametrize("source", ["tones", "spoken-words"])
def test_a_sound_file_gives_the_values_of_the_sets_own_sound(workspace: Path, tmp_path: Path, source: str):
    """Also of built-in sets, whose rates differ."""
    from scipy.io import wavfile

    sounds = open_source(source, workspace)
    features = fit_features(sounds, DataConfig(source=source), workspace)
    wavfile.write(tmp_path / "own.wav", int(sounds.details["rate"]), np.asarray(sounds.extra["audio"][3]))
    _, items = read_items(features.about, [tmp_path / "own.wav"])
    assert np.abs(items[0].astype(int) - np.asarray(sounds.x[3])).max() <= 1


def test_sounds_of_an_unknown_rate_are_refused_in_words(tmp_path: Path):
    (tmp_path / "own.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match="sampling rate or length of the data set's sounds is not known"):
        read_items({"kind": "sound", "sound": {}, "item_shape": [32, 32]}, [tmp_path / "own.wav"])
