"""Translation from sentence pairs, and from back-translations where only the target sentence is known.

loss = −1/T Σᵢ ln P(tᵢ | t₁ … tᵢ₋₁, s), in nats per token, with label smoothing. A translator of the other
direction writes a source sentence for a target sentence that has none; the pair is learned from as if it
were true [1]. Sampled sources teach more than the likeliest ones [2].
[1] Sennrich, Haddow, Birch: Improving neural machine translation models with monolingual data, 2016
[2] Edunov et al.: Understanding back-translation at scale, 2018
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from selfsup_core.objectives.in_rounds import InRounds, InRoundsConfig
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import MarianMTModel


class TranslatingConfig(InRoundsConfig):
    """Translate, and back-translate what has no source."""

    kind: Literal["translating"] = setting(
        "translating", "Predict the translation, token by token.", title="Objective"
    )
    direction: Literal["forward", "backward"] = setting(
        "forward",
        "Which of the two languages is translated from.",
        title="Direction",
        titles={
            "forward": tr_later("From the first language"),
            "backward": tr_later("From the second language"),
        },
    )
    back_translation: Literal["sampled", "beam"] = setting(
        "sampled",
        "How a back-translation is written: drawn from the model's probabilities, or the likeliest one.",
        title="Back-translations",
        titles={"sampled": tr_later("Sampled"), "beam": tr_later("Likeliest (beam search)")},
        why="Sampled ones vary and teach more, although they have more errors.",
    )
    beam: int = setting(
        4,
        "Translations that beam search follows at once, for test rows and your own sentences; 1 takes the "
        "likeliest token each time.",
        title="Beam",
        ge=1,
        le=16,
    )
    smoothing: float = setting(
        0.1,
        "Share of the probability that the loss wants spread over all tokens.",
        title="Label smoothing",
        why="The value of Attention is all you need.",
        ge=0.0,
        le=0.5,
    )


@dataclass(frozen=True)
class Pairs:
    """(B, S) tokens of the sources and (B, T + 1) of the targets, which begin with the token before a
    sentence.
    """

    source: torch.Tensor
    target: torch.Tensor


@OBJECTIVES.register("translating")
class Translating(InRounds[TranslatingConfig]):
    """Predict each token of the translation from the sentence and the tokens before it."""

    Config = TranslatingConfig
    networks = ("translator",)
    task = "translate"

    def learn(
        self, network: MarianMTModel, batch: Pairs, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        smoothing = self.config.smoothing if network.training else 0.0
        return {"loss": pair_loss(network, batch, smoothing)}


def pair_loss(network: nn.Module, batch: Pairs, smoothing: float) -> torch.Tensor:
    """Mean nats per token of the targets."""
    from torch.nn import functional

    pad = int(cast("Any", network).config.pad_token_id)
    logits = network(
        input_ids=batch.source,
        attention_mask=batch.source.ne(pad).long(),
        decoder_input_ids=batch.target[:, :-1],
        use_cache=False,
    ).logits
    return functional.cross_entropy(
        logits.flatten(0, 1),
        batch.target[:, 1:].flatten(),
        ignore_index=pad,
        label_smoothing=smoothing,
    )
