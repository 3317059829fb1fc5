"""LoRA: small trainable matrices beside the frozen weights of a transformer.

[1] Hu et al.: LoRA: low-rank adaptation of large language models, 2022
"""

from __future__ import annotations

from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LORA_ALPHA = 2  # α / r


def add_lora(model: Any, rank: int) -> Any:
    """The model with trainable additions to all its linear layers but the output; everything else is frozen.

    Raises:
        DataError: it has no layer that they could be added to.
    """
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=rank,
        lora_alpha=LORA_ALPHA * rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        bias="none",
        # GPT-2's layers hold their weights the other way round.
        fan_in_fan_out=any(type(m).__name__ == "Conv1D" for m in model.modules()),
    )
    try:
        return get_peft_model(model, settings)
    except ValueError as error:
        raise DataError(
            tr("This model has no layer for LoRA."),
            code="no-lora",
            remedy=tr("Train all weights: set LoRA rank (model.lora_rank) to 0."),
        ) from error
