"""A causal language model on a person's text: how likely each token is, what could come next, and a
continuation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.evaluate.reading.encoding import context_of, encode, note_of
from selfsup_core.evaluate.reading.tokens import (
    bits_per_character,
    conditional_log_probabilities,
    perplexity,
    reshape_distribution,
)
from selfsup_core.features.token_text import PART, pieces_of, wholes_of
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

ALTERNATIVES = 5
MOST_BYTES = 4  # of a character


@dataclass(frozen=True)
class Reading:
    """A text as the model sees it.

    Attributes:
        pieces: (T,) the text of each token.
        log_p: (T,) ln P(token | what the model sees); NaN for a token that nothing predicts.
        alternatives: for each token the most likely ones at its place, [(text, P), …].
        spans: for each token its (first, one behind the last) character of the text.
        note: what was done to the text, or "".
        wholes: [(tokens, text), …] the tokens that hold whole characters together.
    """

    pieces: list[str]
    log_p: np.ndarray
    alternatives: list[list[tuple[str, float]]]
    spans: list[tuple[int, int]]
    note: str
    wholes: list[tuple[int, str]]

    @property
    def characters(self) -> int:
        """Characters of the tokens that have a probability."""
        spans = zip(self.spans, self.log_p, strict=True)
        return sum(end - start for (start, end), p in spans if not np.isnan(p))

    def summary(self) -> dict[str, float | None]:
        """log_probability (natural), perplexity, bits_per_character, and how many tokens they are of; None
        without any.
        """
        import torch

        known = torch.from_numpy(self.log_p[~np.isnan(self.log_p)])
        values = {
            "log_probability": float(known.sum()) if len(known) else None,
            "perplexity": perplexity(known),
            "bits_per_character": bits_per_character(known, self.characters),
        }
        finite = {k: v if v is not None and math.isfinite(v) else None for k, v in values.items()}
        return finite | {"tokens": len(known)}


def likeliest(tokenizer: Any, logits: torch.Tensor, count: int) -> list[list[tuple[str, float]]]:
    """(T, V) → for each place the most likely tokens, [(text, P), …]."""
    top = logits.float().softmax(dim=-1).topk(min(count, logits.shape[-1]))
    return [
        list(zip(pieces_of(tokenizer, row.tolist()), p.tolist(), strict=True))
        for row, p in zip(top.indices, top.values, strict=True)
    ]


def encode_end(model: Any, tokenizer: Any, text: str) -> list[int]:
    """Tokens to continue from. Raises DataError when there are none."""
    ids = encode(model, tokenizer, text, from_end=True).ids
    if not ids:
        raise DataError(tr("There is no text to continue."), code="no-text", remedy=tr("Type a few words."))
    return ids


def read_text(model: Any, tokenizer: Any, text: str) -> Reading:
    """How likely each token of a text is after those before it.

    Raises:
        DataError: there is no token in it.
    """
    import torch

    made = encode(model, tokenizer, text)
    if not made.own:
        raise DataError(tr("There is no text to read."), code="no-text", remedy=tr("Type a few words."))
    tensor = torch.tensor(made.ids)
    with torch.inference_mode():
        logits = model(tensor[None]).logits[0]
    log_p = conditional_log_probabilities(logits, tensor).numpy()
    others = likeliest(tokenizer, logits[:-1], ALTERNATIVES)
    if not made.before:  # nothing predicts the first token
        log_p, others = np.concatenate([[np.nan], log_p]), [[], *others]
    return Reading(
        pieces_of(tokenizer, made.own),
        log_p,
        others,
        made.spans,
        note_of(tokenizer, made),
        wholes_of(tokenizer, made.own),
    )


def next_logits(model: Any, tokenizer: Any, text: str) -> torch.Tensor:
    """(V,) logits of what comes after the text.

    Raises:
        DataError: the text is empty and the model has no token for a beginning.
    """
    import torch

    ids = encode_end(model, tokenizer, text)
    with torch.inference_mode():
        found: torch.Tensor = model(torch.tensor([ids])).logits[0, -1].float()
        return found


def predict_next(
    model: Any, tokenizer: Any, text: str, *, count: int = 15, **shape: Any
) -> list[tuple[str, float, float]]:
    """[(token, P by the model, P after temperature, top-k and top-p), …], most likely first."""
    logits = next_logits(model, tokenizer, text)
    plain, shaped = logits.double().softmax(dim=-1), reshape_distribution(logits, **shape)
    best = plain.topk(min(count, len(plain))).indices
    names = pieces_of(tokenizer, best.tolist())
    return list(zip(names, plain[best].tolist(), shaped[best].tolist(), strict=True))


@dataclass(frozen=True)
class Written:
    """A continuation.

    Attributes:
        pieces: [(text, P by the model before temperature, top-k and top-p), …], which make up the text.
        note: what the model could not see, or "".
    """

    pieces: list[tuple[str, float]]
    note: str

    @property
    def text(self) -> str:
        return "".join(piece for piece, _ in self.pieces)


def go_on(model: Any, tokenizer: Any, text: str, *, tokens: int = 20, seed: int = 0, **shape: Any) -> str:
    """The text of `write_on`."""
    return write_on(model, tokenizer, text, tokens=tokens, seed=seed, **shape).text


def write_on(
    model: Any, tokenizer: Any, text: str, *, tokens: int = 20, seed: int = 0, **shape: Any
) -> Written:
    """What the model writes after `text`, one drawn token at a time; ends early at an end-of-text token.

    A few tokens more are drawn where a character would be left half written. Beyond the model's context, only
    the newest tokens that fit are read, and the note says so.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    ids = encode_end(model, tokenizer, text)
    context = context_of(model, tokenizer)
    made: list[int] = []
    chances: list[float] = []
    cache, fresh, seen, is_cut = None, ids, len(ids), False
    with torch.inference_mode():
        while len(made) < tokens or (len(made) < tokens + MOST_BYTES and is_broken(tokenizer, made)):
            if seen > context or (cache is not None and seen >= context):
                cache, fresh, is_cut = None, [*ids, *made][-max(1, context // 2) :], True
                seen = len(fresh)
            out = model(torch.tensor([fresh]), past_key_values=cache, use_cache=True)
            logits = out.logits[0, -1].float()
            token = int(torch.multinomial(reshape_distribution(logits, **shape), 1, generator=generator))
            if token == tokenizer.eos_token_id:
                break
            made.append(token)
            chances.append(float(logits.double().softmax(dim=0)[token]))
            cache, fresh, seen = out.past_key_values, [token], seen + 1
    note = (
        tr(
            "The model reads {context:,} tokens at once: only the last ones of the text before were read."
        ).format(context=context)
        if is_cut
        else ""
    )
    return Written(pieces_written(tokenizer, ids, made, chances), note)


def is_broken(tokenizer: Any, made: list[int]) -> bool:
    """Whether the last tokens are only part of a character."""
    return bool(made) and tokenizer.decode(made[-MOST_BYTES:]).endswith(PART)


def pieces_written(
    tokenizer: Any, ids: list[int], made: list[int], chances: list[float]
) -> list[tuple[str, float]]:
    """[(text, P), …]. Decoded together with what came before, so that spaces and split characters come out
    right.
    """
    known = tokenizer.decode(ids, skip_special_tokens=True)
    pieces: list[tuple[str, float]] = []
    at = 0
    for end in range(1, len(made) + 1):
        whole = tokenizer.decode([*ids, *made[:end]], skip_special_tokens=True)
        if whole.endswith(PART):
            if end < len(made):
                continue
            whole = whole.rstrip(PART)  # never finished
        if len(whole) > len(known):
            pieces.append((whole[len(known) :], math.prod(chances[at:end])))
            at = end
        known = whole
    return pieces
