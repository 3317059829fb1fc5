"""Reading and writing with a tiny model: against transformers' own computation, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading.attention import attention_of
from selfsup_core.evaluate.reading.encoding import encode
from selfsup_core.evaluate.reading.writing import foretell, go_on, read_text
from selfsup_core.pretrained.language_models import load_causal
from tests.models.tiny import tiny_gpt


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return load_causal(tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt"))


@pytest.fixture(scope="module")
def without_start(tmp_path_factory):
    return load_causal(tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt", start=None))


def by_hand(model, ids: list[int]) -> list[float]:
    """ln P of tokens 1 …, each from a pass of its own over what comes before it."""
    found = []
    with torch.inference_mode():
        for i in range(1, len(ids)):
            logits = model(torch.tensor([ids[:i]])).logits[0, -1].double()
            found.append(float(logits.log_softmax(dim=0)[ids[i]]))
    return found


def test_each_token_is_foretold_from_what_is_before_it_alone(pair):
    model, tokenizer = pair
    text = "the cat sat on the log."
    reading = read_text(model, tokenizer, text)
    ids = [tokenizer.bos_token_id, *tokenizer(text)["input_ids"]]
    assert reading.log_p.tolist() == pytest.approx(by_hand(model, ids), abs=1e-4)
    assert "".join(reading.pieces) == text
    summary = reading.summary()
    assert summary["log_probability"] == pytest.approx(reading.log_p.sum())
    assert np.exp(reading.log_p).prod() == pytest.approx(np.exp(summary["log_probability"]))
    assert summary["bits_per_character"] == pytest.approx(-reading.log_p.sum() / np.log(2) / len(text))
    for others in reading.alternatives:
        p = [q for _, q in others]
        assert p == sorted(p, reverse=True)
        assert sum(p) <= 1 + 1e-6


def test_without_a_token_for_the_beginning_the_first_one_is_not_foretold(without_start):
    model, tokenizer = without_start
    reading = read_text(model, tokenizer, "the cat sat")
    assert np.isnan(reading.log_p[0])
    assert reading.log_p[1:].tolist() == pytest.approx(
        by_hand(model, tokenizer("the cat sat")["input_ids"]), abs=1e-4
    )
    assert reading.summary()["tokens"] == len(reading.pieces) - 1
    single = read_text(model, tokenizer, "the").summary()
    assert single["log_probability"] is None
    assert single["perplexity"] is None


def test_nothing_to_read(pair, without_start):
    with pytest.raises(DataError, match="no text to read"):
        read_text(*pair, "")
    with pytest.raises(DataError, match="no text to go on from"):
        foretell(*without_start, "")
    with pytest.raises(DataError, match="no text to go on from"):
        go_on(*without_start, "")
    assert foretell(*pair, ""), "a beginning can be foretold where there is a token for it"


def test_a_text_longer_than_the_context_is_cut_and_goes_on(pair):
    model, tokenizer = pair
    long = "the cat sat on the mat. " * 40
    assert len(read_text(model, tokenizer, long).pieces) == 31
    assert go_on(model, tokenizer, long, tokens=3)
    assert foretell(model, tokenizer, long)


def test_writing_is_the_same_for_a_seed_and_greedy_at_temperature_0(pair):
    model, tokenizer = pair
    assert go_on(model, tokenizer, "a cat", seed=4) == go_on(model, tokenizer, "a cat", seed=4)
    assert len({go_on(model, tokenizer, "a cat", seed=s) for s in range(6)}) > 1
    ids = [tokenizer.bos_token_id, *tokenizer("a cat")["input_ids"]]
    expected: list[int] = []
    with torch.inference_mode():
        for _ in range(5):
            logits = model(torch.tensor([[*ids, *expected]])).logits[0, -1]
            expected.append(int(logits.argmax()))
    if tokenizer.eos_token_id in expected:
        expected = expected[: expected.index(tokenizer.eos_token_id)]
    made = go_on(model, tokenizer, "a cat", tokens=5, temperature=0.0)
    assert made == tokenizer.decode(expected, skip_special_tokens=True)


def test_writing_goes_on_past_the_context(pair):
    made = go_on(*pair, "the dog", tokens=60, seed=1)
    assert len(pair[1](made)["input_ids"]) > 32


def test_reshaping_shows_what_is_cut_off(pair):
    rows = foretell(*pair, "the", top_k=2, count=6)
    assert [q > 0 for _, _, q in rows] == [True, True, False, False, False, False]
    assert sum(q for _, _, q in rows) == pytest.approx(1.0)
    assert all(p > 0 for _, p, _ in rows)


def test_characters_of_several_tokens(pair):
    reading = read_text(*pair, "木")
    assert len(reading.pieces) == 3, "three bytes"
    assert reading.characters == 1


def test_attention_is_what_the_model_computed_and_looks_back_only(pair):
    model, tokenizer = pair
    text = "the cat sat on the mat"
    pieces, weights = attention_of(model, tokenizer, text, layer=1, head=0)
    assert weights.shape == (len(pieces), len(pieces))
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.triu(weights, 1).max() == 0, "nothing is seen before it is there"
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(text)["input_ids"]]])
    seen = []
    block = model.transformer.h[1]
    hook = block.ln_1.register_forward_hook(lambda _, __, out: seen.append(out))
    with torch.inference_mode():
        model(ids)
        q, k, _ = block.attn.c_attn(seen[0]).split(16, dim=2)
        scores = (q[0, :, :8] @ k[0, :, :8].T) / 8**0.5
        future = torch.ones(len(pieces), len(pieces)).triu(1).bool()
        expected = scores.masked_fill(future, -torch.inf).softmax(dim=-1)
    hook.remove()
    assert weights == pytest.approx(expected.numpy(), abs=1e-5)
    assert model.config._attn_implementation != "eager", "put back as it was"


def test_a_head_that_is_not_there(pair):
    with pytest.raises(SettingError, match="layer must be at least 0 and less than 2; found 2"):
        attention_of(*pair, "the", layer=2, head=0)
    with pytest.raises(SettingError, match="head must be at least 0 and less than 2"):
        attention_of(*pair, "the", layer=0, head=5)


def test_of_a_long_text_the_beginning_is_read_and_the_end_goes_on(pair, monkeypatch):
    model, tokenizer = pair
    monkeypatch.setattr(encode, "__kwdefaults__", {"most": 6, "from_end": False})
    long = "the cat sat on the mat. a dog"
    reading = read_text(model, tokenizer, long)
    assert long.startswith("".join(reading.pieces))
    assert reading.note.startswith("The first 5 of ")
    ids = tokenizer(long)["input_ids"][-5:]
    with torch.inference_mode():
        logits = model(torch.tensor([[tokenizer.bos_token_id, *ids]])).logits[0, -1]
    best = tokenizer.decode([int(logits.argmax())])
    assert foretell(model, tokenizer, long)[0][0] == best.replace("\ufffd", "⍰")
    assert go_on(model, tokenizer, long, tokens=1, temperature=0.0) == best


def test_it_is_said_when_the_context_is_too_short(pair):
    note = read_text(*pair, "the cat sat on the mat. " * 40).note
    assert note.startswith("The first 31 of ")
