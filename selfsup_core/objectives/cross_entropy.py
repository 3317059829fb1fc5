"""Supervised learning: the class of each sample.

loss = 1/B Σᵢ wᵢ v(yᵢ) H(qᵢ, softmax(zᵢ)), q the class with label smoothing ε: (1 − ε) onehot(y) + ε / C.
w are weights of rows (1 for labels of people), v weights of classes: 1, or N / (K N_y), whose mean over the
training rows is 1. The mean is over rows, not over weights, so that a batch in parts has the same gradient.
[1] Szegedy et al.: Rethinking the inception architecture for computer vision, 2016 (label smoothing)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from torch import nn


class Labeled(NamedTuple):
    """A batch with labels. x: what the network is given, y: (B,) class numbers, weight: (B,) of each row."""

    x: Any
    y: torch.Tensor
    weight: torch.Tensor


class CrossEntropyConfig(KindConfig):
    """How classes count."""

    kind: Literal["cross-entropy"] = setting(
        "cross-entropy", "Predict the class of each sample.", title="Objective"
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none",
        "Balanced gives rare classes the same weight as frequent ones.",
        title="Class weights",
        titles={"none": "None", "balanced": "Balanced"},
        why="None: probabilities then follow the data. With a fixed number of labels per class all are "
        "equally frequent anyway.",
    )
    label_smoothing: float = setting(
        0.0,
        "Share of each label that is spread over all classes.",
        title="Label smoothing",
        why="0 is the plain loss; 0.1 makes a network less confident.",
        ge=0.0,
        le=0.5,
    )


def weighted_cross_entropy(
    logits: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, *, smoothing: float = 0.0
) -> torch.Tensor:
    """logits: (B, C), y: (B,), weight: (B,) → mean over the rows of weight times cross-entropy, in nats."""
    from torch.nn.functional import cross_entropy

    losses = cross_entropy(logits.float(), y, reduction="none", label_smoothing=smoothing)
    return (losses * weight).mean()


def balance(counts: torch.Tensor) -> torch.Tensor:
    """(C,) training rows of each class → (C,) weights N / (K N_c), K the classes that have rows; 1 for the
    others.
    """
    import torch

    seen = counts > 0
    even = counts.sum() / seen.sum().clamp(min=1)
    return torch.where(seen, even / counts.clamp(min=1), torch.ones_like(even))


@OBJECTIVES.register("cross-entropy")
class CrossEntropy(Objective[CrossEntropyConfig]):
    """Predict the class of each sample.

    Attributes:
        class_weight: (C,), or None when all classes count the same.
    """

    Config = CrossEntropyConfig
    has_reconstruction = False
    networks: tuple[str, ...] = ("head", "conv-classifier", "text-classifier")

    def __init__(self, config: CrossEntropyConfig) -> None:
        super().__init__(config)
        self.class_weight: torch.Tensor | None = None

    def count_classes(self, counts: torch.Tensor) -> None:
        """counts: (C,) training rows of each class."""
        if self.config.class_weights == "balanced":
            self.class_weight = balance(counts.double()).float()

    def step(self, model: nn.Module, batch: Labeled, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """{"loss": nats a row, "accuracy": share of the rows}."""
        return self.terms(model(batch.x), batch.y, batch.weight)

    def terms(self, logits: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        """As `step`, of logits (B, C) that are there already, on any device."""
        if self.class_weight is not None:
            weight = weight * self.class_weight.to(y.device)[y]
        loss = weighted_cross_entropy(logits, y, weight, smoothing=self.config.label_smoothing)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == y).float().mean()}
