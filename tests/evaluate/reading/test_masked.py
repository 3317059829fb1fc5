"""Masked models on a text: each place hidden by hand, gaps, and what stays text."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading import masked as masked_reading
from selfsup_core.evaluate.reading.attention import attention_of
from selfsup_core.evaluate.reading.masked import fill, read_masked
from selfsup_core.pretrained.loading import load_model
from tests.models.tiny import tiny_bert, tiny_gpt

TEXT = "the cat sat on the mat."


@pytest.fixture(scope="module", params=[True, False], ids=["marks", "no marks"])
def pair(request, tmp_path_factory):
    return load_model(tiny_bert(tmp_path_factory.mktemp("bert") / "bert", marks=request.param))


def by_hand(model, tokenizer, words: list[str], place: int) -> torch.Tensor:
    """P of each token at a place that is hidden, from a pass of its own."""
    ids = tokenizer.convert_tokens_to_ids(words)
    ids[place] = tokenizer.mask_token_id
    marks = tokenizer.cls_token_id is not None
    row = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id] if marks else ids
    with torch.inference_mode():
        return model(torch.tensor([row])).logits[0, place + marks].double().softmax(dim=0)


def test_each_token_is_hidden_in_turn(pair):
    """Salazar et al.: the sum over the places of ln P(token | all others)."""
    model, tokenizer = pair
    words = ["the", "cat", "sat", "on", "the", "mat", "."]
    reading = read_masked(model, tokenizer, TEXT)
    assert reading.pieces == words
    expected = []
    for place, word in enumerate(words):
        p = by_hand(model, tokenizer, words, place)
        assert float(p.sum()) == pytest.approx(1.0)
        expected.append(float(p[tokenizer.convert_tokens_to_ids(word)].log()))
    assert reading.log_p.tolist() == pytest.approx(expected, abs=1e-4)
    summary = reading.summary()
    assert summary["log_probability"] == pytest.approx(sum(expected), abs=1e-3)
    assert summary["perplexity"] == pytest.approx(np.exp(-sum(expected) / 7), rel=1e-4)
    assert summary["bits_per_character"] == pytest.approx(-sum(expected) / np.log(2) / len(TEXT), rel=1e-4)


def test_it_does_not_matter_how_places_are_batched(pair, monkeypatch):
    whole = read_masked(*pair, TEXT).log_p
    monkeypatch.setattr(masked_reading, "BATCH_TOKENS", 1)
    assert read_masked(*pair, TEXT).log_p == pytest.approx(whole, abs=1e-5)


def test_a_gap_has_guesses_but_no_probability(pair):
    model, tokenizer = pair
    reading = read_masked(model, tokenizer, "the [MASK] sat")
    assert reading.pieces == ["the", "[MASK]", "sat"]
    assert np.isnan(reading.log_p).tolist() == [False, True, False]
    p = by_hand(model, tokenizer, ["the", "[MASK]", "sat"], 1)
    assert reading.alternatives[1][0][1] == pytest.approx(float(p.max()), abs=1e-5)
    place, rows = fill(model, tokenizer, "the [MASK] sat", top_k=2)
    assert place == 1
    assert rows[0][1] == pytest.approx(float(p.max()), abs=1e-5)
    assert [q > 0 for _, _, q in rows[:3]] == [True, True, False]
    assert reading.summary()["tokens"] == 2


def test_other_control_tokens_stay_text(pair):
    model, tokenizer = pair
    pieces = read_masked(model, tokenizer, "the [SEP] cat [PAD]").pieces
    assert "[SEP]" not in pieces
    assert "[PAD]" not in pieces


def test_a_place_that_is_not_there_and_nothing_to_read(pair):
    with pytest.raises(SettingError, match="place must be at least 0 and less than 3; found 3"):
        fill(*pair, "the cat sat", place=3)
    assert fill(*pair, "the cat sat")[0] == 2, "without a gap the last token is hidden"
    for text in ("", "  "):
        with pytest.raises(DataError, match="no text to read"):
            read_masked(*pair, text)


def test_a_long_text_is_cut_and_it_is_said(pair):
    reading = read_masked(*pair, "the cat sat on the mat. " * 2000)
    assert len(reading.pieces) <= 40
    assert "The first" in reading.note


def test_attention_looks_both_ways(pair):
    _, weights = attention_of(*pair, TEXT, layer=0, head=1)
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.triu(weights, 1).max() > 0


def test_a_tokenizer_without_a_gap_is_said(pair, tmp_path):
    _, tokenizer = load_model(tiny_gpt(tmp_path / "gpt"))
    with pytest.raises(DataError, match="no mask token"):
        read_masked(pair[0], tokenizer, "the")
