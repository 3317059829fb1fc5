"""Transcripts read from probabilities of letters, beside slow references: every path, every transcript."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from selfsup_core.evaluate.reading.transcribing import (
    align,
    hear,
    read,
    read_greedily,
    search_prefixes,
    sureness,
)
from selfsup_core.models.modules.transcriber import Heard, Transcriber
from selfsup_core.objectives.ctc import Clips, ctc_loss

FRAMES, TOKENS = 5, 3  # two letters and the blank


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path reads as: repeats merged, then blanks left out."""
    merged = [one for place, one in enumerate(path) if place == 0 or path[place - 1] != one]
    return tuple(one for one in merged if one)


def every_transcript(log_p: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability of each transcript, summed over all of its paths."""
    found: dict[tuple[int, ...], float] = {}
    for path in product(range(log_p.shape[1]), repeat=len(log_p)):
        share = float(np.exp(sum(row[token] for row, token in zip(log_p, path, strict=True))))
        found[collapse(path)] = found.get(collapse(path), 0.0) + share
    return found


def drawn(seed: int, frames: int = FRAMES, sharpness: float = 1.5) -> np.ndarray:
    logits = sharpness * np.random.default_rng(seed).standard_normal((frames, TOKENS))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_the_loss_is_the_sum_over_all_alignments():
    for seed, transcript in enumerate([(1,), (1, 2), (1, 1), (2, 1, 2), (1, 1, 1)]):
        log_p = drawn(seed)
        heard = Heard(torch.from_numpy(log_p)[None], torch.tensor([FRAMES]), torch.zeros(1))
        letters = torch.tensor([[*transcript, 0, 0]])
        batch = Clips(torch.zeros(1), torch.tensor([FRAMES]), letters, torch.tensor([len(transcript)]))
        wanted = -np.log(every_transcript(log_p)[transcript]) / len(transcript)
        assert float(ctc_loss(heard, batch)) == pytest.approx(wanted, rel=1e-5)


def test_a_transcript_longer_than_its_clip_counts_nothing():
    log_p = torch.from_numpy(drawn(0, frames=2))[None].requires_grad_()
    batch = Clips(torch.zeros(1), torch.tensor([2]), torch.tensor([[1, 1, 2]]), torch.tensor([3]))
    loss = ctc_loss(Heard(log_p, torch.tensor([2]), torch.zeros(1)), batch)
    loss.backward()
    assert float(loss) == 0
    assert torch.isfinite(log_p.grad).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_wide_beam_finds_the_likeliest_transcript_of_all(seed):
    log_p = drawn(seed)
    every = every_transcript(log_p)
    assert sum(every.values()) == pytest.approx(1)
    best = max(every, key=every.get)
    tokens, score = search_prefixes(log_p, beam=200)
    assert (tuple(tokens), np.exp(score)) == (best, pytest.approx(every[best]))
    # A narrow beam may miss it, and never gives a transcript more than its probability.
    for beam in (1, 2, 4):
        tokens, score = search_prefixes(log_p, beam=beam)
        assert np.exp(score) <= every[tuple(tokens)] + 1e-9


def test_the_likeliest_path_is_not_always_the_likeliest_transcript():
    # The classic case: blank, blank is the likeliest path, and yet "a" is likelier than nothing.
    log_p = np.log(np.array([[0.6, 0.4, 1e-9], [0.6, 0.4, 1e-9]]))
    assert read_greedily(log_p) == read(log_p, 1) == []
    assert read(log_p, 4) == [1]


def test_letters_stand_where_they_are_heard():
    path = [0, 1, 1, 0, 1, 2, 2, 2, 0]
    log_p = np.log(np.full((len(path), TOKENS), 0.05) + 0.85 * np.eye(TOKENS)[path])
    assert [(one.token, one.start, one.end) for one in align(log_p)] == [(1, 1, 3), (1, 4, 5), (2, 5, 8)]
    assert all(one.probability == pytest.approx(0.9) for one in align(log_p))
    assert np.exp(sureness(log_p)) == pytest.approx(0.9)
    assert align(np.log(np.full((3, 2), [0.9, 0.1]))) == []


def test_a_long_clip_keeps_its_probability_within_what_numbers_hold():
    log_p = np.tile(drawn(3, frames=50), (40, 1))
    tokens, score = search_prefixes(log_p, beam=4)
    assert len(tokens) > 100
    assert np.isfinite(score)


def test_neighbors_in_a_batch_change_nothing():
    torch.manual_seed(0)
    network = Transcriber(8, 5, width=12, layers=2, dropout=0.3, stride=2).train()
    frames = torch.tensor([3, 17, 40, 1])
    x = torch.rand(4, 8, 40)
    together, codes = hear(network, x, frames)
    assert network.training, "it goes on as it was"
    for row, size in enumerate(frames.tolist()):
        alone, code = hear(network, x[row : row + 1, :, :size], frames[row : row + 1])
        assert together[row].shape == ((size + 1) // 2, 5)
        assert np.allclose(together[row], alone[0], atol=1e-5)
        assert torch.allclose(codes[row], code[0], atol=1e-5)
        assert np.allclose(np.exp(together[row]).sum(axis=1), 1, atol=1e-5)
