"""The language of what people read: messages are written in English and looked up in a catalog.

`tr("…")` gives a message in the language of whoever reads it. What is written when a module is loaded (a
table of titles) is marked with `tr_later("…")` and looked up where it is shown, by `tr(title)`. A message is
a whole sentence; what varies stands in braces: `tr("{count} rows").format(count=3)`.

A catalog is one file, `assets/languages/<code>.po` (gettext). Adding a language is adding that file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

ENGLISH = "en"
FOLDER = Path(__file__).parent.parent / "assets" / "languages"

__all__ = ["ENGLISH", "ask_language", "known_languages", "language", "speak", "tr", "tr_later"]

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_askers: list[Callable[[], str | None]] = []


def ask_language(asker: Callable[[], str | None]) -> None:
    """Have `asker` say which language the reader of the moment has; of a web page each session its own."""
    if asker not in _askers:
        _askers.append(asker)


def language() -> str:
    """Code of the language of whoever reads, "en" unless something else is asked for."""
    if (spoken := _spoken.get()) is not None:
        return spoken
    for asker in _askers:
        if (asked := asker()) is not None:
            return asked
    return ENGLISH


@contextmanager
def speak(code: str) -> Iterator[None]:
    """Messages in this language within the block, such as for a request of another process."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def tr(message: str) -> str:
    """A message in the reader's language; in English where the catalog does not have it."""
    code = language()
    if code == ENGLISH or not message:
        return message
    return catalog(code).gettext(message)


def tr_later(message: str) -> str:
    """Mark a message for the catalog; it is looked up where it is shown."""
    return message


def known_languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalog, English first."""
    return (ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.po")))


@cache
def catalog(code: str) -> GNUTranslations:
    """The messages of a language. Raises KeyError for one without a file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    if code not in known_languages():
        raise KeyError(code)
    with (FOLDER / f"{code}.po").open("rb") as file:
        read = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return GNUTranslations(compiled)
