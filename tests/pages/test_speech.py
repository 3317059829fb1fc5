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

PAGES = (
    "home",
    "learn",
    "data?data=digits",
    "autoencoder",
    "views",
    "views?do=lab&data=mnist-5k",
    "language",
    "language?do=train",
)
PAGES += ("classify", "classify?do=pseudo", "runs")
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
# Names of data, files and models are the same in every language; so are texts for English models.
NAMES = re.compile(
    r"owner/name|The capital of France is Paris.*|One, two, three, four.*|Once upon a time there.*"
    r"|def add\(a, b\): return|SmolLM2 135M Instruct|all-MiniLM-L6-v2|Apache-2.0|[\w-]+\.(zip|csv|npz|txt)"
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
    if proto is not None:
        yield from texts_in(proto)
    for child in getattr(node, "children", {}).values():
        yield from texts_of(child)


def texts_in(proto: Any) -> Iterator[str]:
    """All strings of a message of Streamlit's, and of those within it, such as the options of a list."""
    for field, value in proto.ListFields():
        for one in value if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else [value]:
            if field.name in NOT_SHOWN:
                continue
            if isinstance(one, str):
                yield one
            elif hasattr(one, "ListFields"):
                yield from texts_in(one)


def unmarked(text: str) -> str:
    """What of a text is in no brackets and has words; "" where all is said by the catalog."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    text = re.sub(r":material/\w+:|:[\w-]+\[|`[^`]*`|\]\([^)]*\)|<style>.*?</style>|<[^>]+>", "", text)
    return text if re.search(r"[A-Za-z]{3}", NAMES.sub("", text)) else ""


def test_unmarked_finds_what_is_left() -> None:
    assert unmarked("⟦a ⟦b⟧ c⟧ · 12") == ""
    assert unmarked("⟦Loss⟧ of the run") == " of the run"
    assert unmarked("**⟦Loss⟧** `code here`") == ""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_in_english(studio: Callable[..., AppTest], marked: str, page: str) -> None:
    name, _, asked = page.partition("?")
    address = dict(pair.split("=") for pair in asked.split("&") if pair)
    app = studio(f"pages/{name}.py", lang=marked, **address)
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
