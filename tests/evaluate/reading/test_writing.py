"""Reading and writing with a tiny model: against transformers' own computation, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading.attention import attention_of
from selfsup_core.evaluate.reading.characters import merge_square, whole_characters
from selfsup_core.evaluate.reading.encoding import encode
from selfsup_core.evaluate.reading.writing import go_on, predict_next, read_text, write_on
from selfsup_core.features.token_text import pieces_of, wholes_of
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


def test_each_token_is_predicted_from_what_is_before_it_alone(pair):
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


def test_without_a_token_for_the_beginning_the_first_one_is_not_predicted(without_start):
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
    with pytest.raises(DataError, match="no text to continue"):
        predict_next(*without_start, "")
    with pytest.raises(DataError, match="no text to continue"):
        go_on(*without_start, "")
    assert predict_next(*pair, ""), "a first token can be predicted where there is a token for it"


def test_a_text_longer_than_the_context_is_cut_and_goes_on(pair):
    model, tokenizer = pair
    long = "the cat sat on the mat. " * 40
    assert len(read_text(model, tokenizer, long).pieces) == 31
    assert go_on(model, tokenizer, long, tokens=3)
    assert predict_next(model, tokenizer, long)


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
    rows = predict_next(*pair, "the", top_k=2, count=6)
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
    assert predict_next(model, tokenizer, long)[0][0] == pieces_of(tokenizer, [int(logits.argmax())])[0]
    assert go_on(model, tokenizer, long, tokens=1, temperature=0.0) == best


def test_it_is_said_when_the_context_is_too_short(pair):
    note = read_text(*pair, "the cat sat on the mat. " * 40).note
    assert note.startswith("The first 31 of ")


def test_a_character_of_several_tokens_is_shown_whole(pair):
    model, tokenizer = pair
    text = "a 木🎉"
    reading = read_text(model, tokenizer, text)
    about = {
        "pieces": reading.pieces,
        "log_p": reading.log_p.tolist(),
        "alternatives": reading.alternatives,
        "spans": reading.spans,
        "wholes": reading.wholes,
    }
    shown = whole_characters(about)
    assert "".join(shown["pieces"]) == text
    assert any(piece.strip() == "木" for piece in shown["pieces"])
    assert "🎉" in shown["pieces"]
    assert sum(shown["log_p"]) == pytest.approx(reading.log_p.sum())
    assert [end for _, end in shown["spans"]][-1] == len(text)
    assert "\ufffd" not in "".join(reading.pieces), "a single token's bytes are named"
    assert reading.pieces[-1].startswith("<0x")


def test_bytes_that_are_no_character_stay_tokens_of_their_own(pair):
    _, tokenizer = pair
    ids = tokenizer("木")["input_ids"]
    assert wholes_of(tokenizer, ids) == [(3, "木")]
    assert [count for count, _ in wholes_of(tokenizer, ids[:2])] == [1, 1], "cut off"
    assert wholes_of(tokenizer, []) == []


def test_attention_of_whole_characters_still_shares_all(pair):
    pieces, weights = attention_of(*pair, "木 the", layer=0, head=0)
    assert "木" in pieces
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    square = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
    assert merge_square(square, [2, 1]) == pytest.approx(np.array([[1.0, 0.0], [0.5, 0.5]]))


def test_what_is_written_is_told_piece_by_piece(pair):
    model, tokenizer = pair
    made = write_on(model, tokenizer, "the cat", tokens=6, temperature=0.0)
    assert made.text == go_on(model, tokenizer, "the cat", tokens=6, temperature=0.0)
    assert all(0 < p <= 1 for _, p in made.pieces)
    assert made.note == ""


@pytest.mark.parametrize("seed", range(12))
def test_no_character_is_left_half_written(pair, seed: int):
    made = write_on(*pair, "木木木", tokens=1, seed=seed, temperature=3.0, top_p=1.0)
    assert not made.text.endswith("\ufffd")


def test_writing_beyond_the_context_says_so(pair):
    note = write_on(*pair, "the dog", tokens=60, seed=1).note
    assert note.startswith("The model reads 32 tokens at once")
