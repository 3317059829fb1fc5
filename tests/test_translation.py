"""Messages in the reader's language: looked up, filled in, and found again in what was "
"recorded in English."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfsup_core import translation
from selfsup_core.settings import Config, list_settings, setting
from selfsup_core.translation import (
    ENGLISH,
    ask_language,
    known_languages,
    language,
    read_catalog,
    recorded,
    script_texts,
    speak,
    tr,
    tr_counted,
    tr_later,
    tr_values,
)
from selfsup_core.wording import brief, counted, day, local, percent

SMALL = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "Runs"
msgstr "Läufe"

msgid "{count:,} of {total:,} rows"
msgstr "von {total:,} Zeilen {count:,}"

msgid "It failed: {reason}"
msgstr "Gescheitert: {reason}"

msgid "No space is left."
msgstr "Kein Platz."

msgid "under {share}"
msgstr "unter {share}"

msgid "{number:,} {noun}"
msgstr "{number:,} {noun}"

msgctxt "counted"
msgid "row"
msgstr "Zeilen"

msgid "Learning rate"
msgstr "Lernrate"

msgid "Size of a step."
msgstr "Größe eines Schritts."

#: assets/web/stage/main.js
msgid "Play"
msgstr "Abspielen"
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small catalog of another language."""
    (tmp_path / "de.po").write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    monkeypatch.setattr(read_catalog, "__defaults__", (tmp_path,))
    caches = (translation.catalog, translation.templates, translation.recorded_in)
    for cache in caches:
        cache.cache_clear()
    yield "de"
    for cache in caches:
        cache.cache_clear()


def test_english_without_a_reader() -> None:
    assert language() == ENGLISH
    assert tr("Runs") == "Runs"
    assert recorded("It failed: No space is left.") == "It failed: No space is left."


def test_a_message_in_the_language_of_the_block(german: str) -> None:
    with speak(german):
        assert tr("Runs") == "Läufe"
        assert tr("{count:,} of {total:,} rows").format(count=1, total=2000) == "von 2.000 Zeilen 1"
        assert tr_values({"a": tr_later("Runs")}) == {"a": "Läufe"}
        assert tr("not in the catalog") == "not in the catalog"
    assert tr("Runs") == "Runs"


def test_a_language_is_that_of_its_thread_alone(german: str) -> None:
    found = []
    with speak(german):
        other = threading.Thread(target=lambda: found.append(tr("Runs")))
        other.start()
        other.join()
        assert tr("Runs") == "Läufe"
    assert found == ["Runs"]


def test_whoever_reads_is_asked(german: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_askers", [])
    ask_language(lambda: None)
    ask_language(lambda: german)
    assert tr("Runs") == "Läufe"
    with speak(ENGLISH):
        assert tr("Runs") == "Runs"


def test_a_language_without_a_file_is_english(german: str) -> None:
    with speak("xx"):
        assert tr("Runs") == "Runs"
        assert tr_counted("row") == "row"
    with pytest.raises(KeyError):
        read_catalog("xx")


def test_counts_and_shares(german: str) -> None:
    assert counted(1, "row") == "1 row"
    assert counted(2, "row") == "2 rows"
    with speak(german):
        assert counted(2000, "row") == "2.000 Zeilen"
        assert percent(0.004) == "unter 1\u00a0%"


@pytest.mark.parametrize(
    ("code", "number", "share", "date"),
    [
        ("en", "1,234.5", "88%", "Nov 30, 2026"),
        ("zh", "1,234.5", "88%", "2026年11月30日"),
        ("de", "1.234,5", "88\u00a0%", "30.11.2026"),
        ("fr", "1\u202f234,5", "88\u00a0%", "30 nov. 2026"),
        ("xx", "1,234.5", "88%", "2026-11-30"),
    ],
)
def test_numbers_and_dates_are_those_of_the_language(code: str, number: str, share: str, date: str) -> None:
    with speak(code):
        assert local("1,234.5") == number
        assert brief(1234.5, 5) == number
        assert percent(0.88) == share
        assert day("2026-11-30T01:20:00Z") == date
        assert day("no date") == "no date"


def test_a_message_formats_as_usual_and_writes_numbers_its_own_way(german: str) -> None:
    with speak(german):
        said = tr("{count:,} of {total:,} rows")
        assert said.format(count=0.5, total=12345) == "von 12.345 Zeilen 0,5"
        assert said.format(count=True, total=1000, more="1,000") == "von 1.000 Zeilen 1"
        with pytest.raises(KeyError):
            said.format(count=1)


def test_what_was_recorded_is_found_again(german: str) -> None:
    with speak(german):
        assert recorded("Runs") == "Läufe"
        assert recorded("3 of 2,000 rows") == "von 2.000 Zeilen 3"
        # A message inside a message is translated as well; what a person wrote is not.
        assert recorded("It failed: No space is left.") == "Gescheitert: Kein Platz."
        assert recorded("It failed: cats of my aunt") == "Gescheitert: cats of my aunt"
        assert recorded("cats of my aunt") == "cats of my aunt"
        assert recorded("It failed: Runs") == "Gescheitert: Runs", "a single word may be a class"
        assert recorded("It failed: 2,000 rows") == "Gescheitert: 2.000 Zeilen"
        assert recorded("No space is left. Runs") == "Kein Platz. Läufe"


def test_settings_are_declared_once_and_read_in_any_language(german: str) -> None:
    class Training(Config):
        learning_rate: float = setting(0.1, "Size of a step.")

    (one,) = list_settings(Training)
    assert (one.title, one.description) == ("Learning rate", "Size of a step.")
    with speak(german):
        assert (one.title, one.description) == ("Lernrate", "Größe eines Schritts.")


def test_scripts_get_their_own_messages_only(german: str) -> None:
    assert script_texts(german) == {"Play": "Abspielen"}
    assert script_texts(ENGLISH) == {}


def test_languages_are_the_files_there_are(german: str) -> None:
    assert known_languages() == ("en", "de")
