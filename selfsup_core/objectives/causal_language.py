"""Causal language modelling: each token from those before it.

loss = −1/T Σᵢ ln P(wᵢ | w₁ … wᵢ₋₁), in nats per token.
[1] Bengio et al.: A neural probabilistic language model, 2003
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class CausalLanguageConfig(KindConfig):
    """Predict the next token."""

    kind: Literal["causal-language"] = setting(
        "causal-language", "Predict each token from those before it.", title="Objective"
    )


def next_token_loss(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """logits: (B, T, V) at places 0 … T − 1, tokens: (B, T + 1) → mean nats per token."""
    from torch.nn import functional

    return functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


@OBJECTIVES.register("causal-language")
class CausalLanguage(Objective[CausalLanguageConfig]):
    """Predict each token from those before it."""

    Config = CausalLanguageConfig
    has_reconstruction = False
    networks = ("gpt", "pretrained")

    @classmethod
    def is_mean_of_rows(cls, config: CausalLanguageConfig) -> bool:
        return True

    def step(
        self, model: PreTrainedModel, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, T + 1) token numbers → {"loss": nats per token}."""
        logits = model(input_ids=batch[:, :-1], use_cache=False).logits
        return {"loss": next_token_loss(logits, batch)}
