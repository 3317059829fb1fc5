"""Extractive question answering: learn where an answer begins and ends in its passage.

loss = −½ (ln P(start) + ln P(end)), each a softmax over the tokens of the passage; in nats [1].
Where questions are hidden, pseudo-questions are made of the passages: clozes [2]. They are kept when the
reader finds the answer again that they were made of (round trip [3]).
[1] Devlin et al.: BERT, 2019, ch. 4.2
[2] Lewis, Denoyer, Riedel: Unsupervised question answering by cloze translation, 2019
[3] Alberti et al.: Synthetic QA corpora generation with roundtrip consistency, 2019
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.in_rounds import InRounds, InRoundsConfig
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting

if TYPE_CHECKING:
    import torch
    from torch import nn

IMPOSSIBLE = -1e4  # logit of a token that is not of the passage


class SpansConfig(InRoundsConfig):
    """Answer questions, and make up questions where they are hidden."""

    kind: Literal["spans"] = setting("spans", "Start and end of the answer.", title="Objective")
    teacher_epochs: int = setting(
        4,
        "Epochs in which the student learns from all pseudo-questions, before it is asked which of their "
        "answers it finds again.",
        title="Epochs before the first round trip",
        why="A reader that has learned from few questions alone finds hardly an answer again.",
        ge=1,
        le=100_000,
    )
    every: int = setting(
        2,
        "Epochs after which the pseudo-questions are answered anew.",
        title="Epochs of a round",
        ge=1,
        le=100_000,
    )
    keep: float = setting(
        1.0,
        "Share of the pseudo-questions that is learned from, of those whose answer was found again: the "
        "surest ones.",
        title="Share of proposals kept",
        ge=0.0,
        le=1.0,
    )
    learns_from: Literal["both", "pseudo"] = setting(
        "both",
        "What the student learns from. The twin learns from the true questions in any case.",
        title="Learns from",
        titles={"both": "True and pseudo-questions", "pseudo": "Pseudo-questions alone"},
        why="Alone, they show what a reader learns without a single question by a person.",
    )
    per_passage: int = setting(
        6,
        "Pseudo-questions that are made of a passage at most.",
        title="Pseudo-questions per passage",
        why="Few of many passages teach more than many of few.",
        ge=1,
        le=100,
    )
    least_score: float = setting(
        0.1,
        "Least probability that the reader must give to the answer of a pseudo-question for it to be kept.",
        title="Least score",
        why="A reader that knows few questions is rarely sure; what it finds again is mostly sound.",
        ge=0.0,
        le=1.0,
    )


@dataclass(frozen=True)
class Questions:
    """states: (B, T, D) of the layers that are not trained; mask: (B, T) what is there; is_passage: (B, T);
    start, end: (B,) the answer's first and last token.
    """

    states: torch.Tensor
    mask: torch.Tensor
    is_passage: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor


@OBJECTIVES.register("spans")
class Spans(InRounds[SpansConfig]):
    """Predict where the answer begins and ends."""

    Config = SpansConfig
    networks = ("reader",)
    task = "answer"

    def learn(
        self, network: nn.Module, batch: Questions, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        return {"loss": span_loss(logits_of(network, batch.states, batch.mask, batch.is_passage), batch)}


def logits_of(
    network: nn.Module, states: torch.Tensor, mask: torch.Tensor, is_passage: torch.Tensor
) -> torch.Tensor:
    """(B, T, 2) of start and end; what is not of the passage is impossible."""
    above: torch.Tensor = network.above(states, mask)  # type: ignore[operator]  # of a SpanReader
    found: torch.Tensor = network.ends(above).float()  # type: ignore[operator]
    return found.masked_fill(~is_passage[:, :, None], IMPOSSIBLE)


def span_loss(logits: torch.Tensor, batch: Questions) -> torch.Tensor:
    """Mean nats per end of an answer."""
    from torch.nn import functional

    start = functional.cross_entropy(logits[:, :, 0], batch.start)
    return (start + functional.cross_entropy(logits[:, :, 1], batch.end)) / 2
