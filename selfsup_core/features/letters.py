"""Transcripts as letters: the alphabet is what the known transcripts are written in; token 0 is the blank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Letters:
    """alphabet: letter of token 1, 2, …; a space is one of them where there are several words."""

    alphabet: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Letters:
        return cls(tuple(sorted({letter for text in texts for letter in text})))

    @property
    def size(self) -> int:
        """Tokens, the blank included."""
        return len(self.alphabet) + 1

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(N, S) tokens, 0 behind the end; letters that are not in the alphabet are left out."""
        token = {letter: place for place, letter in enumerate(self.alphabet, 1)}
        rows = [[token[letter] for letter in text if letter in token] for text in texts]
        found = np.zeros((len(rows), max((len(row) for row in rows), default=0) or 1), np.int64)
        for place, row in enumerate(rows):
            found[place, : len(row)] = row
        return torch.from_numpy(found)

    def decode(self, tokens: Iterable[int]) -> str:
        """Blanks are left out, and spaces that part nothing."""
        return " ".join("".join(self.alphabet[token - 1] for token in tokens if token > 0).split())
