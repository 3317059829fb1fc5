"""A small GPT: a causal decoder in transformers' own GPT-2 layout, so that what is trained is a standard
folder.

P(w₁ … wₙ) = ∏ P(wᵢ | w₁ … wᵢ₋₁). The preset has the sizes of nanoGPT's recipe for a CPU (4 layers, 4 heads,
128 wide, context 64), whose published validation loss on tiny Shakespeare is 1.88 nats a character.
[1] Radford et al.: Language models are unsupervised multitask learners, 2019
[2] Karpathy: nanoGPT, 2022
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

# Letters, digits and marks of an English text; the true number is known when the run starts.
GUESSED_CHARACTERS = 100
SIZES: dict[str, dict[str, int]] = {
    "tiny": {"layers": 2, "heads": 2, "width": 64, "context": 64},
    "small": {"layers": 4, "heads": 4, "width": 128, "context": 64},
    "medium": {"layers": 6, "heads": 6, "width": 384, "context": 256},
}


class TransformerConfig(KindConfig):
    """What a causal and a masked transformer share."""

    layers: int = setting(4, "Transformer blocks, one after the other.", title="Layers", ge=1, le=48)
    heads: int = setting(
        4, "Attention heads of each block; the width is split among them.", title="Heads", ge=1, le=64
    )
    width: int = setting(128, "Size of the vector that represents a token.", title="Width", ge=8, le=4096)
    context: int = setting(64, "Tokens that the model sees at once.", title="Context", ge=4, le=4096)
    dropout: float = setting(
        0.0,
        "Share of the values that is dropped at random during training.",
        title="Dropout",
        why="Small networks trained briefly need none.",
        ge=0.0,
        le=0.9,
    )
    tokenizer: Literal["characters", "bpe"] = setting(
        "characters",
        "What a token is: one character, or a frequent piece of a word (byte-pair encoding).",
        title="Tokens",
        titles={"characters": "Characters", "bpe": "Byte-pair encoding"},
    )
    vocabulary: int = setting(
        2000,
        "Vocabulary size of the byte-pair encoding, which is built from training texts alone.",
        title="Vocabulary",
        ge=300,
        le=50_000,
    )

    @model_validator(mode="after")
    def heads_share_the_width(self) -> TransformerConfig:
        if self.width % self.heads:
            raise ValueError(
                tr("width must be a multiple of heads; found {width} and {heads}").format(
                    width=self.width, heads=self.heads
                )
            )
        return self


class GPTConfig(TransformerConfig):
    """A decoder that predicts the next token."""

    kind: Literal["gpt"] = setting("gpt", "A causal transformer.", title="Network")


def vocabulary_guess(config: TransformerConfig) -> int:
    """Tokens in the vocabulary, as far as the settings tell."""
    return GUESSED_CHARACTERS if config.tokenizer == "characters" else config.vocabulary


def count_block(width: int) -> int:
    """Weights and biases of one block: attention 4w² + 4w, two layers of 4w 8w² + 5w, two norms 4w."""
    return 12 * width**2 + 13 * width


def count_gpt(config: GPTConfig, item_shape: tuple[int, ...]) -> int:
    """The output layer shares the embedding's weights."""
    embeddings = (item_shape[0] + config.context) * config.width
    return embeddings + config.layers * count_block(config.width) + 2 * config.width


def build_gpt(config: GPTConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """transformers' GPT2LMHeadModel for a vocabulary of (V,) tokens; draws its weights from torch's global
    generator.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    made = GPT2Config(
        vocab_size=item_shape[0],
        n_positions=config.context,
        n_embd=config.width,
        n_layer=config.layers,
        n_head=config.heads,
        bos_token_id=None,
        eos_token_id=None,
        resid_pdrop=config.dropout,
        embd_pdrop=config.dropout,
        attn_pdrop=config.dropout,
    )
    network: nn.Module = GPT2LMHeadModel(made)
    return network


MODELS.register("gpt")(
    Network(
        config=GPTConfig,
        build=build_gpt,
        code_size=lambda config: config.width,
        shapes=lambda config, shape: [shape[0], config.width, shape[0]],
        parameters=count_gpt,
        can_decode=False,
        task="language",
    )
)
