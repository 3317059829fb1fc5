"""Numbers in texts: one format for shares, one for counts."""

from __future__ import annotations

import math

from selfsup_core.translation import tr_later

ROW = tr_later("Row (from 0)")  # over numbers of rows: they count from 0 everywhere, as --row and files do


def percent(share: float | None, decimals: int = 0) -> str:
    """0.883 → "88%", with one decimal "88.3%".

    What is not quite 0 or 1 is never rounded to it: "under 1%", "over 99%". Where there is no number: "–".
    """
    if share is None or share != share:
        return "–"
    least = 10.0**-decimals
    text = f"{100 * share:.{decimals}f}%"
    if share > 1e-9 and 100 * share < least and text == f"{0:.{decimals}f}%":
        return f"under {least:.{decimals}f}%"
    if share < 1 - 1e-9 and text == f"{100:.{decimals}f}%":
        return f"over {100 - least:.{decimals}f}%"
    return text


def brief(value: float, digits: int = 3) -> str:
    """So many digits, in powers of ten only where need be: "0.00123", "1,120", "2.2 × 10^21"."""
    size = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
    if not -5 < size < 7:
        return f"{value / 10.0**size:.{max(0, min(digits, 2) - 1)}f} × 10^{size}"
    rounded = round(value, digits - 1 - size) if math.isfinite(value) else value
    text = f"{rounded:,.{max(0, digits - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 row", "2,000 rows"; `plural` where an s is not enough: "3 classes"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def inline(title: str) -> str:
    """A title within a sentence: "Similar rows" → "similar rows", and "FlexMatch" or "PCA" as they are."""
    first = title.split(" ")[0]
    return title if first != first.capitalize() else title[:1].lower() + title[1:]
