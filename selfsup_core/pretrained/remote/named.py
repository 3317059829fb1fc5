"""How likely a server's own log-probabilities make the class that an answer names, beside the other classes.

p_c = Σ P(token | answer so far) over the tokens with which the name of class c alone begins or goes on, as a
share of that of all classes. Only the likeliest tokens of each place are sent, so what is not among them
counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from selfsup_core.pretrained.remote.probabilities import log_p_of
from selfsup_core.pretrained.zero_shot import EDGES

Token = tuple[str, float, dict[str, float]]  # as it was written, its P, and P of the likeliest at its place


def read_tokens(found: Any) -> list[Token]:
    """Of the `logprobs` of a chat answer; [] where there are none, or not of every token."""
    content = found.get("content") if isinstance(found, dict) else None
    tokens: list[Token] = []
    for entry in content if isinstance(content, list) else []:
        own = log_p_of(entry.get("logprob")) if isinstance(entry, dict) else None
        if own is None or not isinstance(entry.get("token"), str):
            return []
        tops = entry.get("top_logprobs")
        there = {
            str(top.get("token")): math.exp(value)
            for top in (tops if isinstance(tops, list) else [])
            if isinstance(top, dict) and (value := log_p_of(top.get("logprob"))) is not None
        }
        tokens.append((entry["token"], math.exp(own), there | {entry["token"]: math.exp(own)}))
    return tokens


def class_probabilities(
    tokens: Sequence[Token], answer: str, label: int, classes: Sequence[str]
) -> tuple[float, ...] | None:
    """(C,) of the classes where the answer names one; None where its tokens do not tell.

    Args:
        tokens: of `answer`, which names the class `label`.
    """
    names = [name.casefold() for name in classes]
    written = "".join(text for text, _, _ in tokens)
    at = written.casefold().rfind(names[label])
    if at < 0 or written.strip() != answer.strip() or len(written) != len(written.casefold()):
        return None
    start = 0
    found, left, path = [0.0] * len(names), 1.0, ""
    candidates = list(range(len(names)))
    for text, own, there in tokens:
        end = start + len(text)
        if end <= at:
            start = end
            continue
        begin = written[start:at] if start < at else ""  # a space or a mark before the name
        if begin.strip(EDGES):
            return None  # the name begins within a token
        for other, p in there.items():
            said = path + (other if path else other.lstrip(EDGES)).casefold()
            mine = [
                c for c in candidates if said and (names[c].startswith(said) or said.startswith(names[c]))
            ]
            if other == text:
                going_on = mine
                continue
            for c in mine:
                found[c] += left * p / len(mine)
        left *= own
        path += (text if path else text.lstrip(EDGES)).casefold()
        candidates = going_on
        start = end
        if candidates == [label] or len(path) >= len(names[label]):
            break
    found[label] += left
    total = sum(found)
    return tuple(round(p / total, 5) for p in found) if total > 0 else None
