"""Questions with their passages as tokens: [CLS] question [SEP] passage [SEP], in windows that overlap where
a passage is long.

A token knows which characters of the passage it stands for, so that an answer is cut from the passage as it
is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from selfsup_core.pretrained.span_reader import stand_in

CLS, SEP, UNKNOWN = 101, 102, 100  # BERT's own
MOST_QUESTION = 0.4  # share of a window
MOST_LETTERS = 2000  # of a question


@dataclass(frozen=True)
class Read:
    """A passage with a question.

    Attributes:
        question: its tokens. tokens: (S,) of the passage. spans: (S, 2) characters [start, end) of each.
        starts: first token of each window of the passage. size: tokens of the passage in a window.
    """

    question: list[int]
    tokens: np.ndarray
    spans: np.ndarray
    starts: tuple[int, ...]
    size: int

    @property
    def length(self) -> int:
        """Tokens of a window, at most."""
        return len(self.question) + min(self.size, len(self.tokens)) + 3

    @property
    def head(self) -> int:
        """Tokens before the passage."""
        return len(self.question) + 2

    def window_of(self, token: int) -> int:
        """The window in which a token has most around it on both sides."""
        around = [min(token - start, start + self.size - 1 - token) for start in self.starts]
        return int(np.argmax(around))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Characters [start, end) → the first and the last token of them."""
        inside = np.flatnonzero((self.spans[:, 1] > start) & (self.spans[:, 0] < end))
        return (int(inside[0]), int(inside[-1])) if len(inside) else (0, 0)

    def cut(self, passage: str, first: int, last: int) -> str:
        """The text of tokens first … last."""
        return passage[int(self.spans[first, 0]) : int(self.spans[last, 1])]


@dataclass(frozen=True)
class Windows:
    """(W, T) tokens, 1 for those of the passage, and 1 for what is there."""

    ids: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor


class Reading:
    """Turns questions and passages into tokens.

    Args:
        backend: of a fast BERT tokenizer. most: tokens of a window.
    """

    def __init__(self, backend: Any, most: int) -> None:
        self.backend, self.most = backend, most
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True  # a "[SEP]" in someone's text is five letters

    def read(self, questions: Sequence[str], passages: Sequence[str]) -> list[Read]:
        """Passages without any token, as "", get one that stands for nothing."""
        asked = self.backend.encode_batch(
            [text[:MOST_LETTERS] for text in questions], add_special_tokens=False
        )
        known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for text in dict.fromkeys(passages):
            known[text] = self._tokens(text)
        found = []
        for one, question, passage in zip(asked, questions, passages, strict=True):
            tokens, spans = known[passage]
            own = with_stand_ins(one.ids, one.offsets, question)[: int(MOST_QUESTION * self.most)]
            size = self.most - len(own) - 3
            last = max(0, len(tokens) - size)
            starts = (*range(0, last, max(1, size // 2)), last)
            found.append(Read(own, tokens, spans, starts, size))
        return found

    def _tokens(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        one = self.backend.encode(text, add_special_tokens=False)
        ids = with_stand_ins(one.ids, one.offsets, text) or [UNKNOWN]
        spans = np.array(one.offsets or [(0, 0)], np.int64).reshape(-1, 2)
        return np.array(ids, np.int64), spans


def with_stand_ins(ids: Sequence[int], offsets: Sequence[tuple[int, int]], text: str) -> list[int]:
    """The tokens, with one of a thousand stand-ins for each character that the vocabulary lacks."""
    return [
        stand_in(ord(text[start])) if token == UNKNOWN and end > start else token
        for token, (start, end) in zip(ids, offsets, strict=True)
    ]


def windows_of(read: Sequence[tuple[Read, int]], width: int) -> Windows:
    """(read, number of the window) → tokens, filled up to `width`."""
    ids = np.zeros((len(read), width), np.int64)
    types, mask = ids.copy(), ids.copy()
    for row, (one, window) in enumerate(read):
        start = one.starts[window]
        part = one.tokens[start : start + one.size]
        line = [CLS, *one.question, SEP, *part.tolist(), SEP]
        ids[row, : len(line)] = line
        types[row, one.head : len(line)] = 1
        mask[row, : len(line)] = 1
    return Windows(torch.from_numpy(ids), torch.from_numpy(types), torch.from_numpy(mask))
