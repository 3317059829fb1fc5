"""A small translator: an encoder that reads a sentence and a decoder that writes another, in transformers'
own Marian layout.

P(t₁ … tₙ | s) = ∏ P(tᵢ | t₁ … tᵢ₋₁, s); cross-attention tells what of the sentence each new token looks at.
[1] Vaswani et al.: Attention is all you need, 2017
[2] Junczys-Dowmunt et al.: Marian: fast neural machine translation in C++, 2018
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

LONGEST = 64  # tokens of a sentence, its end included


class TranslatorConfig(KindConfig):
    """An encoder–decoder transformer."""

    kind: Literal["translator"] = setting("translator", "An encoder and a decoder.", title="Network")
    layers: int = setting(2, "Blocks of the encoder, and of the decoder.", title="Layers", ge=1, le=12)
    heads: int = setting(
        4, "Attention heads of each block; the width is split among them.", title="Heads", ge=1, le=16
    )
    width: int = setting(
        128, "Size of the vector that represents a token.", title="Width", multiple_of=2, ge=8, le=1024
    )
    dropout: float = setting(
        0.1,
        "Share of the values that is dropped at random during training.",
        title="Dropout",
        why="A few thousand sentences are soon known by heart; dropout puts that off.",
        ge=0.0,
        le=0.9,
    )
    vocabulary: int = setting(
        800,
        "Pieces of words in the vocabulary that both languages share (byte-pair encoding).",
        title="Vocabulary",
        why="Frequent words become one piece, and rare ones are spelled.",
        ge=300,
        le=20_000,
    )

    @model_validator(mode="after")
    def heads_share_the_width(self) -> TranslatorConfig:
        if self.width % self.heads:
            raise ValueError(
                tr("width must be a multiple of heads; found {width} and {heads}").format(
                    width=self.width, heads=self.heads
                )
            )
        return self


def count_translator(config: TranslatorConfig, item_shape: tuple[int, ...]) -> int:
    """Weights that are trained: tokens, and in each block of the encoder one attention and two layers of
    4w, in one of the decoder a second attention.
    """
    w = config.width
    attention, layers, norm = 4 * w**2 + 4 * w, 8 * w**2 + 5 * w, 2 * w
    encoder, decoder = attention + layers + 2 * norm, 2 * attention + layers + 3 * norm
    return (config.vocabulary + 1) * w + config.layers * (encoder + decoder)


def build_translator(config: TranslatorConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """transformers' MarianMTModel for a vocabulary of (V,) tokens, of which the last one stands before a
    sentence and fills short ones up, and the first one ends them; draws its weights from torch's global
    generator.
    """
    from torch import nn
    from transformers import MarianConfig, MarianMTModel

    size, w = item_shape[0], config.width
    made = MarianConfig(
        vocab_size=size,
        max_position_embeddings=LONGEST,
        d_model=w,
        encoder_layers=config.layers,
        decoder_layers=config.layers,
        encoder_attention_heads=config.heads,
        decoder_attention_heads=config.heads,
        encoder_ffn_dim=4 * w,
        decoder_ffn_dim=4 * w,
        dropout=config.dropout,
        activation_function="relu",
        scale_embedding=True,
        init_std=w**-0.5 / 2,
        pad_token_id=size - 1,
        decoder_start_token_id=size - 1,
        eos_token_id=0,
        forced_eos_token_id=None,
        attn_implementation="eager",  # its weights can be looked at, and short sentences need no other
    )
    network: nn.Module = MarianMTModel(made)
    # Marian drops values without a layer of its own for it; the loop looks for one to draw the same after a
    # resume.
    network.drops = nn.Dropout(config.dropout)
    return network


MODELS.register("translator")(
    Network(
        config=TranslatorConfig,
        build=build_translator,
        code_size=lambda config: config.width,
        shapes=lambda config, shape: [config.vocabulary + 1, config.width, config.vocabulary + 1],
        parameters=count_translator,
        can_decode=False,
        task="translate",
    )
)
