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

from selfsup_core.features.letters import Letters

BLANK = 0
BEGIN, BEHIND, SPACE, AHEAD = range(4)  # states: blank at the start, blank after a word, space, blank after it
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
    heard = nn_pad(log_p)  # (T, B, L)
    place = torch.arange(len(words.token))
    before = [place, (place - 1).clamp(min=0), (place - 2).clamp(min=0)]
    never = torch.where(words.token < 0, -torch.inf, 0.0)
    said = heard[:, :, words.token.clamp(min=0)] + never  # (T, B, K)
    score = torch.full_like(said[0], -torch.inf)
    starts = torch.cat([torch.tensor([BEGIN]), words.first])
    score[:, starts] = said[0][:, starts]
    came = []  # (B, K) the state before, of each column from the second
    for now in range(1, len(said)):
        ways = torch.stack(
            [
                score,
                score[:, before[1]].masked_fill(~words.follows, -torch.inf),
                score[:, before[2]].masked_fill(~words.skips, -torch.inf),
            ]
        )
        best, way = ways.max(dim=0)
        source = place - way
        ended, of_word = score[:, words.last].max(dim=1)
        of_word = words.last[of_word]
        for state, other, origin in (
            (BEHIND, ended, of_word),
            (SPACE, ended, of_word),
            (SPACE, score[:, BEHIND], torch.full_like(of_word, BEHIND)),
            (AHEAD, score[:, SPACE], torch.full_like(of_word, SPACE)),
        ):
            is_better = other > best[:, state]
            best[:, state] = torch.where(is_better, other, best[:, state])
            source[:, state] = torch.where(is_better, origin, source[:, state])
        gates = torch.tensor([BEGIN, SPACE, AHEAD])
        entered, gate = score[:, gates].max(dim=1)
        is_better = entered[:, None] > best[:, words.first]
        best[:, words.first] = torch.where(is_better, entered[:, None], best[:, words.first])
        source[:, words.first] = torch.where(is_better, gates[gate][:, None], source[:, words.first])
        is_inside = (now < ends)[:, None]
        score = torch.where(is_inside, best + said[now], score)
        came.append(torch.where(is_inside, source, place).to(torch.int32))
    finals = torch.cat([torch.tensor([BEGIN, BEHIND]), words.last])
    total, final = score[:, finals].max(dim=1)
    state = finals[final]
    path = [state]
    for source in reversed(came):
        state = source.gather(1, state[:, None].long())[:, 0].long()
        path.append(state)
    tokens = words.token[torch.stack(path[::-1], dim=1)].numpy()  # (B, T)
    return [row[:end] for row, end in zip(tokens, ends.tolist(), strict=True)], total.numpy()


def nn_pad(log_p: Sequence[np.ndarray]) -> torch.Tensor:
    """(T, L) of each clip → (longest T, B, L), 0 behind the end."""
    return torch.nn.utils.rnn.pad_sequence([torch.from_numpy(one) for one in log_p])
