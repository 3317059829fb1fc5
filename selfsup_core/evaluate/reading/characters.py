"""A reading for display: tokens that share a character are one piece, with the product of their
probabilities.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from selfsup_core.pretrained.reading import Likely, Reading


def whole_characters(reading: Reading) -> Reading:
    """The reading with its `wholes` [(tokens, text), …] as pieces; without them as it is."""
    wholes = reading.get("wholes")
    if not wholes:
        return reading
    pieces: list[str] = []
    log_p: list[float | None] = []
    alternatives: list[Likely] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for count, text in wholes:
        values = reading["log_p"][at : at + count]
        pieces.append(text)
        known = [value for value in values if value is not None]
        log_p.append(sum(known) if len(known) == len(values) else None)
        alternatives.append(reading["alternatives"][at])
        if reading["spans"]:
            spans.append((reading["spans"][at][0], reading["spans"][at + count - 1][1]))
        at += count
    shown = {"pieces": pieces, "log_p": log_p, "alternatives": alternatives, "spans": spans}
    return cast("Reading", {k: v for k, v in reading.items() if k != "wholes"} | shown)


def wholes_of_spans(spans: list[tuple[int, int]], text: str) -> list[tuple[int, str]]:
    """As `wholes_of`, of tokens that stand at the same characters of a text."""
    found: list[tuple[int, str]] = []
    before: tuple[int, int] | None = None
    for span in spans:
        if span == before:
            found[-1] = (found[-1][0] + 1, found[-1][1])
        else:
            found.append((1, text[span[0] : span[1]]))
        before = span
    return found


def merge_square(weights: np.ndarray, counts: list[int]) -> np.ndarray:
    """(T, T) shares of attention → (W, W): rows of a whole are averaged, its columns summed, so rows still
    sum alike.
    """
    starts = np.cumsum([0, *counts[:-1]])
    columns = np.add.reduceat(weights, starts, axis=1)
    merged: np.ndarray = np.add.reduceat(columns, starts, axis=0) / np.array(counts)[:, None]
    return merged.astype(weights.dtype)
