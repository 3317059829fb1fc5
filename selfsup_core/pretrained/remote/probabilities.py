"""Log-probabilities in a server's answer, as the studio's own readings give them.

Completions: tokens, token_logprobs and top_logprobs [{text: ln P}] side by side; chat: content [{token,
logprob, top_logprobs}].
"""

from __future__ import annotations

import math
from typing import Any

from selfsup_core.pretrained.reading import TokenReading, Totals
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.translation import tr

ALTERNATIVES = 5
SLACK = 0.01  # ln P: what rounding may take from the most likely token


def no_log_probabilities(host: str, said: str = "") -> RemoteError:
    return RemoteError(
        tr("{host} does not return log-probabilities of a text{value}.").format(
            host=host, value=f": {said}" if said else ""
        ),
        code="remote-no-logprobs",
        remedy=tr("vLLM does, and llama-cpp-python with logits_all; or use a model on this machine."),
    )


def log_p_of(value: Any) -> float | None:
    """A finite ln P, or None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(0.0, float(value)) if is_number and math.isfinite(value) else None


def shown(token: str) -> str:
    """A token as the studio shows it: part of a character's bytes as ⍰, where servers put nothing or a
    mark.
    """
    return token.replace("\ufffd", "⍰") or "⍰"


def likeliest(row: Any, count: int | None = None) -> list[tuple[str, float]]:
    """[(token, P), …], most likely first, of a {token: ln P}."""
    if not isinstance(row, dict):
        return []
    known = [(shown(str(token)), log_p_of(value)) for token, value in row.items()]
    ranked = sorted(((t, math.exp(v)) for t, v in known if v is not None), key=lambda pair: -pair[1])
    return ranked[:count]


def read_echo(
    choice: dict[str, object], usage: dict[str, object], text: str, start: str, host: str
) -> TokenReading:
    """The reading of a prompt that was sent back with log-probabilities and one token more.

    Args:
        choice: of a completion with `echo` and `logprobs`.
        start: stood before the text and is not a part of it.

    Raises:
        RemoteError: there are none of the prompt, or they are not those of its tokens.
    """
    found = choice.get("logprobs")
    found = found if isinstance(found, dict) else {}
    columns = [found.get(key) for key in ("tokens", "token_logprobs", "top_logprobs")]
    tokens, values, tops = [column if isinstance(column, list) else [] for column in columns]
    tops = tops or [None] * len(tokens)
    if not tokens or len({len(tokens), len(values), len(tops)}) > 1:
        raise no_log_probabilities(host)
    made = made_tokens(found, usage, len(start) + len(text), len(tokens))
    if made and not is_likeliest(values[-1], tops[-1]):
        # Written at temperature 0, it must be the most likely. llama-cpp-python shifts the numbers by a token
        # where no beginning stands.
        raise RemoteError(
            tr("{host} returns log-probabilities that do not belong to its tokens.").format(host=host),
            code="remote-no-logprobs",
            remedy=tr(
                "Set the model's beginning-of-text token as the beginning of text (start), such as <s>."
            ),
        )
    read = len(tokens) - made
    pieces = [str(token) for token in tokens[:read]]
    log_p, others = [log_p_of(v) for v in values[:read]], [likeliest(t, ALTERNATIVES) for t in tops[:read]]
    while pieces and pieces[0] and start.startswith(pieces[0]):
        start = start[len(pieces[0]) :]
        del pieces[0], log_p[0], others[0]
    if pieces and log_p[0] is None and pieces[0] and not text.startswith(pieces[0]):
        del pieces[0], log_p[0], others[0]  # a beginning that the server put there
    pieces = [shown(piece) for piece in pieces]
    if not any(value is not None for value in log_p):
        raise no_log_probabilities(host)
    # What nothing predicts is left out of the characters, too.
    characters = len(text) - sum(len(p) for p, v in zip(pieces, log_p, strict=True) if v is None)
    return {"pieces": pieces, "log_p": log_p, "alternatives": others, **summary(log_p, characters)}


def made_tokens(found: dict[str, object], usage: dict[str, object], end: int, count: int) -> int:
    """How many of the last tokens the model wrote itself: 0 or 1, when it is not counted by the server."""
    made = usage.get("completion_tokens")
    if isinstance(made, int) and 0 <= made <= count:
        return made
    offsets = found.get("text_offset")
    if isinstance(offsets, list) and offsets and isinstance(offsets[-1], int):
        return int(offsets[-1] >= end)
    return 1


def is_likeliest(value: Any, top: Any) -> bool:
    best = likeliest(top, 1)
    own = log_p_of(value)
    return not best or own is None or own >= math.log(max(best[0][1], 1e-300)) - SLACK


def summary(log_p: list[float | None], characters: int) -> Totals:
    """As of `evaluate.writing`."""
    known = [value for value in log_p if value is not None]
    total = sum(known)
    mean = -total / len(known) if known else math.inf
    return {
        "log_probability": total if known else None,
        "perplexity": math.exp(mean) if mean < 700 else None,
        "bits_per_character": -total / math.log(2) / characters if characters > 0 else None,
        "tokens": len(known),
    }


def read_next(found: Any) -> list[tuple[str, float]]:
    """[(token, P), …] of the first token that was written, from either kind of answer; [] without any."""
    if not isinstance(found, dict):
        return []
    tops = found.get("top_logprobs")
    if isinstance(tops, list) and tops:
        return likeliest(tops[0])
    content = found.get("content")
    if isinstance(content, list) and content and isinstance(content[0], dict):
        entries = content[0].get("top_logprobs")
        entries = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        return likeliest({str(e.get("token")): e.get("logprob") for e in entries})
    return []
