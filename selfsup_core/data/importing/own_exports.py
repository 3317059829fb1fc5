"""Files that the studio has written itself, added again: which of their columns are to be learned from.

Pseudo-labels say much of each label, and points of a map stand beside their vectors; neither is a feature.
"""

from __future__ import annotations

import re
from collections.abc import Container

from selfsup_core.data.details import ColumnAbout

PSEUDO = frozenset(["row", "confidence", "kept", "weight", "first_round", "proposers", "run", "epoch"])
TRUTH = "truth"
VECTOR = re.compile(r"^vector \d+$")
IDS = ("row", "id", "ids", "index")


def ignore_own(columns: list[ColumnAbout]) -> list[ColumnAbout]:
    """The columns with those ignored that the studio has written for people to read."""
    names = {c["name"] for c in columns}
    if names >= PSEUDO:
        return [
            {**c, "role": "ignore", "reason": "about the pseudo-label"}
            if c["name"] in PSEUDO | {TRUTH}
            else c
            for c in columns
        ]
    if holds_vectors(names) and "row" in names:
        return [
            c
            if VECTOR.match(c["name"]) or c["role"] in ("label", "text")
            else {**c, "role": "id", "reason": "numbers the rows"}
            if c["name"] == "row"
            else {**c, "role": "ignore", "reason": "beside the vectors"}
            for c in columns
        ]
    return columns


def holds_vectors(names: Container[str]) -> bool:
    return "vector 1" in names
