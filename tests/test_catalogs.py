"""Catalogs: every message of the code is gathered, and those that are shipped lack nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfsup_core.catalogs import Message, check_catalog, gather, placeholders, update_catalog
from selfsup_core.cli.main import app
from selfsup_core.errors import SettingError
from selfsup_core.translation import COUNTED, ENGLISH, known_languages

CODE = """
from selfsup_core.settings import Config, setting
TITLES = {"a": tr_later("First title")}
class Some(Config):
    small_number: int = setting(1, "A description.", why="A reason.", titles={"x": "A choice"}, zero="off")
def say(count):
    return tr("One sentence " "in two parts, {count}").format(count=count) + counted(count, "thing")
NOUN = noun_later("piece")
HTML = f"<b>{tr('In bold')}</b>"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("pages", "selfsup_core/runs/presets", "assets/web"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app.py").write_text('tr("Home")')
    (tmp_path / "pages" / "one.py").write_text(CODE)
    (tmp_path / "assets" / "web" / "a.js").write_text('label(tr("Play {name}", { name }))\n')
    (tmp_path / "selfsup_core" / "runs" / "presets" / "p.yaml").write_text(
        "title: A preset\nabout: It trains.\n"
    )
    return tmp_path


def test_every_kind_of_message_is_gathered(tree: Path) -> None:
    found = {(m.context, m.text) for m in gather(tree)}
    texts = "Home|First title|A description.|A reason.|A choice|off|Small number"
    texts += "|One sentence in two parts, {count}|Play {name}|A preset|It trains.|In bold"
    nouns = {(COUNTED, "thing"), (COUNTED, "piece")}
    assert found == {("", text) for text in texts.split("|")} | nouns
    assert Message("Home", "", "app.py:1") in gather(tree)


def test_a_new_catalog_lists_all_and_an_old_one_keeps_what_it_knows(tree: Path) -> None:
    folder = tree / "languages"
    assert update_catalog("de", folder, tree) == len(gather(tree))
    file = folder / "de.po"
    file.write_text(file.read_text().replace('msgid "Home"\nmsgstr ""', 'msgid "Home"\nmsgstr "Start"'))
    (tree / "app.py").write_text('tr("Home") + tr("New")')
    assert update_catalog("de", folder, tree) == len(gather(tree)) - 1
    assert 'msgstr "Start"' in file.read_text()
    (tree / "app.py").write_text("")
    update_catalog("de", folder, tree)
    assert "Start" not in file.read_text(), "what the code no longer says is dropped"


def test_what_a_catalog_lacks_is_said(tree: Path) -> None:
    folder = tree / "languages"
    update_catalog("de", folder, tree)
    file = folder / "de.po"
    text = file.read_text()
    text = text.replace('msgid "Home"\nmsgstr ""', '#, fuzzy\nmsgid "Home"\nmsgstr "Start"')
    text = text.replace('msgid "Play {name}"\nmsgstr ""', 'msgid "Play {name}"\nmsgstr "Spiel {nam}"')
    file.write_text(text)
    wrong = check_catalog("de", folder, tree)
    assert any("'Home' is marked as fuzzy" in one for one in wrong)
    assert any("placeholders of 'Spiel {nam}' differ" in one for one in wrong)
    assert any("'A reason.' has no translation" in one for one in wrong)
    (tree / "app.py").write_text('tr("Home") + tr("New")')
    assert any("'New' is not in de.po" in one for one in check_catalog("de", folder, tree))
    with pytest.raises(SettingError, match="no catalog for the language 'fr'"):
        check_catalog("fr", folder, tree)


def test_placeholders_with_their_formats() -> None:
    assert placeholders("{b:.1f} {a!r} {b:.1f}") == ["a!r", "b:.1f", "b:.1f"]
    assert placeholders("{{not one}}") == []
    assert placeholders("a { brace") == ["no format"]


@pytest.mark.parametrize("code", [code for code in known_languages() if code != ENGLISH])
def test_the_catalog_is_complete(code: str) -> None:
    wrong = check_catalog(code)
    assert not wrong, f"{len(wrong)}; run `languages update {code}` and fill them in: " + "\n".join(
        wrong[:20]
    )


def test_languages_on_the_command_line() -> None:
    listed = CliRunner().invoke(app, ["languages", "list"])
    assert listed.output.split() == list(known_languages())
    assert CliRunner().invoke(app, ["languages", "check", "en"]).exit_code == 0
    assert CliRunner().invoke(app, ["languages", "check", "xx"]).exit_code != 0
