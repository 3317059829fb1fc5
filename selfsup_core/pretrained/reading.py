"""What a language model says of a text: one shape, whether it is on this machine or behind an endpoint."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

Likely = list[tuple[str, float]]  # (token, P), the most likely first


class Totals(TypedDict):
    """Of a whole text; numbers are None where there is nothing to sum, or they are not finite.
    log_probability: natural.
    """

    log_probability: float | None
    perplexity: float | None
    bits_per_character: float | None
    tokens: int


class TokenReading(Totals):
    """Of each token: its text, ln P (None where nothing predicts it), and the most likely ones at its
    place.
    """

    pieces: list[str]
    log_p: list[float | None]
    alternatives: list[Likely]


class NotedReading(TokenReading):
    """note: what was done to the text, or ""."""

    note: str


class Reading(NotedReading):
    """As the question `read` answers it.

    Attributes:
        spans: characters of each token, empty where they are not pieces of the text.
        wholes: (tokens, text) that hold whole characters together.
        kind: "causal" or "masked". epoch: of a run; None where there is none.
    """

    spans: list[tuple[int, int]]
    wholes: NotRequired[list[tuple[int, str]]]
    kind: str
    title: str
    epoch: int | None


class NextTokens(TypedDict):
    """What could come next."""

    next: Likely
    note: str
