"""Numbers and dates as the reader's language writes them, by Babel's tables (Unicode CLDR).

Numbers are formatted as Python does, "1,234.5", and get the language's signs: rounding is the same in every
language. Commands, JSON and CSV have nothing of this.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

FIGURES = re.compile(r"\d[\d,]*(?:\.\d+)?")
ENGLISH_PERCENT = "%"


class Signs(NamedTuple):
    """What a language writes in numbers; percent: what stands behind a share, with its blank."""

    point: str
    group: str
    percent: str


@cache
def signs_of(code: str) -> Signs:
    """Those of English for a language that Babel does not know."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_decimal_symbol, get_group_symbol

    try:
        pattern = str(Locale.parse(code).percent_formats[None].pattern)
        found = Signs(get_decimal_symbol(code), get_group_symbol(code), pattern.rpartition("0")[2])
    except (UnknownLocaleError, ValueError):
        return Signs(".", ",", ENGLISH_PERCENT)
    return found if "%" in found.percent else found._replace(percent=ENGLISH_PERCENT)


def is_like_english(code: str) -> bool:
    return signs_of(code) == Signs(".", ",", ENGLISH_PERCENT)


def with_signs(text: str, code: str) -> str:
    """The numbers of a text that were formatted for English: "1,234.5" → "1.234,5" in German."""
    if is_like_english(code):
        return text
    signs = signs_of(code)
    swap = {",": signs.group, ".": signs.point}
    said = FIGURES.sub(lambda found: "".join(swap.get(sign, sign) for sign in found[0]), text)
    return re.sub(r"(?<=\d)%", signs.percent, said)


def day_in(code: str, moment: datetime) -> str:
    """ "Nov 30, 2026", "2026年11月30日"."""
    from babel import UnknownLocaleError
    from babel.dates import format_date

    try:
        return str(format_date(moment, "medium", locale=code))
    except (UnknownLocaleError, ValueError):
        return moment.date().isoformat()


class Message(str):
    """A message of a language whose numbers differ from English ones: `format` writes them its way."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, text: str, code: str) -> Message:
        made = super().__new__(cls, text)
        made.code = code
        return made

    def format(self, *values: Any, **named: Any) -> str:
        return Fields(self.code).vformat(str(self), values, named)


class Fields(string.Formatter):
    """Formats the fields of a message; texts stay as they are."""

    def __init__(self, code: str) -> None:
        self.code = code

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = super().format_field(value, format_spec)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return with_signs(text, self.code) if is_number else text

    def check_unused_args(
        self, used_args: set[int | str], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """As `str.format`: what a message does not use is no error."""
