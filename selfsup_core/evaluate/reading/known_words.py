"""The likeliest transcript that is made of known words.

A path of letters and blanks [1] may run through the letters of a word, and from its last one over a space to
the first letter of any other. Viterbi's algorithm finds the likeliest such path, of all clips at once [2].
[1] Graves et al.: Connectionist temporal classification, 2006
[2] Kahn, Lee, Hannun: Self-training for end-to-end speech recognition, 2020 (pseudo-transcripts are read with
knowledge of the language, which the network itself does not have)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from selfsup_core.features.letters import Letters

BLANK = 0
# States around words: blank before the first, blank after one, space, blank after that.
BEGIN, BEHIND, SPACE, AHEAD = range(4)
MOST = 20_000_000  # states of a path that are remembered at once


@dataclass(frozen=True)
class KnownWords:
    """States of a path: the four above, then of each word its letters, with a blank after each but the last.

    Attributes:
        token: (K,) what is heard in a state; -1 where nothing can be: there is no space.
        follows: (K,) whether it may come after the state before it. skips: (K,) after the one before that:
            a letter that differs from the one before.
        first, last: (W,) states of each word.
    """

    token: torch.Tensor
    follows: torch.Tensor
    skips: torch.Tensor
    first: torch.Tensor
    last: torch.Tensor

    @classmethod
    def of(cls, letters: Letters, texts: Iterable[str]) -> KnownWords:
        """The words of these transcripts, in the letters of the network."""
        number = {letter: place for place, letter in enumerate(letters.alphabet, 1)}
        token, follows, skips = [BLANK, BLANK, number.get(" ", -1), BLANK], [False] * 4, [False] * 4
        first, last = [], []
        for word in sorted({word for text in texts for word in text.split()}):
            first.append(len(token))
            for place, letter in enumerate(word):
                if place:
                    token.append(BLANK)
                token.append(number[letter])
                follows += [True, True] if place else [False]
                skips += [False, letter != word[place - 1]] if place else [False]
            last.append(len(token) - 1)
        return cls(*(torch.tensor(values) for values in (token, follows, skips, first, last)))


def read_known(log_p: Sequence[np.ndarray], words: KnownWords) -> tuple[list[list[int]], np.ndarray]:
    """(T, L) log-probabilities of each clip → its letters, and the mean log-probability of their path per
    column. A clip too short for any word has no letters.
    """
    found: list[list[int]] = [[] for _ in log_p]
    mean = np.zeros(len(log_p))
    order = np.argsort([len(one) for one in log_p], kind="stable")
    longest = max((len(one) for one in log_p), default=1)
    rows = max(1, MOST // (len(words.token) * longest))
    for start in range(0, len(order), rows):
        some = order[start : start + rows]
        paths, scores = likeliest_paths([log_p[row] for row in some], words)
        for row, path, score in zip(some, paths, scores, strict=True):
            changed = np.diff(path, prepend=BLANK) != 0
            found[row] = path[changed & (path != BLANK)].tolist()
            mean[row] = score / len(log_p[row])
    return found, mean


def likeliest_paths(log_p: Sequence[np.ndarray], words: KnownWords) -> tuple[list[np.ndarray], np.ndarray]:
    """(T, L) of each clip → the token of each column, and the path's log-probability."""
    ends = torch.tensor([len(one) for one in log_p])
    heard = pad_sequence([torch.from_numpy(one) for one in log_p])  # (T, B, L)
    said = heard[:, :, words.token.clamp(min=0)].masked_fill(words.token < 0, -torch.inf)  # (T, B, K)
    score = torch.full_like(said[0], -torch.inf)
    starts = torch.cat([torch.tensor([BEGIN]), words.first])
    score[:, starts] = said[0][:, starts]
    came = []  # (B, K) the state before, of each column from the second
    for now in range(1, len(said)):
        before, source = go_on(score, words)
        is_inside = (now < ends)[:, None]
        score = torch.where(is_inside, before + said[now], score)
        came.append(torch.where(is_inside, source, torch.arange(len(words.token))).to(torch.int32))
    finals = torch.cat([torch.tensor([BEGIN, BEHIND]), words.last])
    total, final = score[:, finals].max(dim=1)
    path = [finals[final]]
    for source in reversed(came):
        path.append(source.gather(1, path[-1][:, None])[:, 0].long())
    tokens = words.token[torch.stack(path[::-1], dim=1)].numpy()  # (B, T)
    return [row[:end] for row, end in zip(tokens, ends.tolist(), strict=True)], total.numpy()


def go_on(score: torch.Tensor, words: KnownWords) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, K) the likeliest path to each state → to what comes before each state of the next column, and that
    state, (B, K).
    """
    place = torch.arange(len(words.token))
    # Wait, or go on to the blank or letter behind, or from letter to letter.
    ways = torch.stack(
        [
            score,
            score[:, (place - 1).clamp(min=0)].masked_fill(~words.follows, -torch.inf),
            score[:, (place - 2).clamp(min=0)].masked_fill(~words.skips, -torch.inf),
        ]
    )
    best, way = ways.max(dim=0)
    source = place - way

    def offer(states: list[int] | torch.Tensor, value: torch.Tensor, origin: torch.Tensor) -> None:
        """Paths (B,) that end in `origin` (B,) and may go to these states."""
        is_better = value[:, None] > best[:, states]
        best[:, states] = torch.where(is_better, value[:, None], best[:, states])
        source[:, states] = torch.where(is_better, origin[:, None], source[:, states])

    ended, word = score[:, words.last].max(dim=1)
    offer([BEHIND, SPACE], ended, words.last[word])
    offer([SPACE], score[:, BEHIND], torch.full_like(word, BEHIND))
    offer([AHEAD], score[:, SPACE], torch.full_like(word, SPACE))
    gates = torch.tensor([BEGIN, SPACE, AHEAD])
    entered, gate = score[:, gates].max(dim=1)
    offer(words.first, entered, gates[gate])
    return best, source
