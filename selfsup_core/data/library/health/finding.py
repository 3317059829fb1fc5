"""What a check of a data set finds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from typing_extensions import TypedDict

SHOWN = 12


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        level: "warning" (will hurt) or "note" (good to know).
        rows: some of the rows concerned, at most a dozen.
        mend: name of a mend in `mends.py` that is safe here, or "".
    """

    code: str
    level: str
    title: str
    why: str
    count: int
    rows: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    mend: str = ""


class FindingAbout(TypedDict):
    """A `Finding` in plain values, as it is kept beside the arrays."""

    code: str
    level: str
    title: str
    why: str
    count: int
    rows: list[int]
    names: list[str]
    mend: str


def some(rows: np.ndarray) -> list[int]:
    return [int(row) for row in rows[:SHOWN]]


SIGNED = re.compile(r"^[+-]?\d")


def plain_name(name: str) -> str:
    """A class's name without what is mere spelling; the sign of a number is not."""
    if SIGNED.match(name.strip()):
        return name.strip()
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
