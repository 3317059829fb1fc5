"""The language of what people read: messages are written in English and looked up in a catalog.

`tr("…")` gives a message in the language of whoever reads it. What is written when a module is loaded (a
table of titles) is marked with `tr_later("…")` and looked up where it is shown, by `tr(title)`. A message is
a whole sentence; what varies stands in braces: `tr("{count} rows").format(count=3)`.

A catalog is one file, `assets/languages/<code>.po` (gettext). Adding a language is adding that file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from selfsup_core.localized import Message, is_like_english, with_signs

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ENGLISH = "en"
COUNTED = "counted"  # context of a noun behind a number, where a language may want a measure word
SCRIPTS = "assets/web/"  # where messages of the browser's scripts are from
FOLDER = Path(__file__).parent.parent / "assets" / "languages"

__all__ = [
    "COUNTED",
    "ENGLISH",
    "ask_language",
    "known_languages",
    "language",
    "recorded",
    "script_texts",
    "speak",
    "tr",
    "tr_counted",
    "tr_later",
    "tr_values",
]

FIELD = re.compile(r"\{(?P<name>[a-z_]\w*)(?:![rs])?(?P<spec>:[^{}]*)?\}")
COUNT = re.compile(r"([\d,]+) ([a-z][a-z -]*)")
SENTENCES = re.compile(r"(?<=[.!?]) +")
WIDE_ENDS = "。！？"
LEAST_FIXED = 6  # letters that a message must have beside its braces to be known again

K = TypeVar("K")

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
    said = catalog(code).gettext(message)
    return said if is_like_english(code) else Message(said, code)


def tr_counted(noun: str) -> str:
    """The noun behind a number, as the reader's language has it."""
    code = language()
    return noun if code == ENGLISH else catalog(code).pgettext(COUNTED, noun)


def recorded(text: str) -> str:
    """A message that another process has written down in English, in the reader's language.

    A run's state, its verdicts and errors are recorded once and read by people of any language. The message
    of the catalog from which such a text was made is found again by its fixed words; what stood in its braces
    is taken from the text.
    """
    code = language()
    if code == ENGLISH or not text:
        return text
    return recorded_in(code, text)


@lru_cache(maxsize=4096)
def recorded_in(code: str, text: str) -> str:
    known = catalog(code)
    if (said := known.gettext(text)) != text:
        return said
    for template, pattern in templates(code):
        if found := pattern.fullmatch(text):
            # A single word may be a person's: the name of a class or a column.
            values = {
                name: recorded_in(code, value) if " " in value else value
                for name, value in found.groupdict().items()
            }
            return fill(known.gettext(template), values, code)
    if (counted := COUNT.fullmatch(text)) and (noun := noun_in(code, counted[2])):
        return (
            known.gettext("{number:,} {noun}")
            .replace("{number:,}", with_signs(counted[1], code))
            .replace("{noun}", noun)
        )
    sentences = SENTENCES.split(text)
    if len(sentences) > 1:
        return join_sentences([recorded_in(code, one) for one in sentences])
    # A message may end or begin with the blank that sets it apart from the next one.
    for padded in (f"{text} ", f" {text}"):
        if (said := known.gettext(padded)) != padded:
            return said.strip()
    return text


def join_sentences(sentences: Iterable[str]) -> str:
    """With a blank between them, except behind a full stop that is as wide as a letter."""
    joined = ""
    for one in sentences:
        joined += one if not joined or joined[-1] in WIDE_ENDS else f" {one}"
    return joined


def noun_in(code: str, noun: str) -> str:
    """What a counted noun is called, of which the singular is in the catalog; "" where it is not."""
    known = catalog(code)
    for one in (noun, noun.removesuffix("s"), noun.removesuffix("es")):
        if (said := known.pgettext(COUNTED, one)) != one:
            return said
    return ""


def fill(template: str, values: Mapping[str, str], code: str) -> str:
    """A message with texts in its braces, whose formats are those of what the texts were made from."""

    def value_of(field: re.Match[str]) -> str:
        value = values[field["name"]]
        return with_signs(value, code) if field["spec"] else value

    return FIELD.sub(value_of, template)


@cache
def templates(code: str) -> list[tuple[str, re.Pattern[str]]]:
    """Messages with braces as patterns, those with the most fixed words first."""
    found = []
    for message in messages(code):
        fixed = FIELD.sub("", message)
        if fixed == message or len(fixed.strip()) < LEAST_FIXED:
            continue
        pattern, at, named = "", 0, set()
        for field in FIELD.finditer(message):
            name = field["name"]
            pattern += re.escape(message[at : field.start()])
            pattern += f"(?P={name})" if name in named else f"(?P<{name}>.*?)"
            named.add(name)
            at = field.end()
        found.append((len(fixed), message, re.compile(pattern + re.escape(message[at:]), re.DOTALL)))
    return [(message, pattern) for _, message, pattern in sorted(found, key=lambda one: -one[0])]


def messages(code: str) -> list[str]:
    """All messages of a catalog that stand for themselves, as the code has them."""
    held: dict[object, str] = getattr(catalog(code), "_catalog", {})
    return [name for name in held if isinstance(name, str) and name and "\x04" not in name]


def script_texts(code: str) -> dict[str, str]:
    """What the scripts of the browser look up: English → the language; {} for English itself."""
    if code == ENGLISH:
        return {}
    return {
        str(message.id): str(message.string)
        for message in read_catalog(code)
        if message.string and any(place.startswith(SCRIPTS) for place, _ in message.locations)
    }


def tr_values(titles: Mapping[K, str]) -> dict[K, str]:
    """A table of titles in the reader's language."""
    return {key: tr(title) for key, title in titles.items()}


def tr_later(message: str) -> str:
    """Mark a message for the catalog; it is looked up where it is shown."""
    return message


def known_languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalog, English first."""
    return (ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.po")))


def read_catalog(code: str, folder: Path = FOLDER) -> Catalog:
    """The file of a language as Babel reads it. Raises KeyError for one without a file."""
    from babel.messages.pofile import read_po

    if not (folder / f"{code}.po").is_file():
        raise KeyError(code)
    with (folder / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@cache
def catalog(code: str) -> NullTranslations:
    """The messages of a language; of one without a file, those in English."""
    from babel.messages.mofile import write_mo

    try:
        read = read_catalog(code)
    except KeyError:  # asked for by name, in an address or a request
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return GNUTranslations(compiled)
