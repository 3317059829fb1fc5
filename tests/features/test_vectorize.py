"""Texts as vectors: fitted on training rows only, exact width, in [0, 1]; embeddings as wide as promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.features.vectorize import embed, input_shape, tfidf
from selfsup_core.pretrained.encoders.catalogue import ENCODERS

ENGLISH = Texts.pack(["the cat sat on the mat", "the dog is in the house", "a cat and a dog"] * 10)


def texts_set(texts: Texts, **more) -> Dataset:
    return Dataset(id="t", kind="text", title="T", x=texts, **more)


def test_terms_and_weights_come_from_training_rows_alone():
    texts = Texts.pack([*ENGLISH, "zeppelin zeppelin zeppelin"])
    train = np.arange(30)
    x, terms, note = tfidf(texts, train, 50)
    assert "zeppelin" not in terms
    assert x[30].max() == 0
    assert "the" not in terms, "common English words are left out"
    assert "cat" in terms
    assert "without the most common English ones" in note
    again, _, _ = tfidf(Texts.pack([*ENGLISH, "cat"]), train, 50)
    assert np.array_equal(x[:30], again[:30])


def test_width_is_exact_and_values_fill_zero_to_one():
    x, terms, _ = tfidf(ENGLISH, np.arange(30), 50)
    assert x.shape == (30, 50)
    assert len(terms) == 50
    used = [i for i, term in enumerate(terms) if term]
    assert (x[:, used].max(axis=0) == 1).all()
    assert x[:, len(used) :].max() == 0
    assert x.min() >= 0


def test_chinese_is_read_by_characters_and_pairs():
    texts = Texts.pack(["这本书很好看", "房间很小不好", "很好的书"] * 10)
    _, terms, note = tfidf(texts, np.arange(30), 60)
    assert "很好" in terms
    assert "no spaces" in note


def test_other_languages_keep_all_their_words():
    _, terms, note = tfidf(
        Texts.pack(["der hund und die katze", "das haus und der garten"] * 15), np.arange(30), 50
    )
    assert "und" in terms
    assert "English" not in note


def test_prepared_texts_have_the_shape_that_was_promised(tmp_path: Path):
    config = DataConfig(vocabulary=70)
    data = prepare(texts_set(ENGLISH), config)
    assert data.item_shape == (70,) == input_shape((), "text", config)
    assert data.x.shape == (30, 70)
    assert len(data.columns) == 70
    assert input_shape((28, 28), "image", config) == (28, 28)
    assert input_shape((), "text", DataConfig(text_features="embeddings")) == (384,)


def test_a_class_is_left_out_of_training_rows_only():
    y = np.arange(30) % 3
    dataset = texts_set(ENGLISH, y=y, classes=("a", "b", "c"))
    whole = prepare(dataset, DataConfig(validation=0.3)).split
    data = prepare(dataset, DataConfig(validation=0.3, leave_out="b"))
    assert 1 not in y[data.split.train]
    assert set(data.split.train) == {row for row in whole.train if y[row] != 1}
    assert np.array_equal(data.split.validation, whole.validation)
    assert 1 in y[data.split.validation]
    with pytest.raises(SettingError, match="no class 'z'"):
        prepare(dataset, DataConfig(leave_out="z"))
    with pytest.raises(SettingError, match="have no labels"):
        prepare(texts_set(ENGLISH), DataConfig(leave_out="b"))


def test_the_encoder_decides_the_width_and_is_one_that_is_known():
    config = DataConfig(text_features="embeddings", encoder="multilingual")
    assert input_shape((), "text", config) == (512,)
    with pytest.raises(ValueError, match="must be one of minilm, multilingual"):
        DataConfig(encoder="minlm")
    with pytest.raises(DataError, match="neither a built-in one nor a folder"):
        input_shape((), "text", DataConfig(text_features="embeddings", encoder="/not/there"))


needs_encoder = pytest.mark.skipif(
    ENCODERS["minilm"].find() is None, reason="the encoder's package is not installed"
)


@needs_encoder
def test_prepared_embeddings_say_who_made_them(tmp_path: Path):
    said: list[str] = []
    config = DataConfig(text_features="embeddings")
    data = prepare(texts_set(ENGLISH), config, workspace=tmp_path, progress=said.append)
    assert data.x.shape == (30, 384) == (len(data.x), *input_shape((), "text", config))
    assert "all-MiniLM-L6-v2" in data.note
    assert said[0].startswith("Embedding texts: ")
    assert len(list((tmp_path / "embeddings").glob("*.npy"))) == 1


def test_a_missing_encoder_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    gone = replace(ENCODERS["minilm"], package="not-installed")
    monkeypatch.setitem(ENCODERS, "minilm", gone)
    with pytest.raises(DataError, match=r"Text features to TF-IDF"):
        embed(Texts.pack(["a"]), None, "d")
