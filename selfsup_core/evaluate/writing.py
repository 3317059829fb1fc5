"""A causal language model on a person's text: how likely each token is, what could come next, and a continuation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.tokens import (
    bits_per_character,
    conditional_log_probabilities,
    perplexity,
    reshape_distribution,
)

if TYPE_CHECKING:
    import torch

MOST_TOKENS = 512
MOST_ATTENTION = 64
ALTERNATIVES = 5


@dataclass(frozen=True)
class Reading:
    """A text as the model sees it.

    Attributes:
        pieces: (T,) the text of each token.
        log_p: (T,) ln P(token | all before it); NaN for a first token that nothing comes before.
        alternatives: for each token the most likely ones at its place, [(text, P), …].
        note: what was done to the text, or "".
    """

    pieces: list[str]
    log_p: np.ndarray
    alternatives: list[list[tuple[str, float]]]
    characters: int
    note: str

    def summary(self) -> dict[str, float | None]:
        """log_probability (natural), perplexity, bits_per_character, and how many tokens they are of; None without any."""
        import torch

        known = torch.from_numpy(self.log_p[~np.isnan(self.log_p)])
        # A first token that nothing foretells is left out of the characters, too.
        characters = self.characters - sum(
            len(piece) for piece, p in zip(self.pieces, self.log_p, strict=True) if np.isnan(p)
        )
        values = {
            "log_probability": float(known.sum()) if len(known) else None,
            "perplexity": perplexity(known),
            "bits_per_character": bits_per_character(known, characters),
        }
        finite = {k: v if v is not None and math.isfinite(v) else None for k, v in values.items()}
        return finite | {"tokens": len(known)}


def context_of(model: Any) -> int:
    """Tokens that fit into the model's context."""
    return int(getattr(model.config, "max_position_embeddings", 0) or MOST_TOKENS)


def encode(
    model: Any, tokenizer: Any, text: str, *, most: int = MOST_TOKENS, from_end: bool = False
) -> tuple[list[int], bool, str]:
    """(token ids, whether a beginning-of-text token stands before them, what was left out in words or "").

    Of a text with more tokens than `most`, or than the model's context, the first ones stay, or the last ones.
    """
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    start, note = tokenizer.bos_token_id, ""
    room = min(most, context_of(model)) - (start is not None)
    if len(ids) > room:
        note = f"The {'last' if from_end else 'first'} {room} of {len(ids):,} tokens."
        ids = ids[-room:] if from_end else ids[:room]
    return ([start, *ids], True, note) if start is not None else (ids, False, note)


def encode_end(model: Any, tokenizer: Any, text: str) -> list[int]:
    """Tokens to go on from. Raises DataError when there are none."""
    ids = encode(model, tokenizer, text, from_end=True)[0]
    if not ids:
        raise DataError(
            "There is no text to go on from.", code="no-text", remedy="Type a few words."
        )
    return ids


def pieces_of(tokenizer: Any, ids: list[int]) -> list[str]:
    """Text of each token; a character whose bytes are spread over several tokens shows as ⍰ until its last one."""
    return [tokenizer.decode([i]).replace("\ufffd", "⍰") for i in ids]


def read_text(model: Any, tokenizer: Any, text: str) -> Reading:
    """How likely each token of a text is after those before it.

    Raises:
        DataError: there is no token in it.
    """
    import torch

    ids, has_start, note = encode(model, tokenizer, text)
    if len(ids) - has_start < 1:
        raise DataError("There is no text to read.", code="no-text", remedy="Type a few words.")
    tensor = torch.tensor(ids)
    with torch.inference_mode():
        logits = model(tensor[None]).logits[0]
    log_p = conditional_log_probabilities(logits, tensor).numpy()
    top = logits[:-1].float().softmax(dim=-1).topk(min(ALTERNATIVES, logits.shape[1]))
    others = [
        list(zip(pieces_of(tokenizer, row.tolist()), p.tolist(), strict=True))
        for row, p in zip(top.indices, top.values, strict=True)
    ]
    shown = ids[has_start:]
    if not has_start:  # nothing foretells the first token
        log_p, others = np.concatenate([[np.nan], log_p]), [[], *others]
    pieces = pieces_of(tokenizer, shown)
    return Reading(pieces, log_p, others, len(tokenizer.decode(shown)), note)


def attention_of(
    model: Any, tokenizer: Any, text: str, *, layer: int, head: int
) -> tuple[list[str], np.ndarray]:
    """(T tokens, (T, T) float32): row i says how token i shares its attention among the tokens up to itself.

    A beginning-of-text token, where there is one, is the first of them. At most 64 tokens.

    Raises:
        DataError: there is no text. SettingError: the model has no such layer or head.
    """
    import torch

    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    for name, value, count in (("layer", layer, layers), ("head", head, heads)):
        if not 0 <= value < count:
            raise SettingError(f"{name} must be at least 0 and less than {count}; found {value}.")
    ids = encode(model, tokenizer, text, most=MOST_ATTENTION)[0]
    if not ids:
        raise DataError("There is no text to read.", code="no-text", remedy="Type a few words.")
    was = model.config._attn_implementation
    model.set_attn_implementation("eager")  # the quick kernels do not keep what they computed
    try:
        with torch.inference_mode():
            found = model(torch.tensor([ids]), output_attentions=True).attentions[layer][0, head]
    finally:
        model.set_attn_implementation(was)
    return pieces_of(tokenizer, ids), found.float().numpy()


def next_logits(model: Any, tokenizer: Any, text: str) -> torch.Tensor:
    """(V,) logits of what comes after the text.

    Raises:
        DataError: the text is empty and the model has no token for a beginning.
    """
    import torch

    ids = encode_end(model, tokenizer, text)
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0, -1].float()


def foretell(
    model: Any, tokenizer: Any, text: str, *, count: int = 15, **shape: Any
) -> list[tuple[str, float, float]]:
    """[(token, P by the model, P after temperature, top-k and top-p), …], most likely first."""
    logits = next_logits(model, tokenizer, text)
    plain, shaped = logits.double().softmax(dim=-1), reshape_distribution(logits, **shape)
    best = plain.topk(min(count, len(plain))).indices
    names = pieces_of(tokenizer, best.tolist())
    return list(zip(names, plain[best].tolist(), shaped[best].tolist(), strict=True))


def go_on(
    model: Any, tokenizer: Any, text: str, *, tokens: int = 20, seed: int = 0, **shape: Any
) -> str:
    """The text that the model writes after `text`, one drawn token at a time; ends early at an end-of-text token."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    ids = encode_end(model, tokenizer, text)
    made: list[int] = []
    context, cache, fresh = context_of(model), None, ids
    with torch.inference_mode():
        for _ in range(tokens):
            if len(ids) + len(made) >= context:
                cache, fresh = None, [*ids, *made][-(context // 2) :]
            out = model(torch.tensor([fresh]), past_key_values=cache, use_cache=True)
            p = reshape_distribution(out.logits[0, -1].float(), **shape)
            token = int(torch.multinomial(p, 1, generator=generator))
            if token == tokenizer.eos_token_id:
                break
            made.append(token)
            cache, fresh = out.past_key_values, [token]
    # Decoded together with what came before, so that spaces and split characters come out right.
    return tokenizer.decode([*ids, *made], skip_special_tokens=True)[
        len(tokenizer.decode(ids, skip_special_tokens=True)) :
    ]
