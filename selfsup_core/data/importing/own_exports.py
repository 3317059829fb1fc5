"""Files that the studio has written itself, added again: which of their columns are to be learned from.

Pseudo-labels say much of each label, and points of a map stand beside their vectors; neither is a feature.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container

import numpy as np

from selfsup_core.data.details import ColumnAbout
from selfsup_core.translation import tr

PSEUDO = frozenset(["row", "confidence", "kept", "weight", "first_round", "proposers", "run", "epoch"])
TRUTH = "truth"
PART = "part"  # which files of before do not have
COMPLETED = frozenset(["label_from", "prediction", "prediction_confidence"])  # beside completed labels
VECTOR = re.compile(r"^vector \d+$")
TEXTS_JSON = "texts_json"  # in NPZ: the texts that vectors stand for, as bytes of a JSON list
IDS = ("row", "id", "ids", "index")


def ignore_own(columns: list[ColumnAbout]) -> list[ColumnAbout]:
    """The columns with those ignored that the studio has written for people to read."""
    names = {c["name"] for c in columns}
    if names >= PSEUDO:
        return [
            {**c, "role": "ignore", "reason": tr("about the pseudo-label")}
            if c["name"] in PSEUDO | COMPLETED | {TRUTH, PART}
            else c
            for c in columns
        ]
    if names >= COMPLETED:
        return [
            {**c, "role": "ignore", "reason": tr("about the label")} if c["name"] in COMPLETED else c
            for c in columns
        ]
    if holds_vectors(names) and "row" in names:
        return [
            c
            if VECTOR.match(c["name"]) or c["role"] in ("label", "text")
            else {**c, "role": "id", "reason": tr("numbers the rows")}
            if c["name"] == "row"
            else {**c, "role": "ignore", "reason": tr("beside the vectors")}
            for c in columns
        ]
    return columns


def holds_vectors(names: Container[str]) -> bool:
    return "vector 1" in names


def texts_of(array: np.ndarray, rows: int) -> list[str] | None:
    """The texts in (bytes,) uint8 of a JSON list; None where it is something else, or of another length."""
    if array.dtype != np.uint8 or array.ndim != 1:
        return None
    try:
        found = json.loads(array.tobytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != rows or not all(isinstance(one, str) for one in found):
        return None
    return [one.encode("utf-8", "replace").decode() for one in found]
