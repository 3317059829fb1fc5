"""A small masked encoder in transformers' own BERT layout: it guesses hidden tokens from those on both sides.

[1] Devlin et al.: BERT: pre-training of deep bidirectional transformers for language understanding, 2019
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.models.gpt import TransformerConfig, count_block
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import setting

if TYPE_CHECKING:
    from torch import nn


class BertConfig(TransformerConfig):
    """An encoder that fills in hidden tokens."""

    kind: Literal["bert"] = setting("bert", "A masked transformer.", title="Network")


def count_bert(config: BertConfig, item_shape: tuple[int, ...]) -> int:
    """The decoder shares the embedding's weights; its own part is a layer, a norm and a bias for each
    token.
    """
    width, tokens = config.width, item_shape[0]
    embeddings = (tokens + config.context + 1) * width + 2 * width
    return embeddings + config.layers * count_block(width) + width**2 + 3 * width + tokens


def build_bert(config: BertConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """transformers' BertForMaskedLM for a vocabulary of (V,) tokens; draws its weights from torch's global
    generator.
    """
    from transformers import BertConfig as Layout
    from transformers import BertForMaskedLM

    network: nn.Module = BertForMaskedLM(
        Layout(
            vocab_size=item_shape[0],
            max_position_embeddings=config.context,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            type_vocab_size=1,
            intermediate_size=4 * config.width,
            hidden_dropout_prob=config.dropout,
            attention_probs_dropout_prob=config.dropout,
        )
    )
    return network


MODELS.register("bert")(
    Network(
        config=BertConfig,
        build=build_bert,
        code_size=lambda config: config.width,
        shapes=lambda config, shape: [shape[0], config.width, shape[0]],
        parameters=count_bert,
        can_decode=False,
        task="language",
    )
)
