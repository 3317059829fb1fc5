"""Masked language modelling: hidden tokens from those on both sides.

Of the tokens a share is chosen; 80% of these become [MASK], 10% another token, 10% stay. loss = mean −ln
P(token | rest) over the chosen ones.
[1] Devlin et al.: BERT, 2019 (share 15%)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

MASKED, SWAPPED = 0.8, 0.1


class MaskedLanguageConfig(KindConfig):
    """Fill in hidden tokens."""

    kind: Literal["masked-language"] = setting(
        "masked-language", "Fill in hidden tokens from both sides.", title="Objective"
    )
    share: float = setting(
        0.15,
        "Share of the tokens that is hidden.",
        title="Hidden share",
        why="BERT's choice.",
        gt=0.0,
        le=0.9,
    )


def hide(
    tokens: torch.Tensor, share: float, mask_token: int, vocabulary: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """tokens: (B, T) → (what the network sees (B, T), which were chosen (B, T) bool, one per row at the
    least).
    """
    import torch

    draw = torch.rand(tokens.shape, generator=generator, device=tokens.device)
    chosen = draw < share
    chosen |= draw == draw.min(dim=1, keepdim=True).values
    how = torch.rand(tokens.shape, generator=generator, device=tokens.device)
    other = torch.randint(vocabulary, tokens.shape, generator=generator, device=tokens.device)
    seen = torch.where(chosen & (how < MASKED), mask_token, tokens)
    seen = torch.where(chosen & (how >= MASKED) & (how < MASKED + SWAPPED), other, seen)
    return seen, chosen


@OBJECTIVES.register("masked-language")
class MaskedLanguage(Objective[MaskedLanguageConfig]):
    """Fill in hidden tokens from both sides.

    Attributes:
        mask_token: number of [MASK]; set by the task, which knows the tokenizer.
    """

    Config = MaskedLanguageConfig
    has_reconstruction = False
    networks = ("bert", "pretrained")
    mask_token = 0

    def step(
        self, model: PreTrainedModel, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, T) token numbers → {"loss": nats a hidden token, "accuracy": share of them that is
        guessed}.
        """
        from torch.nn import functional

        seen, chosen = hide(batch, self.config.share, self.mask_token, model.config.vocab_size, generator)
        logits = model(input_ids=seen).logits[chosen]  # (chosen, V)
        wanted = batch[chosen]
        accuracy = (logits.argmax(dim=1) == wanted).float().mean()
        return {"loss": functional.cross_entropy(logits, wanted), "accuracy": accuracy}
