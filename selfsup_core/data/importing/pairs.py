"""Tables of sentence pairs: which two columns are a sentence and its translation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.groups import join_alike
from selfsup_core.data.importing.columns import Column
from selfsup_core.data.importing.made import Made
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr
from selfsup_core.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa

SIDES = (("source", "target"), ("sentence", "translation"), ("text", "translation"))
LANGUAGES = frozenset(
    [
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "no",
        "fi",
        "pl",
        "cs",
        "ru",
        "uk",
        "tr",
        "ar",
        "he",
        "hi",
        "ja",
        "ko",
        "zh",
        "english",
        "german",
        "french",
        "spanish",
        "italian",
        "portuguese",
        "dutch",
        "swedish",
        "danish",
        "norwegian",
        "finnish",
        "polish",
        "czech",
        "russian",
        "ukrainian",
        "turkish",
        "arabic",
        "hebrew",
        "hindi",
        "japanese",
        "korean",
        "chinese",
        "deutsch",
    ]
)
LEAST = 4  # pairs, below which there is nothing to split


def find_pair(columns: list[Column], *, is_sure: bool = False) -> list[Column]:
    """The same columns; two of them become a text and its translation where they are all there is and their
    names say so: two languages, or source and target.

    Args:
        is_sure: whether the format of the file says so.
    """
    if is_sure and len(columns) == 2:
        return as_pair(columns, tr("a translation memory holds sentences and their translations"))
    if len(columns) != 2 or any(column.role in ("numeric", "date") for column in columns):
        return columns
    names = tuple(column.name.strip().lower().partition("-")[0] for column in columns)
    if names not in SIDES and not (names[0] != names[1] and set(names) <= LANGUAGES):
        return columns
    return as_pair(columns, tr("the two columns are named as a sentence and its translation"))


def as_pair(columns: list[Column], reason: str) -> list[Column]:
    roles = ("text", "translation")
    return [replace(column, role=role, reason=reason) for column, role in zip(columns, roles, strict=True)]


def translation_of(roles: dict[str, ColumnAbout], cells: dict[str, pa.Array], text: str) -> Made | None:
    """What a column of translations adds to a set of texts; None where there is no such column.

    Raises:
        DataError: there are several of them, or hardly a row with both sentences.
    """
    found = [name for name, column in roles.items() if column["role"] == "translation"]
    if not found:
        return None
    if len(found) > 1:
        raise DataError(
            tr("{count} columns are translations: {names}. A text has one.").format(
                count=len(found), names=", ".join(found[:5])
            ),
            code="several-translations",
            remedy=tr("Give all but one of them the role ignore."),
        )
    (name,) = found
    sources, targets = cells[text].to_pylist(), cells[name].to_pylist()
    whole = sum(bool(one.strip() and other.strip()) for one, other in zip(sources, targets, strict=True))
    if whole < LEAST:
        raise DataError(
            tr(
                "Found {rows} with both a sentence in {text!r} and a translation in {name!r}; at least "
                "{least} are needed."
            ).format(rows=counted(whole, "row"), text=text, name=name, least=LEAST),
            code="no-pairs",
            remedy=tr("Check which columns or languages hold the sentences."),
        )
    made: Made = {
        "kind": "text",
        "x": Texts.from_arrow(cells[text]),
        "labels": None,
        "steps": tr("text from column {text!r}, translation from column {name!r}").format(
            text=text, name=name
        ),
        "extra": {"target": Texts.from_arrow(cells[name])},
    }
    if (groups := join_alike(sources, targets)) is not None:
        made["groups"] = groups
    return made
