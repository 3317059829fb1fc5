"""A reader of passages: MiniLM with a layer that says where an answer begins and ends.

P(answer = tokens i … j) = P(start = i) · P(end = j), each a softmax over the tokens of the passage.
[1] Devlin et al.: BERT: pre-training of deep bidirectional transformers for language understanding, 2019,
ch. 4.2
[2] Wang et al.: MiniLM, 2020
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

WIDTH, WORDS, PLACES = 384, 30_522, 512


class ReaderConfig(KindConfig):
    """How much of MiniLM is used, and how much of that is trained."""

    kind: Literal["reader"] = setting(
        "reader", "MiniLM, with a layer for the start and the end of an answer.", title="Network"
    )
    layers: int = setting(
        6, "Layers of MiniLM that are used, from below; it has six.", title="Layers", ge=1, le=6
    )
    frozen: int = setting(
        4,
        "Lowest layers that are not trained, nor are the vectors of words: what they compute is kept.",
        title="Frozen layers",
        why="Less to learn from few questions, and an epoch takes half as long.",
        ge=0,
        le=5,
    )
    most_tokens: int = setting(
        224,
        "Tokens of question and passage that are read at once; a longer passage is read in windows that "
        "overlap by half.",
        title="Tokens read at once",
        why="Enough for a short passage; time grows with it.",
        ge=32,
        le=512,
    )
    dropout: float = setting(
        0.1,
        "Share of the values that is dropped at random during training.",
        title="Dropout",
        why="BERT's published value.",
        ge=0.0,
        le=0.9,
    )

    @model_validator(mode="after")
    def a_layer_is_trained(self) -> ReaderConfig:
        if self.frozen >= self.layers:
            raise ValueError(
                tr("frozen must be below layers; found {frozen} and {layers}").format(
                    frozen=self.frozen, layers=self.layers
                )
            )
        return self


def count_reader(config: ReaderConfig, item_shape: tuple[int, ...]) -> int:
    """All weights, those that are not trained too."""
    vectors = (WORDS + PLACES + 2 + 2) * WIDTH
    layer = 12 * WIDTH**2 + 13 * WIDTH
    return vectors + config.layers * layer + 2 * (WIDTH + 1)


def build_reader(config: ReaderConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """Draws the weights of its last layer from torch's global generator.

    Raises:
        DataError: MiniLM is not on this machine, or damaged.
    """
    from selfsup_core.pretrained.span_reader import SpanReader

    return SpanReader(layers=config.layers, frozen=config.frozen, dropout=config.dropout)


MODELS.register("reader")(
    Network(
        config=ReaderConfig,
        build=build_reader,
        code_size=lambda config: WIDTH,
        shapes=lambda config, shape: [config.most_tokens, *[WIDTH] * config.layers, 2],
        parameters=count_reader,
        can_decode=False,
        task="answer",
    )
)
