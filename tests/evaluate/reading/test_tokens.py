"""Probabilities of tokens: by hand on three words, against transformers' own loss, and what reshaping must
keep.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.evaluate.reading.tokens import (
    bits_per_character,
    conditional_log_probabilities,
    perplexity,
    reshape_distribution,
)

LOGITS = st.lists(st.floats(-20, 20), min_size=2, max_size=30)


def test_three_words_by_hand():
    """After the first word P = ½, after the second P = ⅛: ∏ = 1/16, perplexity 4, 4 bits."""
    first = torch.tensor([0.5, 0.25, 0.25]).log()
    second = torch.tensor([0.125, 0.375, 0.5]).log()
    logits = torch.stack([first, second, torch.zeros(3)])
    log_p = conditional_log_probabilities(logits, torch.tensor([2, 0, 0]))
    assert log_p.exp().tolist() == pytest.approx([0.5, 0.125])
    assert float(log_p.sum().exp()) == pytest.approx(1 / 16)
    assert perplexity(log_p) == pytest.approx(4.0)
    assert bits_per_character(log_p, 8) == pytest.approx(0.5)


def test_it_is_the_loss_of_transformers():
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(config).eval()
    ids = torch.randint(0, 50, (12,))
    with torch.inference_mode():
        out = model(ids[None], labels=ids[None])
    log_p = conditional_log_probabilities(out.logits[0], ids)
    assert -float(log_p.mean()) == pytest.approx(float(out.loss), abs=1e-6)
    assert perplexity(log_p) == pytest.approx(math.exp(float(out.loss)), rel=1e-5)


def test_nothing_to_predict():
    nothing = conditional_log_probabilities(torch.zeros(1, 4), torch.tensor([1]))
    assert len(nothing) == 0
    assert perplexity(nothing) == math.inf
    assert bits_per_character(nothing, 0) == math.inf


@settings(max_examples=80, deadline=None)
@given(LOGITS, st.floats(0.05, 5), st.integers(0, 40), st.floats(0.01, 1))
def test_reshaped_distributions(values, temperature, top_k, top_p):
    logits = torch.tensor(values)
    p = reshape_distribution(logits, temperature=temperature, top_k=top_k, top_p=top_p)
    whole = (logits.double() / temperature).softmax(dim=0)
    assert float(p.sum()) == pytest.approx(1.0)
    assert (p >= 0).all()
    stays = p > 0
    assert whole[stays].max() == whole.max(), "a most likely one stays"
    if top_k:
        assert int(stays.sum()) <= top_k
    ratio = p[stays] / whole[stays]
    assert torch.allclose(ratio, ratio[0].expand_as(ratio)), "what stays keeps its proportions"
    if not stays.all():
        assert whole[~stays].max() <= whole[stays].min(), "the most likely ones stay"


def test_top_p_takes_the_fewest():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert (reshape_distribution(logits, top_p=0.5) > 0).tolist() == [True, False, False, False]
    assert (reshape_distribution(logits, top_p=0.51) > 0).tolist() == [True, True, False, False]
    assert (reshape_distribution(logits, top_p=0.01) > 0).tolist() == [True, False, False, False]
    both = reshape_distribution(logits, top_k=3, top_p=0.9)
    assert both.tolist() == pytest.approx([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0])


def test_temperature():
    logits = torch.tensor([2.0, 1.0, 0.0])
    assert reshape_distribution(logits, temperature=0).tolist() == [1.0, 0.0, 0.0]
    assert torch.allclose(reshape_distribution(logits), logits.double().softmax(dim=0))
    cold = reshape_distribution(logits, temperature=0.5)
    assert cold.tolist() == pytest.approx((logits.double() * 2).softmax(dim=0).tolist())
