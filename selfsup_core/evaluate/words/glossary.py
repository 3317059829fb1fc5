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
from selfsup_core.translation import ENGLISH, language, tr

WORDS = ASSETS / "words"
MARK = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")


class Entry(TypedDict):
    """A term: one or two plain sentences, and where it comes from."""

    means: str
    source: NotRequired[str]
    term: NotRequired[str]  # what it is called in a language other than English, whose names are the keys


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


def read_words(code: str = "") -> Words:
    """Panels, glossary and pictures in a language, the reader's unless one is named; in English what it does
    not have.
    """
    return words_in(code or language())


@cache
def words_in(code: str) -> Words:
    own: Words = {"panels": {}, "glossary": {}, "pictures": {}}
    folder = WORDS / code
    if (folder / "panels.yaml").is_file():
        own["panels"] = parse_yaml((folder / "panels.yaml").read_text("utf-8"))
    if (folder / "glossary.yaml").is_file():
        own["glossary"] = parse_yaml((folder / "glossary.yaml").read_text("utf-8"))
    own["pictures"] = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("pictures/*.svg"))}
    if code == ENGLISH:
        return own
    english = words_in(ENGLISH)
    return {
        "panels": english["panels"] | own["panels"],
        "glossary": english["glossary"] | own["glossary"],
        "pictures": english["pictures"] | own["pictures"],
    }


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
    found = (look_up(term) for term in terms)
    return "\n\n".join(
        f"{strong.format(entry.get('term', name) if 'term' in entry else term)}: {entry['means']}"
        for term, (name, entry) in zip(terms, found, strict=True)
    )


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
