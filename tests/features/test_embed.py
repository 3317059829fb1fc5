"""The embedding engine: order and batches change nothing, stops lose nothing, what is kept is whole or made
again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.embedding import embed as engine
from selfsup_core.features.embedding import job as embed_run
from selfsup_core.features.embedding import store as embed_store
from selfsup_core.features.embedding.embed import (
    EmbedConfig,
    cached_embeddings,
    embed,
    embed_steps,
    list_embeddings,
    plan_job,
    texts_digest,
)
from selfsup_core.pretrained.encoders.catalogue import ENCODERS

NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(e.find() is None, reason="not installed"))
    for name, e in ENCODERS.items()
]
needs_minilm = pytest.mark.skipif(ENCODERS["minilm"].find() is None, reason="not installed")
JUNK = [
    "\ud800 lone",
    "\x00\x01 null",
    "😀👩‍👩‍👧",
    "\u202e right",
    "a\u0301" * 50,
    "[SEP] </s> <s>",
    "\ufffe",
    "كتاب 书 livre",
]
WORDS = [
    "space",
    "orbit",
    "moon",
    "hockey",
    "goal",
    "season",
    "engine",
    "wheel",
    "doctor",
    "patient",
    "image",
    "pixel",
]


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 12))) + f" {i}" for i in range(count)]


class Counted:
    """Stands for an encoder of three numbers: sum, length and first id of the tokens, which are
    characters.
    """

    def __init__(self) -> None:
        self.batches: list[tuple[int, int]] = []

    def tokenize(self, texts: list[str], most: int) -> list[list[int]]:
        return [[ord(c) for c in text[:most]] for text in texts]

    def encode(self, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        self.batches.append(ids.shape)
        x = np.zeros((len(ids), 384), np.float32)
        x[:, :3] = np.stack([ids.sum(axis=1), lengths, ids[:, 0]], axis=1)
        return x

    def halve(self) -> str:
        return ""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted()
    for module in (engine, embed_run):
        monkeypatch.setattr(module, "load_encoder", lambda *a, **k: made)
    monkeypatch.setattr(embed_store, "PART_SECONDS", 0.0)
    return made


@pytest.mark.parametrize(
    "name",
    [param for param in NAMES if param.values != ("multilingual",)]
    + [pytest.param("multilingual", marks=pytest.mark.thorough)],
)
def test_order_batch_and_company_change_nothing(name: str):
    texts = [*sentences(40), *JUNK, "", "  \n", *sentences(3)]
    config = EmbedConfig(encoder=name)
    x = embed(texts, config)
    assert x.shape == (len(texts), ENCODERS[name].width)
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = embed([texts[i] for i in order], config)
    assert np.abs(shuffled - x[order]).max() < 1e-5
    small = embed(texts, EmbedConfig(encoder=name, batch_tokens=1))
    assert np.abs(small - x).max() < 1e-5
    for i in (0, 7, 40, 44):
        assert np.abs(embed([texts[i]], config)[0] - x[i]).max() < 1e-5
    empty = [i for i, text in enumerate(texts) if not text.strip()]
    assert len(empty) == 2
    assert not x[empty].any()
    filled = np.setdiff1d(np.arange(len(texts)), empty)
    assert np.allclose(np.linalg.norm(x[filled], axis=1), 1, atol=1e-5)
    assert np.array_equal(x[-3:], x[:3]), "equal texts"


@needs_minilm
def test_like_texts_have_like_embeddings():
    x = embed(["a cat sleeps", "stock markets fell today", "the kitten is asleep"])
    assert x[0] @ x[2] > x[0] @ x[1] + 0.3


@needs_minilm
def test_embeddings_are_those_of_the_plain_way():
    """Padded, unsorted, through transformers' own tokenizer."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts, folder = sentences(12), ENCODERS["minilm"].find()
    tokens = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state
    mask = tokens["attention_mask"][:, :, None]
    plain = ((states * mask).sum(1) / mask.sum(1)).numpy()
    assert np.abs(embed(texts, EmbedConfig(normalize=False)) - plain).max() < 1e-5
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    assert np.abs(embed(texts) - plain).max() < 1e-5


@pytest.mark.serial
@pytest.mark.parametrize("name", NAMES)
def test_a_line_of_megabytes_takes_seconds(name: str):
    began = time.monotonic()
    texts = ["x" * 5_000_000, "ab " * 1_700_000, "书" * 1_700_000, " " * 5_000_000]
    x = embed(texts, EmbedConfig(encoder=name))
    assert time.monotonic() - began < 10
    assert np.isfinite(x).all()


@needs_minilm
def test_half_precision_is_taken_only_where_it_comes_out_alike(monkeypatch: pytest.MonkeyPatch):
    texts = sentences(60)
    full = embed(texts, EmbedConfig(precision="full"))
    monkeypatch.setattr(embed_run, "TRIAL_LEAST", (0, 0))
    notes = []
    for least in (0.9999, 1.1):
        monkeypatch.setattr(embed_run, "LEAST_COSINE", least)
        steps = embed_steps(texts, EmbedConfig(), cache=None)
        notes.append(list(steps)[-1].note)
        assert (embed(texts) * full).sum(axis=1).min() > 0.9999
    if "are not faster" not in notes[0]:
        assert "in bfloat16; cosine" in notes[0]
        assert "the cosine fell" in notes[1]
        assert np.abs(embed(texts) - full).max() < 1e-6, "the trial that failed leaves no trace"


def test_batches_hold_equal_lengths_and_no_more_than_the_budget(counted: Counted):
    texts = ["a" * n + chr(98 + i) for n in (3, 9, 20) for i in range(10)]
    embed(texts, EmbedConfig(batch_tokens=50))
    assert sum(rows for rows, _ in counted.batches) == 30
    assert all(rows * length <= 50 for rows, length in counted.batches)
    assert counted.batches[0] == (2, 21), "the longest first"
    counted.batches.clear()
    embed(["same", "same ", "other"] * 50)
    assert counted.batches == [(1, 5), (1, 4)], "equal texts are encoded once"


def test_progress_goes_up_and_ends_whole(counted: Counted, tmp_path: Path):
    texts = [*sentences(50), "", *sentences(50)]
    seen = list(embed_steps(texts, EmbedConfig(batch_tokens=64), cache=tmp_path))
    encoding = [step for step in seen if step.stage == "encoding"]
    assert [step.done for step in encoding] == sorted(step.done for step in encoding)
    assert encoding[-1].done == 101
    assert encoding[-1].seconds_left == 0
    assert encoding[0].seconds_left >= 0
    assert seen[-1].stage == "whole"
    again = list(embed_steps(texts, EmbedConfig(), cache=tmp_path))
    assert [step.stage for step in again] == ["whole"], "the size of batches is not in the key"


def stop_after(steps: int, texts: list[str], cache: Path, config: EmbedConfig) -> None:
    job = embed_steps(texts, config, cache=cache)
    found = 0
    for step in job:
        found += step.stage == "encoding"
        if found == steps:
            break
    job.close()


@pytest.mark.parametrize("damage", ["nothing", "part", "plan", "strangers"])
def test_a_stopped_job_goes_on_where_it_was(counted: Counted, tmp_path: Path, damage: str):
    texts = sentences(120)
    config = EmbedConfig(batch_tokens=64, precision="full")
    whole = embed(texts, config)
    every = len(counted.batches)
    counted.batches.clear()
    stop_after(7, texts, tmp_path, config)
    assert len(counted.batches) == 7
    assert not list(tmp_path.glob("*.npy")), "nothing unfinished is taken for whole"
    (part,) = tmp_path.glob("*.part")
    files = sorted(part.glob("*.npy"))
    assert len(files) == 7
    left = every - 7
    if damage == "part":
        files[4].write_bytes(files[4].read_bytes()[:-4])
        left = every - 4
    elif damage == "plan":
        (part / "plan.json").write_text("{", "utf-8")
        left = every
    elif damage == "strangers":
        (part / "a-b-c.npy").write_bytes(b"x")
        (part / f".{files[0].name}.tmp").write_bytes(b"x")
    counted.batches.clear()
    assert np.array_equal(embed(texts, config, cache=tmp_path), whole)
    assert len(counted.batches) == left
    assert not part.exists()
    assert np.array_equal(embed(texts, config, cache=tmp_path), whole)


def test_two_jobs_of_one_thing_do_not_hinder_each_other(counted: Counted, tmp_path: Path):
    texts = sentences(60)
    config = EmbedConfig(batch_tokens=64)
    slow = embed_steps(texts, config, cache=tmp_path)
    while next(slow).stage != "encoding":
        pass
    whole = embed(texts, config, cache=tmp_path)
    assert list(slow)[-1].stage == "whole"
    assert np.array_equal(embed(texts, config, cache=tmp_path), whole)
    assert not list(tmp_path.glob("*.part"))


@needs_minilm
def test_a_stopped_job_of_a_real_encoder_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(embed_run, "TRIAL_LEAST", (0, 0))
    texts = sentences(80)
    whole = embed(texts, EmbedConfig(batch_tokens=64))
    stop_after(5, texts, tmp_path, EmbedConfig(batch_tokens=64))
    rest = embed_steps(texts, EmbedConfig(batch_tokens=64), cache=tmp_path)
    monkeypatch.setattr(embed_run, "LEAST_COSINE", 1.1)  # would choose otherwise now
    first = next(step for step in rest if step.stage == "encoding")
    assert first.done > 5
    list(rest)
    digest = texts_digest(texts)
    kept = cached_embeddings(EmbedConfig(), cache=tmp_path, data_digest=digest, rows=80)
    assert np.array_equal(kept, whole)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda array, about: array.write_bytes(b"damaged"),
        lambda array, about: flip(array),
        lambda array, about: array.unlink(),
        lambda array, about: about.unlink(),
        lambda array, about: about.write_text("{"),
        lambda array, about: about.write_text(json.dumps({**json.loads(about.read_text()), "key": "x"})),
    ],
)
def test_a_damaged_or_foreign_file_is_made_again(
    counted: Counted, tmp_path: Path, harm: Callable[[Path, Path], object]
):
    texts = Texts.pack(sentences(20))
    first = embed(texts, cache=tmp_path, data_digest="d")
    (array,), (about,) = tmp_path.glob("*.npy"), tmp_path.glob("*.json")
    harm(array, about)
    assert cached_embeddings(EmbedConfig(), cache=tmp_path, data_digest="d", rows=20) is None
    assert np.array_equal(embed(texts, cache=tmp_path, data_digest="d"), first)
    kept = cached_embeddings(EmbedConfig(), cache=tmp_path, data_digest="d", rows=20)
    assert np.array_equal(kept, first)


def test_what_matters_is_in_the_key():
    keys = {
        plan_job(config, digest, rows).key
        for config, digest, rows in (
            (EmbedConfig(), "d", 5),
            (EmbedConfig(), "e", 5),
            (EmbedConfig(), "d", 6),
            (EmbedConfig(encoder="multilingual"), "d", 5),
            (EmbedConfig(most_tokens=64), "d", 5),
            (EmbedConfig(pooling="cls"), "d", 5),
            (EmbedConfig(normalize=False), "d", 5),
        )
    }
    assert len(keys) == 7
    for same in (EmbedConfig(batch_tokens=9), EmbedConfig(pooling="mean"), EmbedConfig(most_tokens=999)):
        assert plan_job(same, "d", 5).key == plan_job(EmbedConfig(), "d", 5).key
    assert texts_digest(["ab", "c"]) != texts_digest(["a", "bc"])


def test_kept_embeddings_are_listed_with_what_they_are(counted: Counted, tmp_path: Path):
    assert list_embeddings(tmp_path) == []
    folder = tmp_path / "embeddings"
    embed(sentences(5), cache=folder, data_digest="d")
    embed(sentences(9), cache=folder, data_digest="e")
    newest, oldest = list_embeddings(tmp_path)
    assert (newest["rows"], oldest["rows"]) == (9, 5)
    assert newest["title"] == "all-MiniLM-L6-v2"
    assert newest["data_digest"] == "e"
    assert newest["settings"]["most_tokens"] == 256
    (folder / f"{oldest['key']}.npy").write_bytes(b"short")
    (folder / "0123-minilm.npy").write_bytes(b"of an older version")
    assert [about["rows"] for about in list_embeddings(tmp_path)] == [9]


def test_no_texts_and_only_empty_ones(counted: Counted, tmp_path: Path):
    assert embed([], cache=tmp_path).shape == (0, 384)
    assert not embed(["", " "], cache=tmp_path).any()
    assert counted.batches == []


def test_numbers_that_are_not_finite_are_not_kept(counted: Counted, tmp_path: Path):
    counted.encode = lambda ids, lengths: np.full((len(ids), 384), np.nan, np.float32)
    with pytest.raises(DataError, match="not finite"):
        embed(["a"], cache=tmp_path)
    assert not list(tmp_path.glob("*.npy"))


def test_a_full_disk_is_an_error_and_leaves_nothing_whole(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, data: bytes, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(embed_store, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        embed(sentences(9), cache=tmp_path)
    monkeypatch.undo()
    assert list_embeddings(tmp_path.parent) == []
