"""A transformer that is fine-tuned to classify texts: all of its weights, or small additions to them (LoRA).

[1] Howard, Ruder: Universal language model fine-tuning for text classification, 2018
[2] Devlin et al.: BERT, 2019, ch. 4
[3] Hu et al.: LoRA: low-rank adaptation of large language models, 2022
"""

from __future__ import annotations

from typing import Any, Literal

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.pretrained.language_models import BUILT_IN
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

# Sentence encoders have a short name wherever texts become embeddings.
SHORT_NAMES = {"minilm": "all-minilm-l6-v2"}
WIDTHS = {"all-minilm-l6-v2": 384, "smollm2-135m-instruct": 576}


Tuning = Literal["lora", "full"]


def tuning_setting() -> Any:
    """The field of what is trained of a pretrained model."""
    return setting(
        "lora",
        "What is trained: all weights, or small low-rank matrices beside them (LoRA).",
        title="Tuning",
        titles={"lora": "LoRA", "full": "All weights"},
        why="LoRA stores a hundredth of the weights per epoch and forgets less.",
    )


def lora_rank_setting() -> Any:
    """The field of the rank of LoRA's matrices."""
    return setting(
        8,
        "Rank of LoRA's matrices.",
        title="LoRA rank",
        why="The paper found ranks of 4 to 8 as good as higher ones.",
        ge=1,
        le=256,
    )


class TextClassifierConfig(KindConfig):
    """Which model, how much of it is trained, and how a text becomes one vector."""

    kind: Literal["text-classifier"] = setting(
        "text-classifier", "A fine-tuned transformer.", title="Network"
    )
    source: str = setting(
        "minilm",
        "A built-in model (minilm), a folder on this machine, hub:owner/name once fetched, or run:ID for a "
        "run of your own.",
        title="Model",
        min_length=1,
        max_length=500,
    )
    tuning: Tuning = tuning_setting()
    lora_rank: int = lora_rank_setting()
    most_tokens: int = setting(
        128,
        "How many tokens of a text are read; the rest is ignored.",
        title="Tokens per text",
        why="The topic of a text shows early, and time grows with the length.",
        ge=4,
        le=8192,
    )
    pooling: Literal["auto", "mean", "cls", "last", "own"] = setting(
        "auto",
        "Which token states form the vector of a text: their mean, the first or the last; or the "
        "architecture's own classifier.",
        title="Pooling",
        titles={
            "auto": "Automatic",
            "mean": "Mean",
            "cls": "First token",
            "last": "Last token",
            "own": "The model's own classifier",
        },
        why="Automatic: as the encoder was trained, or the last state of a causal model. The model's own "
        "classifier can be exported for the transformers library.",
    )
    dropout: float = setting(
        0.1,
        "Share of the values of the vector that is dropped at random during training.",
        title="Dropout",
        why="BERT's published value.",
        ge=0.0,
        le=0.9,
    )


def model_name(source: str) -> str:
    """The name by which the model is loaded."""
    return SHORT_NAMES.get(source, source)


def count_parameters(config: TextClassifierConfig, item_shape: tuple[int, ...]) -> int:
    """Of a built-in model with its new layer; of others it is known when the run starts."""
    name = model_name(config.source)
    if name not in BUILT_IN:
        return 0
    return BUILT_IN[name].parameters + (WIDTHS[name] + 1) * item_shape[-1]


def build(config: TextClassifierConfig, item_shape: tuple[int, ...]) -> Any:
    raise SettingError(tr("A fine-tuned model is not built from settings alone."))


MODELS.register("text-classifier")(
    Network(
        config=TextClassifierConfig,
        build=build,
        code_size=lambda config: 0,
        shapes=lambda config, shape: [],
        parameters=count_parameters,
        can_decode=False,
        task="classify",
    )
)
