"""What a causal language model thinks of a text, token by token.

P(w₁ … wₙ) = ∏ P(wᵢ | w₁ … wᵢ₋₁); perplexity = exp(−mean ln P)
bits per character = −Σ log₂ P ÷ characters.
Before a choice the distribution can be reshaped: softmax(logits / temperature), cut to the k most likely
(top-k) and to the fewest that together hold a share p (top-p) [1].
[1] Holtzman et al.: The curious case of neural text degeneration, 2020
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def conditional_log_probabilities(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """ln P(token | all before it).

    Args:
        logits: (T, V) for the places 0 … T − 1; place i predicts token i + 1.
        ids: (T,) the tokens.

    Returns:
        (T − 1,) of tokens 1 … T − 1: nothing comes before the first one.
    """
    log_p = logits[:-1].double().log_softmax(dim=-1)
    return log_p.gather(1, ids[1:, None])[:, 0]


def perplexity(log_p: torch.Tensor) -> float:
    """Of how many equally likely tokens the model chose, on average; infinite for no token."""
    return math.exp(-float(log_p.mean())) if len(log_p) else math.inf


def bits_per_character(log_p: torch.Tensor, characters: int) -> float:
    """Bits that the model needs for a character of the text; comparable between tokenizers, as perplexity is
    not.
    """
    return -float(log_p.sum()) / math.log(2) / characters if characters else math.inf


def reshape_distribution(
    logits: torch.Tensor, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> torch.Tensor:
    """Probabilities to sample from.

    Args:
        logits: (V,).
        temperature: below 1 sharper, above 1 flatter; 0 keeps the most likely token alone.
        top_k: how many tokens stay; 0 for all.
        top_p: the fewest most likely tokens whose probabilities sum to at least this stay, one at the least.

    Returns:
        (V,) float64 that sums to 1.
    """
    import torch

    logits = logits.double()
    if temperature <= 0:
        chosen = torch.zeros_like(logits)
        chosen[logits.argmax()] = 1.0
        return chosen
    p = (logits / temperature).softmax(dim=-1)
    ordered, order = p.sort(descending=True, stable=True)
    stays = torch.ones_like(ordered, dtype=torch.bool)
    if top_k > 0:
        stays[top_k:] = False
    kept = ordered * stays
    # What comes before a token decides: the token that reaches the share still belongs to it.
    before = kept.cumsum(dim=0) - kept
    stays &= before < top_p * kept.sum()
    stays[0] = True
    reshaped = torch.zeros_like(p)
    reshaped[order[stays]] = ordered[stays]
    return reshaped / reshaped.sum()
