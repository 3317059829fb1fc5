"""Decoders of a translator against slow references, on vocabularies small enough to try everything."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional

from selfsup_core.evaluate.reading.translating import END, attend, padded, search, write, write_rows
from selfsup_core.models import MODELS
from selfsup_core.models.translator import TranslatorConfig

SIZE, MOST = 6, 4  # END, four words, and the token before a sentence
PAD = SIZE - 1
SOURCES = torch.tensor([[1, 2, 3, END], [4, END, PAD, PAD], [2, 2, END, PAD]])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    made = MODELS["translator"].build(TranslatorConfig(layers=1, heads=2, width=16), (SIZE,))
    for parameter in made.parameters():  # far from even, so that sentences differ in score
        parameter.data *= 3
    return made.eval().requires_grad_(False)


def log_p_of(network, source: torch.Tensor, sentence: list[int]) -> torch.Tensor:
    """(T,) of each token, by one pass over the whole sentence; never the token before a sentence."""
    before = torch.tensor([[PAD, *sentence[:-1]]])
    with torch.inference_mode():
        logits = (
            network(
                input_ids=source[None], attention_mask=source.ne(PAD).long()[None], decoder_input_ids=before
            )
            .logits[0]
            .clone()
        )
        logits[:, PAD] = -torch.inf
    return functional.log_softmax(logits, dim=1)[torch.arange(len(sentence)), torch.tensor(sentence)]


def all_sentences():
    for length in range(MOST):
        for words in itertools.product(range(1, PAD), repeat=length):
            yield [*words, END]


def test_a_beam_as_wide_as_there_are_translations_finds_the_best_one(network):
    found = search(network, SOURCES, most=MOST, beam=4**MOST)
    narrow = search(network, SOURCES, most=MOST, beam=2)
    for place, source in enumerate(SOURCES):
        scores = {tuple(s): float(log_p_of(network, source, s).mean()) for s in all_sentences()}
        best = max(scores, key=scores.__getitem__)
        assert found.tokens[place][: len(best)].tolist() == list(best)
        assert float(found.score[place]) == pytest.approx(scores[best], abs=1e-5)
        assert float(narrow.score[place]) <= float(found.score[place]) + 1e-6
        own = [t for t in narrow.tokens[place].tolist() if t != PAD]
        assert float(narrow.score[place]) == pytest.approx(scores[tuple(own)], abs=1e-5)


def test_the_likeliest_token_each_time(network):
    found = write(network, SOURCES, most=MOST)
    for place, source in enumerate(SOURCES):
        sentence: list[int] = []
        while len(sentence) < MOST and (not sentence or sentence[-1] != END):
            tried = {t: float(log_p_of(network, source, [*sentence, t])[-1]) for t in range(PAD)}
            sentence.append(max(tried, key=tried.__getitem__))
        assert [t for t in found.tokens[place].tolist() if t != PAD] == sentence
        mean = float(log_p_of(network, source, sentence).mean())
        assert float(found.score[place]) == pytest.approx(mean, abs=1e-5)


def test_drawn_tokens_come_as_often_as_their_probability_says(network):
    many = SOURCES[:1].repeat(4000, 1)
    found = write_rows(network, many, most=MOST, generator=torch.Generator().manual_seed(0))
    again = write_rows(network, many, most=MOST, generator=torch.Generator().manual_seed(0))
    assert torch.equal(found.tokens, again.tokens)
    firsts = torch.bincount(found.tokens[:, 0], minlength=PAD)[:PAD] / len(many)
    wanted = torch.tensor([float(log_p_of(network, SOURCES[0], [t])[0].exp()) for t in range(PAD)])
    assert float((firsts - wanted).abs().max()) < 4 * 0.5 / len(many) ** 0.5
    one = [t for t in found.tokens[0].tolist() if t != PAD]
    assert float(found.score[0]) == pytest.approx(float(log_p_of(network, SOURCES[0], one).mean()), abs=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_a_sentence_is_translated_alike_whatever_stands_beside_it(network, beam):
    together = write_rows(network, SOURCES, most=MOST, beam=beam)
    for place, source in enumerate(SOURCES):
        alone = write_rows(network, padded(source[None], PAD), most=MOST, beam=beam)
        assert padded(together.tokens[place : place + 1], PAD).tolist() == alone.tokens.tolist()
        assert float(together.score[place]) == pytest.approx(float(alone.score[0]), abs=1e-5)


def test_attention_is_of_the_sentence_and_a_look_leaves_training_on(network):
    network.train()
    weights = attend(network, SOURCES[:1], torch.tensor([[1, 2, END]]))
    assert weights.shape == (3, 4)
    assert torch.allclose(weights.sum(dim=1), torch.ones(3), atol=1e-5)
    write_rows(network, SOURCES, most=MOST)
    assert network.training
    network.eval()
