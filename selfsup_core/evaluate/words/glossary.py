"""Texts that explain what a panel shows and what a term means; a folder a language in assets/words.

A term is marked as [[term]], or as [[words shown|term]].
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NotRequired

from typing_extensions import TypedDict

from selfsup_core.errors import SettingError
from selfsup_core.files import parse_yaml
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr

LANGUAGE = "en"
MARK = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")


class Entry(TypedDict):
    """A term: one or two plain sentences, and where it comes from."""

    means: str
    source: NotRequired[str]


class Explanation(TypedDict):
    """How a panel is read, with marked terms, and the name of its picture."""

    text: str
    picture: str


class Words(TypedDict):
    """All that explains, in one language.

    Attributes:
        panels: by the panel's name, or "<panel> of <task>". pictures: SVG by name.
    """

    panels: dict[str, Explanation]
    glossary: dict[str, Entry]
    pictures: dict[str, str]


@cache
def read_words(language: str = LANGUAGE) -> Words:
    """Panels, glossary and pictures. Raises FileNotFoundError for a language that is not there."""
    folder = ASSETS / "words" / language
    panels, glossary = (
        parse_yaml((folder / f"{name}.yaml").read_text("utf-8")) for name in ("panels", "glossary")
    )
    pictures = {path.stem: path.read_text("utf-8") for path in sorted((folder / "pictures").glob("*.svg"))}
    return {"panels": panels, "glossary": glossary, "pictures": pictures}


def find_terms(text: str) -> Iterator[tuple[str, str]]:
    """(words shown, term) of each marked term."""
    return ((shown, term or shown) for shown, term in MARK.findall(text))


def unmark(text: str) -> str:
    """A text as it is read, without the marks."""
    return MARK.sub(r"\1", text)


def define(text: str, *, strong: str = "{}") -> str:
    """Definitions of the terms that are marked in a text, one paragraph each.

    Args:
        strong: how a term is written before its definition, with {} in its place.

    Raises:
        SettingError: a term has no entry.
    """
    terms = dict.fromkeys(term for _, term in find_terms(text))
    return "\n\n".join(f"{strong.format(term)}: {look_up(term)[1]['means']}" for term in terms)


def look_up(term: str, glossary: Mapping[str, Entry] | None = None) -> tuple[str, Entry]:
    """A term as it is written, and its entry; capitals and a plural s do not matter.

    Raises:
        SettingError: there is none; names what is similar.
    """
    from difflib import get_close_matches

    entries = read_words()["glossary"] if glossary is None else glossary
    by_name = {name.casefold(): name for name in entries}
    wanted = " ".join(term.split()).casefold()
    for name in (wanted, wanted.removesuffix("s")):
        if name in by_name:
            return by_name[name], entries[by_name[name]]
    close = [by_name[name] for name in get_close_matches(wanted, list(by_name), n=3)]
    raise SettingError(
        tr("The glossary has no entry {term!r}.").format(term=term),
        remedy=f"Similar: {', '.join(close)}." if close else tr("Without a term, all are listed."),
    )
