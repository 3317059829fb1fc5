"""Why a classifier names this class: the contribution of each part of a sample, and similar labeled rows.

Words, columns and pixels: integrated gradients of the class's log-probability from a baseline [1]; for a
linear layer they are weight times value. Words of a text through an encoder: how much ln p falls when the
word is left out.
[1] Sundararajan, Taly, Yan: Axiomatic attribution for deep networks, 2017 (by captum)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import TypedDict

if TYPE_CHECKING:
    import torch

STEPS = 32
MOST_WORDS = 60
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+(?:['’-]\w+)*")


def gradients(
    network: Callable[[torch.Tensor], torch.Tensor], x: np.ndarray, baseline: np.ndarray, label: int
) -> np.ndarray:
    """x, baseline: (D,) → (D,) parts of ln p(label | x) − ln p(label | baseline)."""
    import torch
    from captum.attr import IntegratedGradients

    def log_p(values: torch.Tensor) -> torch.Tensor:
        return network(values).float().log_softmax(dim=1)

    # captum sums in float64, which a float32 network would refuse.
    sample, start = (torch.from_numpy(np.ascontiguousarray(v, np.float32))[None] for v in (x, baseline))
    with torch.enable_grad():
        found = IntegratedGradients(log_p, multiply_by_inputs=True).attribute(
            sample.requires_grad_(True), start, target=int(label), n_steps=STEPS, internal_batch_size=STEPS
        )
    made: np.ndarray = found[0].detach().numpy()
    return made


def split_words(text: str) -> list[tuple[int, int]]:
    """Begin and end of each word; where scripts write no spaces, of each character."""
    return [match.span() for match in WORD.finditer(text)]


def leave_out(
    predict: Callable[[list[str]], np.ndarray], text: str, label: int
) -> tuple[list[tuple[int, int]], np.ndarray]:
    """(places of the first 60 words, (W,) ln p(label | text) − ln p(label | text without the word)).

    Args:
        predict: texts → (N, C) probabilities.
    """
    places = split_words(text)[:MOST_WORDS]
    without = [text[:a] + text[b:] for a, b in places]
    log_p = np.log(np.maximum(predict([text, *without])[:, label], 1e-12))
    return places, log_p[0] - log_p[1:]


def nearest_labeled(x: np.ndarray, others: np.ndarray, count: int = 3) -> list[tuple[int, float]]:
    """x (D,), others (L, D) → places and cosines of the most similar ones, after the mean of `others` is
    taken off.
    """
    if len(others) == 0:
        return []
    mean = others.mean(axis=0)
    a, b = x - mean, others - mean
    cosines = (b @ a) / np.maximum(np.linalg.norm(b, axis=1) * np.linalg.norm(a), 1e-12)
    return [(int(i), float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:count]]


class Term(TypedDict):
    """A word or a column, and what it says for a class (above 0) or against it, in nats."""

    name: str
    part: float


def strongest(names: list[str], parts: np.ndarray, count: int = 12) -> list[Term]:
    """The parts that say most, for or against."""
    order = np.argsort(-np.abs(parts), kind="stable")[:count]
    return [{"name": names[i], "part": float(parts[i])} for i in order if parts[i] != 0]
