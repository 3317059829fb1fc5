"""A masked language model on a person's text: each token from all others, and what could stand in a gap.

Pseudo-log-likelihood: PLL(w) = Σ ln P(wᵢ | w without wᵢ), each place hidden in turn [1]; pseudo-perplexity
exp(−PLL ÷ n).
These are not probabilities of the text: they do not multiply to P(w), and are not comparable with those of
causal models. In a word of several tokens, each is easy to guess from the others, so rare words look too
likely [2].
[1] Salazar et al.: Masked language model scoring, 2020
[2] Kauf, Ivanova: A better way to do masked language model scoring, 2023
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.reading.encoding import Encoded, encode_masked, note_of
from selfsup_core.evaluate.reading.tokens import reshape_distribution
from selfsup_core.evaluate.reading.writing import ALTERNATIVES, Reading, likeliest
from selfsup_core.features.token_text import pieces_of, wholes_of
from selfsup_core.translation import tr

MOST_MASKED = 128  # the work grows with the square of it
BATCH_TOKENS = 2048


def encode_some(model: Any, tokenizer: Any, text: str) -> Encoded:
    if tokenizer.mask_token_id is None:
        raise DataError(tr("This model's tokenizer has no mask token."), code="no-mask")
    made = encode_masked(model, tokenizer, text, most=MOST_MASKED)
    if not made.own:
        raise DataError(tr("There is no text to read."), code="no-text", remedy=tr("Type a few words."))
    return made


def hidden_logits(model: Any, tokenizer: Any, made: Encoded, places: list[int]) -> Any:
    """(P, V) logits at places of the text, each of them hidden from the model in a pass of its own."""
    import torch

    ids = torch.tensor(made.ids)
    at = torch.tensor(places) + made.before
    found = []
    size = max(1, BATCH_TOKENS // len(ids))
    with torch.inference_mode():
        for part in at.split(size):  # type: ignore[no-untyped-call]  # torch has no types there
            rows = torch.arange(len(part))
            batch = ids.repeat(len(part), 1)
            batch[rows, part] = tokenizer.mask_token_id
            found.append(model(batch).logits[rows, part].float())
    return torch.cat(found)


def read_masked(model: Any, tokenizer: Any, text: str) -> Reading:
    """How likely each token of a text is, given all others; a gap ([MASK]) has no probability but guesses.

    Raises:
        DataError: there is no token in it, or the model has no token for a gap.
    """
    import torch

    made = encode_some(model, tokenizer, text)
    logits = hidden_logits(model, tokenizer, made, list(range(len(made.own))))
    own = torch.tensor(made.own)
    log_p = logits.double().log_softmax(dim=-1).gather(1, own[:, None])[:, 0].numpy()
    log_p[own.numpy() == tokenizer.mask_token_id] = np.nan
    others = likeliest(tokenizer, logits, ALTERNATIVES)
    return Reading(
        pieces_of(tokenizer, made.own),
        log_p,
        others,
        made.spans,
        note_of(tokenizer, made),
        wholes_of(tokenizer, made.own),
    )


def choose_place(made: Encoded, mask: int, place: int | None) -> int:
    """The place asked for; without one the first gap, or the last token.

    Raises:
        SettingError: there is no such place.
    """
    if place is None:
        return made.own.index(mask) if mask in made.own else len(made.own) - 1
    if not 0 <= place < len(made.own):
        raise SettingError(
            tr("place must be at least 0 and less than {count}; found {place}.").format(
                count=len(made.own), place=place
            )
        )
    return place


def fill(
    model: Any,
    tokenizer: Any,
    text: str,
    *,
    place: int | None = None,
    count: int = 15,
    **shape: Any,
) -> tuple[int, list[tuple[str, float, float]]]:
    """(the place, [(token, P by the model, P after temperature, top-k and top-p), …], most likely first).

    Args:
        place: which token is hidden, from 0; None for the first gap, or the last token where there is no gap.

    Raises:
        DataError: there is no text. SettingError: there is no such place.
    """
    made = encode_some(model, tokenizer, text)
    place = choose_place(made, tokenizer.mask_token_id, place)
    logits = hidden_logits(model, tokenizer, made, [place])[0]
    plain, shaped = logits.double().softmax(dim=-1), reshape_distribution(logits, **shape)
    best = plain.topk(min(count, len(plain))).indices
    names = pieces_of(tokenizer, best.tolist())
    return place, list(zip(names, plain[best].tolist(), shaped[best].tolist(), strict=True))
