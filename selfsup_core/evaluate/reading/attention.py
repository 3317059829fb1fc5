"""What each token of a text looks at: one head of one layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading.characters import merge_square
from selfsup_core.evaluate.reading.encoding import encode, encode_masked, looks_ahead
from selfsup_core.features.token_text import wholes_of
from selfsup_core.translation import tr

MOST_ATTENTION = 64


def attention_of(
    model: Any, tokenizer: Any, text: str, *, layer: int, head: int
) -> tuple[list[str], np.ndarray]:
    """(T tokens, (T, T) float32): row i is the attention distribution of token i; tokens that share a
    character are one.

    Among the tokens up to itself in a causal model, among all in others. Marks that the model wants around a
    text are among them. At most 64 tokens.

    Raises:
        DataError: there is no text. SettingError: the model has no such layer or head.
    """
    import torch

    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    for name, value, count in (("layer", layer, layers), ("head", head, heads)):
        if not 0 <= value < count:
            raise SettingError(
                tr("{name} must be at least 0 and less than {count}; found {value}.").format(
                    name=name, count=count, value=value
                )
            )
    made = (encode_masked if looks_ahead(model) else encode)(model, tokenizer, text, most=MOST_ATTENTION)
    if not made.ids or (made.after and not made.own):
        raise DataError(tr("There is no text to read."), code="no-text", remedy=tr("Type a few words."))
    was = model.config._attn_implementation
    model.set_attn_implementation("eager")  # fused kernels do not return attention weights
    try:
        with torch.inference_mode():
            seen = model(torch.tensor([made.ids]), output_attentions=True).attentions
    finally:
        model.set_attn_implementation(was)
    if not seen or seen[layer] is None:
        raise DataError(tr("The layers of this model do not return their attention."), code="no-attention")
    wholes = wholes_of(tokenizer, made.ids)
    weights = merge_square(seen[layer][0, head].float().numpy(), [count for count, _ in wholes])
    return [text for _, text in wholes], weights
