"""The built-in sentence encoder as the body of an `Encoder`, and texts as the rows that it reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from selfsup_core.models.modules.heads import pool
from selfsup_core.pretrained.language_models import MINILM, prepare
from selfsup_core.pretrained.loading import load_errors
from selfsup_core.pretrained.lora import add_lora
from selfsup_core.pretrained.trial import SAFE

PADDING = 0  # BERT's own
LETTERS_A_TOKEN = 50  # what comes after so many letters for each token is not read at all


def load_minilm() -> tuple[Any, Any]:
    """(network in evaluation mode and float32, tokenizer); its file is compared with the digest that the
    program knows, so that it needs no trial.

    Raises:
        DataError: it is not on this machine, or damaged.
    """
    from transformers import AutoModel

    tokenizer = minilm_tokenizer()
    folder = prepare(MINILM, Path(), say=lambda text: None)
    with load_errors(folder):
        network = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **SAFE)
    network.pooler = None  # behind the first token, which is not looked at
    return network.eval(), tokenizer


def minilm_tokenizer() -> Any:
    """Its tokenizer, without the network. Raises DataError as `load_minilm`."""
    from transformers import AutoTokenizer

    folder = prepare(MINILM, Path(), say=lambda text: None)
    with load_errors(folder):
        return AutoTokenizer.from_pretrained(folder, **SAFE)


def token_rows(texts: Sequence[str], most: int) -> torch.Tensor:
    """Texts → (N, most) token numbers as floats, which hold them exactly; `PADDING` behind a text's end."""
    backend = load_minilm()[1].backend_tokenizer
    backend.enable_truncation(most)
    backend.enable_padding(length=most, pad_id=PADDING)
    backend.encode_special_tokens = True  # a "[SEP]" in someone's text is five letters
    found = backend.encode_batch_fast([text[: most * LETTERS_A_TOKEN] for text in texts])
    return torch.tensor([one.ids for one in found], dtype=torch.float32).reshape(len(texts), most)


class TextBody(nn.Module):
    """(B, T) token numbers → (B, 384), the mean over a text's tokens, as this encoder was trained.

    Args:
        lora_rank: of the trainable additions to frozen weights; 0 trains all weights.
        dropout: in the place of the network's own.
    """

    is_pretrained = True  # first weights are its own

    def __init__(self, *, lora_rank: int, dropout: float) -> None:
        super().__init__()
        network, _ = load_minilm()
        network.requires_grad_(True)
        for layer in network.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = dropout
        self.backbone: Any = add_lora(network, lora_rank) if lora_rank else network

    def reset(self, generator: torch.Generator) -> None:
        """LoRA's first matrices from the generator, as its authors draw them; the second ones are 0."""
        for name, weight in self.backbone.named_parameters():
            if "lora_A" in name:
                nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = (x != PADDING).long()
        width = int(mask.sum(dim=1).max())  # waits for the device, and spares it the padding
        ids, mask = x[:, :width].long(), mask[:, :width]
        states = self.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        return pool(states, mask, "mean")
