"""Rows of the table, and how they are printed."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Row:
    """A claim, what was found, and what it should be ("" when nothing was promised)."""

    claim: str
    found: str
    target: str = ""
    is_met: bool | None = None


def header() -> str:
    """What the figures were taken on."""
    packages = ", ".join(f"{n} {version(n)}" for n in ("torch", "streamlit", "plotly", "numpy"))
    return (
        f"Python {platform.python_version()}, {packages}; {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load before the start {os.getloadavg()[0]:.1f}"
    )


def show(rows: list[Row]) -> None:
    width = max(len(row.claim) for row in rows)
    for row in rows:
        mark = {True: "met", False: "NOT MET", None: ""}[row.is_met]
        print(f"{row.claim:<{width}}  {row.found}  {row.target}  {mark}".rstrip(), flush=True)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def spread(values: list[float]) -> str:
    """Median with the range."""
    return f"{percentile(values, 0.5):.2f} ({min(values):.2f} to {max(values):.2f})"
