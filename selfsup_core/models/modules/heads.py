"""Classifiers: features → head → (B, C) logits, whose softmax are probabilities of the classes.

A head standardizes its features by the training rows' mean and deviation, kept with its weights:
z = (x − μ) / σ. Without hidden layers it is multinomial logistic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}
LEAST_SHARE = 1e-2  # of the columns' typical deviation; a column below varies too little to be blown up


class Tokens(NamedTuple):
    """A batch of texts. ids: (B, T) token numbers, mask: (B, T) 1 where there is a token, 0 behind a text's
    end.
    """

    ids: torch.Tensor
    mask: torch.Tensor


class Standardize(nn.Module):
    """(B, D) → (x − mean) / scale, both of them buffers, so that they travel with the weights."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def fit(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        """(D,) mean and deviation of the training rows."""
        typical = float(scale[scale > 0].median()) if (scale > 0).any() else 1.0
        self.mean.copy_(mean)
        self.scale.copy_(scale.clamp(min=max(LEAST_SHARE * typical, 1e-6)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.scale


class Head(nn.Module):
    """Features to class scores.

    Args:
        width: D features.
        widths: units of the hidden layers; none for a linear head.
        classes: C.
        dropout: share of the numbers before each linear layer that is left out at random in training.
    """

    def __init__(
        self,
        width: int,
        widths: Sequence[int],
        classes: int,
        *,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.standardize = Standardize(width)
        layers: list[nn.Module] = []
        for a, b in pairwise([width, *widths]):
            layers += [
                *([nn.Dropout(dropout)] if dropout else []),
                nn.Linear(a, b),
                ACTIVATIONS[activation](),
            ]
        if dropout:
            layers.append(nn.Dropout(dropout))
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear([width, *widths][-1], classes)
        self.classes = classes

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) features → (B, C)."""
        found: torch.Tensor = self.output(self.hidden(self.standardize(x)))
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(x)


class TextClassifier(nn.Module):
    """A transformer, one vector for each text, and a linear layer.

    Args:
        backbone: transformers' network without an output layer; with pooling "own", the architecture's own
        classifier.
        pooling: "mean", "cls" or "last" of the last states; "own" leaves it to the architecture.
        classes: C.
    """

    def __init__(
        self, backbone: Any, pooling: str, classes: int, *, width: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.backbone, self.pooling, self.classes = backbone, pooling, classes
        self.dropout = nn.Dropout(dropout)
        self.output = None if pooling == "own" else nn.Linear(width, classes)

    def features(self, x: Tokens) -> torch.Tensor:
        """Texts → (B, D)."""
        more = {"use_cache": False} if getattr(self.backbone.config, "use_cache", None) else {}
        states = self.backbone(input_ids=x.ids, attention_mask=x.mask, **more).last_hidden_state
        return pool(states, x.mask, self.pooling)

    def logits(self, x: Tokens) -> torch.Tensor:
        """Texts → (B, C)."""
        if self.output is None:
            made: torch.Tensor = self.backbone(input_ids=x.ids, attention_mask=x.mask).logits
            return made
        found: torch.Tensor = self.output(self.dropout(self.features(x)))
        return found

    def forward(self, x: Tokens) -> torch.Tensor:
        return self.logits(x)


def pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """states: (B, T, D), mask: (B, T), padded behind the text → (B, D)."""
    if pooling == "cls":
        return states[:, 0]
    ends = mask.sum(dim=1)  # (B,)
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), ends - 1]
    return (states * mask[:, :, None]).sum(dim=1) / ends[:, None]
