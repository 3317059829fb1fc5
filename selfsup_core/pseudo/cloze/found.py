"""What can be left out of a sentence."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["date", "number", "place", "name", "phrase"]


class Found(NamedTuple):
    """Characters [start, end) of a passage, and what they are.

    Attributes:
        cue: what stands before it and tells of its kind ("in", "at"), or what a number counts ("metres").
    """

    start: int
    end: int
    kind: Kind
    cue: str = ""
