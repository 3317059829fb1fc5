"""Rows of the table, what they hold, and how they are printed."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from benchmarks.size import is_toy


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        claim: what was measured.
        found: the outcome, in words.
        target: what it should be; "" when nothing was promised.
        is_met: whether it is; None when nothing was promised.
        figures: the numbers behind `found`, by the names in the benchmark's `COLUMNS`.
        left_out: columns that could not be measured here; `found` says why.
    """

    claim: str
    found: str
    target: str = ""
    is_met: bool | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"figures": {name: float(value) for name, value in self.figures.items()}}


def left_out(claim: str, why: str, columns: Sequence[str]) -> Row:
    """A row for what could not be measured on this machine."""
    return Row(claim, f"left out: {why}", left_out=tuple(columns))


def header() -> str:
    """What the figures were taken on."""
    packages = ", ".join(f"{n} {version(n)}" for n in ("torch", "streamlit", "plotly", "numpy"))
    size = "toy size, so that no figure says anything about speed; " if is_toy() else ""
    return (
        f"{size}Python {platform.python_version()}, {packages}; {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load before the start {os.getloadavg()[0]:.1f}"
    )


def show(rows: Sequence[Row]) -> None:
    """Print rows below each other; at toy size targets are shown but not judged."""
    width = max((len(row.claim) for row in rows), default=0)
    for row in rows:
        mark = {True: "met", False: "NOT MET", None: ""}[None if is_toy() else row.is_met]
        print(f"{row.claim:<{width}}  {row.found}  {row.target}  {mark}".rstrip(), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the others lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def spread(values: Sequence[float]) -> str:
    """Median with the range."""
    return f"{percentile(values, 0.5):.2f} ({min(values):.2f} to {max(values):.2f})"
