"""How an answer is read from the probabilities of its start and end: the likeliest span.

Of a passage in several windows each token counts in the one where it has most around it, as in BERT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from selfsup_core.evaluate.reading.translating import looking_at
from selfsup_core.features.windows import Read, windows_of

MOST_TOKENS = 15  # of an answer, as in the pipeline of transformers
ROWS = 32  # windows that are read at once


@dataclass(frozen=True)
class Pointed:
    """(S,) probability that the answer starts, and ends, at each token of the passage."""

    start: np.ndarray
    end: np.ndarray


@dataclass(frozen=True)
class Span:
    """The first and the last token, and P(start) · P(end)."""

    first: int
    last: int
    probability: float


def read_states(
    network: nn.Module, read: Sequence[tuple[Read, int]], width: int, device: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(W, T, D) of the layers that are not trained, (W, T) what is there, (W, T) what is of the passage."""
    windows = windows_of(read, width)
    ids, types, mask = (one.to(device) for one in (windows.ids, windows.types, windows.mask))
    states = []
    with torch.no_grad():
        for start in range(0, len(ids), ROWS):
            rows = slice(start, start + ROWS)
            states.append(network.below(ids[rows], types[rows], mask[rows]).float())  # type: ignore[operator]
    # The last [SEP] is of the passage's type, but no answer.
    is_last = torch.nn.functional.pad(mask[:, 1:], (0, 1)) == 0
    return torch.cat(states), mask.bool(), (types == 1) & mask.bool() & ~is_last


def point(
    network: nn.Module,
    read: Sequence[Read],
    states: torch.Tensor,
    mask: torch.Tensor,
    is_passage: torch.Tensor,
) -> tuple[list[Pointed], np.ndarray]:
    """Where each answer may start and end, and (N, D) the code of each question with its passage.

    Args:
        states, mask, is_passage: of all windows of all rows, one row after the other.
    """
    logits, codes = [], []
    with looking_at(network):
        for start in range(0, len(states), ROWS):
            rows = slice(start, start + ROWS)
            above = network.above(states[rows], mask[rows])  # type: ignore[operator]
            logits.append(network.ends(above).float().cpu().numpy())  # type: ignore[operator]
            codes.append(above[:, 0].float().cpu().numpy())
    found, first = [], 0
    whole, code = np.concatenate(logits), np.concatenate(codes)
    firsts = []
    for one in read:
        found.append(put_together(one, whole[first : first + len(one.starts)]))
        firsts.append(first)
        first += len(one.starts)
    return found, code[firsts]


def put_together(read: Read, logits: np.ndarray) -> Pointed:
    """(windows, T, 2) → probabilities over the tokens of the whole passage."""
    size = len(read.tokens)
    merged = np.empty((size, 2))
    if len(read.starts) == 1:
        merged = logits[0, read.head : read.head + size].astype(np.float64)
    else:
        for token in range(size):
            window = read.window_of(token)
            merged[token] = logits[window, read.head + token - read.starts[window]]
    powers = np.exp(merged - merged.max(axis=0))
    shares = powers / powers.sum(axis=0)
    return Pointed(shares[:, 0], shares[:, 1])


def best_spans(pointed: Pointed, count: int = 1) -> list[Span]:
    """The likeliest spans of at most `MOST_TOKENS` tokens, none within another one that is likelier."""
    size = len(pointed.start)
    width = min(MOST_TOKENS, size)
    ends = np.pad(pointed.end, (0, width))
    both = pointed.start[:, None] * np.lib.stride_tricks.sliding_window_view(ends, width)[:size]
    found: list[Span] = []
    for place in np.argsort(-both, axis=None, kind="stable"):
        first, further = divmod(int(place), width)
        last, probability = first + further, float(both[first, further])
        if len(found) == count or (found and probability <= 0):
            break
        if last < size and all(last < one.first or first > one.last for one in found):
            found.append(Span(first, last, probability))
    return found
