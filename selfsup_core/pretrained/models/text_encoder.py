"""MiniLM, which reads the tokens of a text, for learning from views: its own dropout makes two of each text.

[1] Gao, Yao, Chen: SimCSE: simple contrastive learning of sentence embeddings, 2021
[2] Wang et al.: MiniLM, 2020
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.pretrained.language_models import BUILT_IN, MINILM
from selfsup_core.pretrained.models.text_classifier import (
    WIDTHS,
    Tuning,
    lora_rank_setting,
    tuning_setting,
)
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

WIDTH = WIDTHS[MINILM]
LAYERS = 6


class TextEncoderConfig(KindConfig):
    """How much of it is trained, and how."""

    kind: Literal["text-encoder"] = setting(
        "text-encoder", "MiniLM, which reads the tokens of a text.", title="Network"
    )
    tuning: Tuning = tuning_setting()
    lora_rank: int = lora_rank_setting()
    most_tokens: int = setting(
        32,
        "How many tokens of a text are read; the rest is ignored.",
        title="Tokens per text",
        why="As in SimCSE.",
        ge=4,
        le=512,
    )
    dropout: float = setting(
        0.1,
        "Share of the values that is dropped at random during training; all that tells two views of a text "
        "apart.",
        title="Dropout",
        why="SimCSE found BERT's own value to be the best.",
        ge=0.0,
        le=0.9,
    )


def count_parameters(config: TextEncoderConfig, item_shape: tuple[int, ...]) -> int:
    """Of MiniLM; what LoRA and an objective add is known when the run starts."""
    return BUILT_IN[MINILM].parameters


def build(config: TextEncoderConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """An `Encoder` of rows of token numbers, (tokens,).

    Raises:
        DataError: the model is not on this machine, or damaged. SettingError: a sample is no row of tokens.
    """
    from selfsup_core.models.modules.encoder import Encoder
    from selfsup_core.pretrained.text_body import TextBody

    if item_shape != (config.most_tokens,):
        raise SettingError(
            tr("The text encoder reads texts; found samples of shape {item_shape}.").format(
                item_shape=item_shape
            ),
            remedy=tr("Choose texts, or the dense encoder (model.kind = perceptron)."),
        )
    rank = config.lora_rank if config.tuning == "lora" else 0
    return Encoder(TextBody(lora_rank=rank, dropout=config.dropout), code_size=WIDTH)


MODELS.register("text-encoder")(
    Network(
        config=TextEncoderConfig,
        build=build,
        code_size=lambda config: WIDTH,
        shapes=lambda config, shape: [config.most_tokens, *[WIDTH] * LAYERS],
        parameters=count_parameters,
        can_decode=False,
        task="views",
    )
)
