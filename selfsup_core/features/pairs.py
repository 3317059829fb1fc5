"""Sentence pairs as tokens: one byte-pair encoding over both languages, made from what training may see
alone.

Tokens are those of the tokenizer, 0 the end of a sentence, and one more that stands before a sentence and
fills short ones up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from selfsup_core.features.pair_rows import MOST_LETTERS, Sentences
from selfsup_core.features.tokenizers import TextTokenizer, make_tokenizer
from selfsup_core.translation import tr
from selfsup_core.wording import counted

END = 0


class PairTokens:
    """Turns sentences into rows of tokens and back.

    Args:
        longest: tokens of a row, the end included; longer sentences are cut.
    """

    def __init__(self, tokenizer: TextTokenizer, longest: int) -> None:
        self.tokenizer, self.longest = tokenizer, longest
        self.pad = tokenizer.size
        self.size = tokenizer.size + 1

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(N, T) int64, each sentence with its end."""
        rows = [self.tokenizer.encode(text[:MOST_LETTERS])[: self.longest - 1] for text in texts]
        width = max((len(row) for row in rows), default=0) + 1
        found = np.full((len(rows), width), self.pad, np.int64)
        for place, row in enumerate(rows):
            found[place, : len(row)] = row
            found[place, len(row)] = END
        return torch.from_numpy(found)

    def cut(self, texts: Sequence[str]) -> int:
        """How many of the sentences are longer than a row."""
        return sum(len(self.tokenizer.encode(text)) > self.longest - 1 for text in texts)

    def decode(self, rows: torch.Tensor) -> list[str]:
        """(N, T) → sentences."""
        return [
            self.tokenizer.decode(token for token in row if token not in (END, self.pad))
            for row in rows.tolist()
        ]

    def pieces(self, row: Sequence[int]) -> list[str]:
        """Text of each token of one sentence; "" of its end."""
        plain = [token for token in row if token not in (END, self.pad)]
        return [*self.tokenizer.pieces(plain), *[""] * (END in row)]


def make_pair_tokens(
    sentences: Sentences, labeled: np.ndarray, pool: np.ndarray, *, vocabulary: int, longest: int
) -> tuple[PairTokens, list[str]]:
    """A tokenizer from what may be seen, and notes: pairs of `labeled`, and the targets of `pool`."""
    seen = [sentences.source[row] for row in labeled]
    seen += [sentences.target[row] for row in np.concatenate([labeled, pool])]
    tokens = PairTokens(make_tokenizer(seen, kind="bpe", vocabulary=vocabulary, has_ends=True), longest)
    notes = []
    if count := tokens.cut(seen):
        notes.append(
            tr("{rows} longer than {longest} tokens; training reads only their beginnings.").format(
                rows=counted(count, "sentence"), longest=longest
            )
        )
    return tokens, notes
