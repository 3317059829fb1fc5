"""Tokens of texts: control tokens that somebody typed stay text, cuts, padding to the longest of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer

from selfsup_core.features.config import DataConfig
from selfsup_core.tasks.parts.classify_inputs import TextInputs, make_encoder, pad_tokens
from tests.models.tiny import tiny_bert, tiny_gpt
from tests.tasks.classify_helpers import make_pets


def test_control_tokens_in_a_text_stay_text(tmp_path: Path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert(tmp_path / "bert"))
    mask = tokenizer.mask_token_id
    encode = make_encoder(tokenizer, 20, 0)
    (found,) = encode(["the [MASK] sat"])
    assert mask not in found
    pieces = tokenizer.convert_ids_to_tokens(found)
    assert [p for p in pieces if p not in ("[CLS]", "[SEP]")] == ["the", "[", "[UNK]", "]", "sat"]
    gpt = AutoTokenizer.from_pretrained(tiny_gpt(tmp_path / "gpt"))
    (found,) = make_encoder(gpt, 20, 0)(["a </s> b"])
    assert gpt.eos_token_id not in found


def test_cuts_and_empty_texts(tmp_path: Path):
    gpt = AutoTokenizer.from_pretrained(tiny_gpt(tmp_path / "gpt"))
    short, empty, long = make_encoder(gpt, 8, 3)(["the cat", "", "the cat sat on " * 1000])
    assert empty.tolist() == [3], "one token, so that there is something to pool"
    assert len(long) == 8
    tokens, mask = pad_tokens([short, empty, long], 3)
    assert tokens.shape == mask.shape == (3, 8)
    assert mask.sum(axis=1).tolist() == [len(short), 1, 8]


def test_a_batch_is_padded_to_its_longest_text(workspace: Path, tmp_path: Path):
    dataset = make_pets(workspace)
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert(tmp_path / "bert"))
    inputs = TextInputs(dataset, DataConfig(source="my-pets"), "cpu", tokenizer=tokenizer, most=10, padding=0)
    inputs.add(np.arange(0, 60))
    inputs.add(np.arange(40, 90))
    assert len(inputs.ids) == 90, "no text twice"
    order = inputs.order(np.arange(90))
    assert (np.diff(inputs.lengths[inputs.place[order]]) >= 0).all()
    encode = make_encoder(tokenizer, 10, 0)
    for rows in ([order[0]], [order[0], order[-1]], [3, 50, 89]):
        batch = inputs.x(torch.tensor([int(r) for r in rows]))
        expected = encode([dataset.x[int(r)] for r in rows])
        assert batch.ids.shape[1] == max(len(one) for one in expected)
        for ids, mask, one in zip(batch.ids, batch.mask, expected, strict=True):
            assert ids[mask.bool()].tolist() == one.tolist()
