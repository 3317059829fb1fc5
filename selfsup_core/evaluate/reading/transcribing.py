"""How a transcript is read from the probabilities of letters: the likeliest letter of each moment, or prefix
beam search; when each letter is heard; and how sure the network is.

[1] Graves et al.: Connectionist temporal classification, 2006
[2] Hannun et al.: First-pass large vocabulary continuous speech recognition using bi-directional recurrent
DNNs, 2014 (prefix beam search)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from selfsup_core.evaluate.reading.translating import looking_at
from selfsup_core.models.modules.transcriber import Transcriber

BLANK = 0
ROWS = 128  # clips that are heard at once
UNLIKELY = 1e-4  # letters below are not followed by a beam


@dataclass(frozen=True)
class Aligned:
    """A letter, the columns [start, end) in which it is heard, and its highest probability there."""

    token: int
    start: int
    end: int
    probability: float


def hear(
    network: Transcriber, x: torch.Tensor, frames: torch.Tensor
) -> tuple[list[np.ndarray], torch.Tensor]:
    """(N, bands, T) clips → log-probabilities (Tᵢ, L) of each, and (N, 2w) the mean of each clip's code."""
    found: list[np.ndarray] = [np.zeros(0)] * len(x)
    codes = torch.zeros((len(x), network.letters.in_features), device=x.device)
    # Clips of like length together: the longest one of a group decides what it costs.
    order = torch.argsort(frames, stable=True)
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        with looking_at(network):
            heard = network(x[rows][:, :, : int(frames[rows].max())], frames[rows])
        ends = heard.frames.tolist()
        codes[rows] = heard.codes.float().sum(dim=1) / heard.frames[:, None]
        for row, one, end in zip(rows.tolist(), heard.log_p.float().cpu().numpy(), ends, strict=True):
            found[row] = one[:end]
    return found, codes


def align(log_p: np.ndarray) -> list[Aligned]:
    """(T, L) → the letters of the likeliest path: runs of one letter are merged, blanks left out."""
    best = log_p.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(best)]])
    return [
        Aligned(int(best[a]), int(a), int(b), float(np.exp(log_p[a:b, best[a]].max())))
        for a, b in zip(starts, ends, strict=True)
        if best[a] != BLANK
    ]


def read_greedily(log_p: np.ndarray) -> list[int]:
    """(T, L) → letters of the likeliest path."""
    return [one.token for one in align(log_p)]


def sureness(log_p: np.ndarray) -> float:
    """Mean log-probability of the likeliest path per column, at most 0."""
    return float(log_p.max(axis=1).mean())


def search_prefixes(log_p: np.ndarray, beam: int) -> tuple[list[int], float]:
    """(T, L) → the transcript whose alignments together are likeliest among those that `beam` prefixes find,
    and its log-probability.
    """
    # Of each prefix the probability of its alignments that end in a blank, and of those that end in its
    # last letter.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    scale = 0.0
    for row in np.exp(log_p.astype(np.float64)):
        made: dict[tuple[int, ...], list[float]] = {}
        likely = np.flatnonzero(row[1:] > UNLIKELY) + 1 if beam < len(row) ** 2 else range(1, len(row))
        for prefix, (blank, letter) in beams.items():
            own = made.setdefault(prefix, [0.0, 0.0])
            own[0] += (blank + letter) * row[BLANK]
            if prefix:
                own[1] += letter * row[prefix[-1]]
            for token in likely:
                longer = made.setdefault((*prefix, int(token)), [0.0, 0.0])
                # The same letter again is a new one only after a blank.
                longer[1] += (blank if prefix and prefix[-1] == token else blank + letter) * row[token]
        best = sorted(made.items(), key=lambda item: (-sum(item[1]), item[0]))[:beam]
        total = sum(best[0][1])
        scale += np.log(total)
        beams = {prefix: (blank / total, letter / total) for prefix, (blank, letter) in best}
    tokens, parts = max(beams.items(), key=lambda item: sum(item[1]))
    return list(tokens), float(scale + np.log(sum(parts)))


def read(log_p: np.ndarray, beam: int) -> list[int]:
    """(T, L) → letters, by the likeliest path for a beam of 1."""
    return read_greedily(log_p) if beam == 1 else search_prefixes(log_p, beam)[0]
