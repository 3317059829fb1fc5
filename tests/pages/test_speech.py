"""The pages in a language other than English: which one, and that nothing is left in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.shared import speech
from selfsup_core import translation
from selfsup_core.evaluate.words import glossary

PAGES = ("home", "learn", "data", "autoencoder", "views", "language", "classify", "runs")
# Not for people, or not of this app: what a page holds beside its texts.
NOT_SHOWN = {
    "id",
    "form_id",
    "element_id",
    "icon",
    "url",
    "page",
    "page_script_hash",
    "key",
    "language",
    "format",
}
NOT_SHOWN |= {"type", "css", "js", "query_string", "raw_value", "code_text", "columns", "deferred_file_id"}
NOT_SHOWN |= {"spec", "config", "theme"}
# Names of data, files and methods are the same in every language; so are prompts for English models.
NAMES = re.compile(
    r"Smileys & Emotion|People & Body|Animals & Nature|Food & Drink|Travel & Places|Activities|Objects"
    r"|Symbols|Flags|owner/name|The capital of France is Paris, and the capital of Italy is"
    r"|Apache-2.0|[\w-]+\.(zip|csv|npz|txt)"
)


class Marked:
    """A language in which every message is the English one in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(translation, "catalog", lambda code: Marked())
    words = glossary.words_in("en")
    terms = {
        name: {"means": f"⟦{entry['means']}⟧", "term": "⟦⟧"} for name, entry in words["glossary"].items()
    }
    monkeypatch.setattr(glossary, "words_in", lambda code: words | {"glossary": terms})
    for module in (translation, speech):
        monkeypatch.setattr(module, "known_languages", lambda: ("en", "zz"))
    return "zz"


def texts_of(node: Any) -> Iterator[str]:
    """All strings that an element and those within it show."""
    proto = getattr(node, "proto", None)
    for field, value in () if proto is None else proto.ListFields():
        if field.name not in NOT_SHOWN:
            yield from [value] if isinstance(value, str) else strings_in(value)
    for child in getattr(node, "children", {}).values():
        yield from texts_of(child)


def strings_in(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if hasattr(value, "__iter__") else []


def unmarked(text: str) -> str:
    """What of a text is in no brackets and has words; "" where all is said by the catalog."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    text = re.sub(r":material/\w+:|:\w+-badge\[|`[^`]*`|\]\([^)]*\)|<style>.*?</style>|<[^>]+>", "", text)
    return text if re.search(r"[A-Za-z]{3}", NAMES.sub("", text)) else ""


def test_unmarked_finds_what_is_left() -> None:
    assert unmarked("⟦a ⟦b⟧ c⟧ · 12") == ""
    assert unmarked("⟦Loss⟧ of the run") == " of the run"
    assert unmarked("**⟦Loss⟧** `code here`") == ""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_in_english(studio: Callable[..., AppTest], marked: str, page: str) -> None:
    app = studio(f"pages/{page}.py", lang=marked)
    shown = [*texts_of(app.main), *texts_of(app.sidebar)]
    assert any("⟦" in text for text in shown)
    if page == "learn":  # lessons are files of their own
        shown = [text for text in shown if not text.startswith("**")]
    assert [text for text in shown if unmarked(text)] == []


def test_the_address_decides_then_the_browser(studio: Callable[..., AppTest], marked: str) -> None:
    assert speech.nearest("zz-AA", ("en", "zz")) == "zz"
    assert speech.nearest("fr", ("en", "zz")) == speech.nearest("", ("en", "zz")) == "en"
    assert studio("pages/runs.py").title[0].value == "Runs"
    app = studio("pages/runs.py", lang=marked)
    assert app.title[0].value == "⟦Runs⟧"
    app.query_params.clear()
    assert app.run().title[0].value == "⟦Runs⟧", "a session keeps its language"
    assert studio("pages/runs.py", lang="xx").title[0].value == "Runs"
