"""Numbers and dates in texts: one format for shares, one for counts, in the reader's language."""

from __future__ import annotations

import math
from datetime import datetime

from selfsup_core.localized import day_in, with_signs
from selfsup_core.translation import ENGLISH, language, tr, tr_counted, tr_later

ROW = tr_later("Row (from 0)")  # over numbers of rows: they count from 0 everywhere, as --row and files do


def local(number: str) -> str:
    """A number that was formatted as in English, as the reader's language writes it: "1,234.5"."""
    return with_signs(number, language())


def day(moment: str) -> str:
    """The day of a recorded time such as "2026-11-30T01:20:00Z"; what is none stays as it is."""
    try:
        return day_in(language(), datetime.fromisoformat(moment.replace("Z", "+00:00")))
    except ValueError:
        return moment


def sentence(text: str) -> str:
    """A line as a sentence: a capital at its beginning, a full stop at its end."""
    return tr("{text}.").format(text=f"{text[:1].upper()}{text[1:]}")


def percent(share: float | None, decimals: int = 0) -> str:
    """0.883 → "88%", with one decimal "88.3%".

    What is not quite 0 or 1 is never rounded to it: "under 1%", "over 99%". Where there is no number: "–".
    """
    if share is None or share != share:
        return "–"
    least = 10.0**-decimals
    text = f"{100 * share:.{decimals}f}%"
    if share > 1e-9 and 100 * share < least and text == f"{0:.{decimals}f}%":
        return tr("under {share}").format(share=local(f"{least:.{decimals}f}%"))
    if share < 1 - 1e-9 and text == f"{100:.{decimals}f}%":
        return tr("over {share}").format(share=local(f"{100 - least:.{decimals}f}%"))
    return local(text)


def brief(value: float, digits: int = 3) -> str:
    """So many digits, in powers of ten only where need be: "0.00123", "1,120", "2.2 × 10^21"."""
    size = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
    if not -5 < size < 7:
        return local(f"{value / 10.0**size:.{max(0, min(digits, 2) - 1)}f}") + f" × 10^{size}"
    rounded = round(value, digits - 1 - size) if math.isfinite(value) else value
    text = f"{rounded:,.{max(0, digits - 1 - size)}f}"
    return local(text.rstrip("0").rstrip(".") if "." in text else text)


def noun_later(noun: str) -> str:
    """Mark a noun of a table for the catalog; `counted` looks it up."""
    return noun


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 row", "2,000 rows"; `plural` where an s is not enough: "3 classes"."""
    if language() == ENGLISH:
        return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
    return tr("{number:,} {noun}").format(number=number, noun=tr_counted(noun))


KINDS = {
    "image": tr_later("images"),
    "sound": tr_later("sounds"),
    "table": tr_later("tables"),
    "text": tr_later("texts"),
}


def kinds(kind: str) -> str:
    """What a data set of a kind holds: "image" → "images"."""
    return tr(KINDS.get(kind, f"{kind}s"))


def inline(title: str) -> str:
    """A title within a sentence: "Similar rows" → "similar rows", and "FlexMatch" or "PCA" as they are."""
    first = title.split(" ")[0]
    return title if first != first.capitalize() else title[:1].lower() + title[1:]
