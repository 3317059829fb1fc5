"""MiniLM as a reader: for each token of a passage, whether the answer to a question begins or ends there.

Its word vectors and lower layers stay as they are, so what they make of a question and a passage can be
computed once and kept.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from selfsup_core.pretrained.text_body import load_minilm

STAND_INS = 994  # [unused0] … of BERT's vocabulary, whose vectors were never trained
FIRST_STAND_IN, SECOND_PART = 1, 104
SPREAD = 0.05  # of a trained vector's numbers


class SpanReader(nn.Module):
    """Question and passage → logits of start and end.

    Args:
        layers: of MiniLM's six that are used. frozen: of these, the lowest ones, that are not trained.
        dropout: in the place of the network's own, in the layers that are trained.
    """

    def __init__(self, *, layers: int, frozen: int, dropout: float) -> None:
        super().__init__()
        network, _ = load_minilm()
        network.requires_grad_(False)
        self.embeddings: Any = network.embeddings
        self.lower = nn.ModuleList(network.encoder.layer[:frozen])
        self.upper = nn.ModuleList(network.encoder.layer[frozen:layers])
        self.width = int(network.config.hidden_size)
        self.ends = nn.Linear(self.width, 2)
        nn.init.normal_(self.ends.weight, std=0.02)
        nn.init.zeros_(self.ends.bias)
        name_stand_ins(self.embeddings.word_embeddings.weight)
        for part, share in ((self.embeddings, 0.0), (self.lower, 0.0), (self.upper, dropout)):
            for layer in part.modules():
                if isinstance(layer, nn.Dropout):
                    layer.p = share
        self.upper.requires_grad_(True)

    def below(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(B, T) tokens, 0 for the question and 1 for the passage, and which are there → (B, T, 384) of the
        layers that are not trained.
        """
        states: torch.Tensor = self.embeddings(input_ids=ids, token_type_ids=types)
        return through(self.lower, states, mask)

    def above(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What `below` gives → (B, T, 384) of the last layer."""
        return through(self.upper, states, mask)

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """→ (B, T, 2) logits of start and end."""
        found: torch.Tensor = self.ends(self.above(self.below(ids, types, mask), mask))
        return found


def through(layers: nn.ModuleList, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(B, T, 384) through layers in which nobody looks at what is not there."""
    seen = mask.bool()[:, None, None, :]  # (B, 1, 1, T)
    for layer in layers:
        states = layer(states, attention_mask=seen)
    return states


def name_stand_ins(vectors: torch.Tensor) -> None:
    """Give the tokens that stand for unknown characters a vector each, always the same ones, that are as far
    from each other as those of words: MiniLM was trained on English and knows 488 Chinese characters.
    """
    places = torch.tensor([stand_in(number) for number in range(STAND_INS)])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        vectors[places] = SPREAD * torch.randn((STAND_INS, vectors.shape[1]), generator=generator)


def stand_in(code: int) -> int:
    """The token that stands for a character that the vocabulary lacks; some share one."""
    number = code % STAND_INS
    return FIRST_STAND_IN + number if number < 99 else SECOND_PART + number - 99
