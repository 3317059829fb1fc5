"""Data that travel with the program: what the files hold, what is said of a damaged one, and μ-law by its
formula.
"""

from __future__ import annotations

import gzip
import json
import math
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data import shipped
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.mu_law import decode_mu_law, encode_mu_law
from selfsup_core.data.sources import SOURCES, open_source, shakespeare, spoken_words
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError
from selfsup_core.places import ASSETS
from tests.helpers import ROOT

# Of the arrays: a change needs a new `version` of the source, or stored sets of old and new would be mixed
# up.
DIGESTS = {
    "emoji": "f3b00ac6f75d0950",
    "fashion-5k": "21702fbabc05c6d6",
    "spoken-words": "911647fbd66f4f72",
    "shakespeare": "441e7787aa667ba6",
    "tang-poems": "25d67a9da9669668",
    "interface-de": "08f1a269581769df",
    "interface-zh": "06ac33a8e369bad7",
}
FILES = {
    "emoji": ("emoji-32.png", "emoji-32.json"),
    "fashion-5k": ("fashion-5k.png", "fashion-5k.json"),
    "spoken-words": ("spoken-words.ulaw.gz", "spoken-words.json"),
    "shakespeare": ("shakespeare.txt.gz",),
    "tang-poems": ("tang-poems.txt.gz",),
    "interface-de": ("interface-en-de.tsv.gz",),
    "interface-zh": ("interface-en-zh.tsv.gz",),
}
OTHERS = {
    "synonyms-en.tsv.gz",  # of `augment/synonyms.py`
    "LICENSE-wordnet.txt",
    "passages-en.json",  # of question answering
    "passages-zh.json",
}
BOTH = [(name, file) for name, files in FILES.items() for file in files]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    workspace = tmp_path_factory.mktemp("shipped")
    return {name: open_source(name, workspace, verify=True) for name in FILES}


def about(file: str) -> dict:
    return json.loads((ASSETS / "data" / file).read_bytes())


@pytest.mark.parametrize("name", FILES)
def test_a_set_is_what_its_source_says(opened, name):
    source, dataset = SOURCES[name], opened[name]
    assert source.missing() == ""
    assert (dataset.id, dataset.kind, dataset.title) == (name, source.kind, source.title)
    assert (len(dataset), dataset.item_shape) == (source.samples, source.shape)
    assert len(dataset.classes) == source.classes
    assert dataset.details["rows"] == len(dataset)
    assert dataset.details["shape"] == list(source.shape)
    assert dataset.provenance["source"] == source.origin
    assert dataset.provenance["licence"] == source.licence
    if dataset.y is not None:
        assert set(dataset.y.tolist()) == set(range(source.classes))
    assert dataset.digest[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_source_says_where_it_is_from_and_its_licence(name):
    source = SOURCES[name]
    assert source.origin
    assert source.licence


@pytest.mark.parametrize("name", FILES)
def test_the_notice_names_what_travels_along(name):
    assert f"\n{SOURCES[name].title} " in (ROOT / "NOTICE").read_text("utf-8")


def test_every_file_of_the_folder_is_used():
    assert {path.name for path in (ASSETS / "data").iterdir()} == {file for _, file in BOTH} | OTHERS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files, which tests may damage."""
    copied = shutil.copytree(ASSETS / "data", tmp_path / "data")
    monkeypatch.setattr(shipped, "FOLDER", copied)
    return copied


@pytest.mark.parametrize(("name", "file"), BOTH)
def test_a_missing_file_is_named_with_the_remedy(folder, name, file):
    (folder / file).unlink()
    assert f"{file}, which is missing" in SOURCES[name].missing()
    with pytest.raises(DataError, match=f"{file} in assets/data cannot be read.* reinstall the program"):
        SOURCES[name].build()


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"\xff", lambda _: b""])
@pytest.mark.parametrize(("name", "file"), BOTH)
def test_a_damaged_file_is_named_and_nothing_is_kept(folder, workspace, name, file, damage):
    (folder / file).write_bytes(damage((folder / file).read_bytes()))
    with pytest.raises(DataError, match=f"{file} in assets/data is damaged") as caught:
        open_source(name, workspace)
    assert caught.value.code == "digest-mismatch"
    assert not list(workspace.glob(f"datasets/{name}*"))


def test_nothing_is_read_until_a_set_is_opened_and_then_once(workspace, monkeypatch):
    read = []
    real = shipped.read_bytes
    monkeypatch.setattr(shipped, "read_bytes", lambda name, digest: read.append(name) or real(name, digest))
    assert SOURCES["fashion-5k"].missing() == ""
    assert read == []
    open_source("fashion-5k", workspace)
    open_source("fashion-5k", workspace)
    assert sorted(read) == ["fashion-5k.json", "fashion-5k.png"]


@pytest.mark.parametrize(
    ("name", "sheet", "side", "columns"),
    [("emoji", "emoji-32", 32, 50), ("fashion-5k", "fashion-5k", 28, 100)],
)
def test_each_picture_is_the_tile_of_its_entry(opened, name, sheet, side, columns):
    found, entries = opened[name], about(f"{sheet}.json")
    order = np.random.default_rng(0).permutation(len(found)) if name == "emoji" else np.arange(len(found))
    with Image.open(ASSETS / "data" / f"{sheet}.png") as picture:
        for row in (0, 1, 77, len(found) - 1):
            entry = int(order[row])
            top, left = entry // columns * side, entry % columns * side
            tile = picture.crop((left, top, left + side, top + side))
            assert np.array_equal(np.asarray(tile), found.x[row])
            assert found.y[row] == entries["label"][entry]
            if name == "emoji":
                assert found.extra["names"][row] == entries["name"][entry]
                assert found.extra["subgroup"][row] == entries["group"][entry]


def test_emoji_have_classes_and_names(opened):
    emoji = opened["emoji"]
    assert emoji.classes[0] == "Smileys & Emotion"
    assert emoji.classes[8] == "Flags"
    named = dict(zip(emoji.extra["names"], emoji.label_names(), strict=True))
    assert named["grinning face"] == "Smileys & Emotion"
    assert len(set(emoji.extra["subgroup"])) == 98


def test_flags_that_look_the_same_are_never_parted(opened):
    emoji = opened["emoji"]
    rows = [
        row for row, name in enumerate(emoji.extra["names"]) if name in ("norway flag", "bouvet island flag")
    ]
    assert len(rows) == 2
    assert len(set(emoji.groups[rows].tolist())) == 1


def test_fashion_has_500_of_each_class(opened):
    assert np.bincount(opened["fashion-5k"].y).tolist() == [500] * 10
    assert len(set(opened["fashion-5k"].extra["train_row"].tolist())) == 5000


def mu_law(byte: int) -> float:
    """The formula, one number at a time."""
    v = 2 * byte / 255 - 1
    return math.copysign((256 ** abs(v) - 1) / 255, v)


def test_mu_law_is_decoded_by_its_formula():
    found = decode_mu_law(np.arange(256, dtype=np.uint8))
    assert found.dtype == np.int16
    assert np.abs(found - [32767 * mu_law(byte) for byte in range(256)]).max() <= 0.5
    assert (found[0], found[255]) == (-32767, 32767)
    assert (np.diff(found.astype(int)) >= 0).all()
    assert np.array_equal(found, -found[::-1])
    assert np.array_equal(encode_mu_law(found / 32767), np.arange(256)), "encoding undoes it"
    assert encode_mu_law(np.array([-9.0, 9.0])).tolist() == [0, 255]


def test_clips_are_cut_where_they_end_and_padded():
    found = spoken_words.cut(np.array([1, 2, 3, 4, 5, 6], np.int16), [2, 1, 3], 4)
    assert found.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0], [4, 5, 6, 0]]
    for lengths, width in (([2, 2], 4), ([6], 4)):
        with pytest.raises(DataError, match="expected 6 and at most 4"):
            spoken_words.cut(np.zeros(6, np.int16), lengths, width)


def test_each_voice_says_each_word_once(opened):
    words = opened["spoken-words"]
    said = Counter(zip(words.extra["speaker"], words.label_names(), strict=True))
    assert len(said) == 800
    assert len(set(words.extra["speaker"])) == 40
    data = gzip.decompress((ASSETS / "data" / "spoken-words.ulaw.gz").read_bytes())
    entries = about("spoken-words.json")
    order = np.random.default_rng(0).permutation(800)
    ends = np.cumsum(entries["length"])
    for row in (0, 400, 799):
        entry = int(order[row])
        clip = data[ends[entry] - entries["length"][entry] : ends[entry]]
        audio = words.extra["audio"][row]
        assert audio[: len(clip)].tolist() == [round(32767 * mu_law(byte)) for byte in clip]
        assert not audio[len(clip) :].any()
        assert words.label_names()[row] == entries["words"][entries["word"][entry]]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_no_voice_is_on_two_sides_of_a_split(opened, seed):
    words = opened["spoken-words"]
    split = split_rows(words, validation=0.1, test=0.2, seed=seed)
    parts = [set(words.groups[rows].tolist()) for rows in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [28, 4, 8]
    assert len(set.union(*parts)) == 40
    # So each part holds each word as often.
    assert np.bincount(words.y[split.validation]).tolist() == [4] * 20
    assert split.note == "All rows of one speaker are on the same side of the split."


def test_shakespeare_is_one_text_whose_rows_know_their_play(opened):
    plays = opened["shakespeare"]
    text = gzip.decompress((ASSETS / "data" / "shakespeare.txt.gz").read_bytes()).decode()
    assert "\n".join(plays.x).rstrip("\n") == text.rstrip("\n")
    of = list(plays.extra["play"])
    assert tuple(dict.fromkeys(of)) == shakespeare.PLAYS
    rows = list(plays.x)
    for quote, play in (
        ("To be, or not to be,", "Hamlet"),
        ("Out, damned spot!", "Macbeth"),
        ("such stuff\nAs dreams are made on", "The Tempest"),
        ("Et tu, Brute", "Julius Caesar"),
        ("If music be the food of love, play on", "Twelfth Night"),
    ):
        assert {of[i] for i, row in enumerate(rows) if quote in row} == {play}, quote


@pytest.mark.parametrize("paragraphs", [["ACT I.", "a"], ["a", *["ACT I."] * 9]])
def test_another_number_of_plays_is_refused(paragraphs):
    with pytest.raises(DataError, match="expected 9"):
        shakespeare.play_of(paragraphs)


def test_a_poem_is_a_row(opened):
    poems = opened["tang-poems"]
    text = gzip.decompress((ASSETS / "data" / "tang-poems.txt.gz").read_bytes()).decode()
    assert list(poems.x) == text.splitlines()
