"""A loaded language model that is trained further: all of its weights, or small additions to them (LoRA).

LoRA: W x becomes W x + (α / r) B A x with A (r × in) and B (out × r), B = 0 at first; only A and B are
trained.
[1] Gururangan et al.: Don't stop pretraining: adapt language models to domains and tasks, 2020
[2] Hu et al.: LoRA: low-rank adaptation of large language models, 2022
"""

from __future__ import annotations

from typing import Any, Literal

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.pretrained.language_models import BUILT_IN
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class PretrainedConfig(KindConfig):
    """Which model, and how much of it is trained."""

    kind: Literal["pretrained"] = setting("pretrained", "A pretrained language model.", title="Network")
    source: str = setting(
        "smollm2-135m-instruct",
        "A built-in model, a folder on this machine, hub:owner/name once fetched, or run:ID for a run of "
        "your own.",
        title="Model",
        min_length=1,
        max_length=500,
    )
    lora_rank: int = setting(
        8,
        "Rank of the small matrices that are trained beside the weights; 0 trains all weights.",
        title="LoRA rank",
        zero="all weights",
        why="LoRA trains under 1% of the weights, so a large model fits into memory and forgets little.",
        ge=0,
        le=256,
    )
    context: int = setting(
        128,
        "Tokens that the model sees at once, at most its own context.",
        title="Context",
        why="A longer context takes more time and memory per step.",
        ge=4,
        le=8192,
    )


def count_parameters(config: PretrainedConfig, item_shape: tuple[int, ...]) -> int:
    """Of a built-in model; of others it is known when the run starts."""
    return BUILT_IN[config.source].parameters if config.source in BUILT_IN else 0


def build(config: PretrainedConfig, item_shape: tuple[int, ...]) -> Any:
    raise SettingError(tr("A pretrained model is not built from settings."))


MODELS.register("pretrained")(
    Network(
        config=PretrainedConfig,
        build=build,
        code_size=lambda config: 0,
        shapes=lambda config, shape: [],
        parameters=count_parameters,
        can_decode=False,
        task="language",
    )
)
