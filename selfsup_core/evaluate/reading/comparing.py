"""Two models on the same text, whatever their tokens: cut where a token ends in both, P of each part side by
side.

ln P(part) is the sum over its tokens, so parts of different tokenizers can be compared. Bits a character are,
too; perplexity is for a token and is not, unless the tokens are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from typing_extensions import TypedDict

from selfsup_core.pretrained.reading import Reading, Totals


@dataclass(frozen=True)
class Part:
    """Characters `start` to `stop` of the text, with ln P by either model."""

    text: str
    start: int
    stop: int
    log_p: tuple[float, float]

    @property
    def difference(self) -> float:
        """By how much the first model finds it likelier, in nats."""
        return self.log_p[0] - self.log_p[1]


class PartAbout(TypedDict):
    """A `Part` in plain values."""

    text: str
    start: int
    stop: int
    log_p: list[float]
    difference: float


class Comparison(TypedDict):
    """Two readings over the `characters` that both predict; totals: of each, perplexity of its own tokens."""

    same_tokens: bool
    parts: list[PartAbout]
    totals: list[Totals]
    characters: int


def has_same_tokens(a: Reading, b: Reading) -> bool:
    return a["pieces"] == b["pieces"]


def spans_of(pieces: list[str], text: str) -> list[tuple[int, int]] | None:
    """Where pieces of a text stand in it, or None when they are not its own.

    Pieces with ⍰ (bytes of a character) share the characters up to the next piece that can be found.
    """
    spans: list[tuple[int, int]] = []
    at, waiting = 0, 0
    for piece in pieces:
        if "⍰" in piece or not piece:
            waiting += 1
            continue
        found = text.find(piece, at) if waiting else at if text.startswith(piece, at) else -1
        if found < 0:
            return None
        spans += [(at, found)] * waiting
        at, waiting = found + len(piece), 0
        spans.append((found, at))
    return spans + [(at, len(text))] * waiting


def parts_of(a: Reading, b: Reading, text: str) -> list[Part]:
    """The finest parts that both readings know; what one of them did not predict, or did not read, is left
    out.

    Args:
        a, b: with `spans` and `log_p`, as the tool `read` gives them; without spans nothing can be laid side
        by side.
    """
    if not a["spans"] or not b["spans"]:
        return []
    sums = [running(reading) for reading in (a, b)]
    cuts = sorted(set(sums[0]) & set(sums[1]))
    parts = []
    for start, stop in pairwise(cuts):
        both = []
        for known in sums:
            (before, unknown_before), (after, unknown) = known[start], known[stop]
            both.append(None if unknown > unknown_before else after - before)
        if both[0] is not None and both[1] is not None:
            parts.append(Part(text[start:stop], start, stop, (both[0], both[1])))
    return parts


def running(reading: Reading) -> dict[int, tuple[float, int]]:
    """Character → (Σ ln P of the tokens that end there or before, how many of them have none)."""
    total, unknown = 0.0, 0
    first = reading["spans"][0][0]
    found: dict[int, tuple[float, int]] = {first: (0.0, 0)}
    for (_, stop), value in zip(reading["spans"], reading["log_p"], strict=True):
        total += value or 0.0
        unknown += value is None
        if stop > first:  # tokens without a character belong to the ones that follow
            found[stop] = (total, unknown)
    return found


def compare_readings(a: Reading, b: Reading, text: str) -> Comparison:
    """Two readings over the characters that both predict."""
    parts = parts_of(a, b, text)
    characters = sum(part.stop - part.start for part in parts)
    totals: list[Totals] = []
    for index, reading in enumerate((a, b)):
        total = math.fsum(part.log_p[index] for part in parts)
        tokens = sum(
            any(part.start < stop <= part.stop for part in parts)
            for (_, stop), value in zip(reading["spans"], reading["log_p"], strict=False)
            if value is not None
        )
        mean = -total / tokens if tokens else math.inf
        totals.append(
            {
                "log_probability": total if parts else None,
                "perplexity": math.exp(mean) if mean < 700 else None,
                "bits_per_character": -total / math.log(2) / characters if characters else None,
                "tokens": tokens,
            }
        )
    rows: list[PartAbout] = [
        {
            "text": part.text,
            "start": part.start,
            "stop": part.stop,
            "log_p": list(part.log_p),
            "difference": part.difference,
        }
        for part in parts
    ]
    return {
        "same_tokens": has_same_tokens(a, b),
        "parts": rows,
        "totals": totals,
        "characters": characters,
    }
