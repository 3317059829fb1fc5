"""Every term that is marked has an entry, every entry is used, and each panel of the stage is explained."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.evaluate.words.glossary import WORDS as FOLDER
from selfsup_core.evaluate.words.glossary import define, find_terms, look_up, read_words, unmark
from selfsup_core.evaluate.words.panels.sayers import SAYERS
from selfsup_core.files import parse_yaml
from selfsup_core.lessons.reading import list_lessons
from selfsup_core.places import WEB
from selfsup_core.translation import ENGLISH, known_languages, speak
from tests.cli.helpers import cli
from tests.helpers import ROOT, parse

WORDS = read_words()
HELP = re.compile(r'^  get help\(\) \{\s+return tr\(\s*"(.*)",?\s*\)$', re.MULTILINE)  # of a tab of the lab
MOST_SENTENCES = 4
LAB = "code"  # said in the lab under the panels


def page_texts():
    """Texts of pages, a string that goes over several lines as one."""
    import ast

    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def used_terms():
    found = {f"panel {name}": panel["text"] for name, panel in WORDS["panels"].items()}
    tabs = sorted((WEB / "stage" / "tabs").glob("*.js"))
    found |= {path.name: "".join(HELP.findall(path.read_text("utf-8"))) for path in tabs}
    found |= {f"entry {name}": entry["means"] for name, entry in WORDS["glossary"].items()}
    found |= {
        f"lesson {number}": "".join(part.model_dump_json() for step in lesson.steps for part in step.parts)
        for number, lesson in list_lessons(ENGLISH).items()
    }
    places = [*found.items(), *((name, text) for name, text in page_texts() if name != "terms.py")]
    return [(place, term) for place, text in places for _, term in find_terms(text)]


def test_every_marked_term_has_an_entry_under_this_very_name():
    lacking = [f"{place}: {term}" for place, term in used_terms() if term not in WORDS["glossary"]]
    assert not lacking
    assert len(used_terms()) > 60


def test_every_entry_is_used_somewhere():
    assert set(WORDS["glossary"]) <= {term for _, term in used_terms()}


def test_captions_of_pages_have_terms_too():
    counts = Counter(place for place, _ in used_terms() if place.endswith(".py"))
    assert sum(counts.values()) >= 10


def test_each_panel_of_each_task_is_explained_with_a_picture_of_its_own():
    sets = (WEB / "stage" / "sets.js").read_text("utf-8")
    assert len(re.findall(r"^ {2}\w+: \[", sets, re.MULTILINE)) == len(SAYERS), (
        "a task of the stage says nothing"
    )
    for task, panels in SAYERS.items():
        for panel in panels.keys() - {LAB}:
            imported = re.sub(r"_(\w)", lambda found: found[1].upper(), panel)
            assert re.search(rf"\b({panel}|{imported})\b", sets), panel
            told = WORDS["panels"].get(f"{panel} of {task}") or WORDS["panels"][panel]
            assert told["picture"] in WORDS["pictures"]
    pictures = {panel["picture"] for panel in WORDS["panels"].values()}
    assert pictures == set(WORDS["pictures"]), "a picture that no panel shows"
    known = {panel for panels in SAYERS.values() for panel in panels} - {LAB} | {"gauge"}
    assert {name.split(" of ")[0] for name in WORDS["panels"]} == known


@pytest.mark.parametrize("name", WORDS["panels"])
def test_an_explanation_is_two_to_four_sentences(name):
    text = unmark(WORDS["panels"][name]["text"])
    ends = re.findall(
        r"[.?](?=\s|$)", text.replace("“Is it useful?” asks", "It asks").replace("collapse?”", "it”")
    )
    assert 2 <= len(ends) <= MOST_SENTENCES + 1, text
    assert "[[" not in text


@pytest.mark.parametrize("name", WORDS["pictures"])
def test_a_picture_follows_the_theme_and_loads_nothing(name):
    root = ET.fromstring(WORDS["pictures"][name])
    for node in root.iter():
        assert node.tag.split("}")[1] in ("svg", "path", "circle", "ellipse", "rect", "text")
        assert not {"fill", "stroke", "style", "href", "onload"} & set(node.attrib), (
            "colors come from classes"
        )
    styles = (WEB / "stage" / "style.css").read_text("utf-8")
    classes = {name for node in root.iter() for name in node.get("class", "").split()}
    assert all(f".{one}" in styles for one in classes)


def test_a_term_is_found_by_its_plural_and_any_case_and_a_wrong_one_names_similar_ones():
    assert look_up("Bottlenecks")[0] == "bottleneck"
    assert look_up("bce")[0] == "BCE"
    with pytest.raises(SettingError, match="no entry 'botle'") as refused:
        look_up("botle")
    assert "bottleneck" in refused.value.remedy
    assert define("[[codes|code]] and [[code]]").count("code:") == 1


def test_the_command_line_has_the_glossary():
    assert cli("glossary", "PCA", workspace=None).stdout.startswith("PCA: Principal component analysis")
    assert len(cli("glossary", workspace=None).stdout.splitlines()) == len(WORDS["glossary"])
    assert cli("glossary", "botle", workspace=None).returncode == 2


@pytest.mark.parametrize("code", [code for code in known_languages() if code != ENGLISH])
def test_another_language_explains_the_same_panels_and_terms(code):
    own = {
        name: parse_yaml((FOLDER / code / f"{name}.yaml").read_text("utf-8"))
        for name in ("panels", "glossary")
    }
    english = read_words(ENGLISH)
    assert own["panels"].keys() == english["panels"].keys()
    assert own["glossary"].keys() == english["glossary"].keys()
    for name, panel in own["panels"].items():
        assert panel["picture"] == english["panels"][name]["picture"]
        terms = {term for _, term in find_terms(panel["text"])}
        assert terms == {look_up(term)[0] for _, term in find_terms(english["panels"][name]["text"])}, name
    for name, entry in own["glossary"].items():
        assert entry["term"], name
        assert entry.get("source") == english["glossary"][name].get("source"), name


def test_words_are_in_the_readers_language():
    with speak("zh"):
        assert look_up("labels")[1]["term"] == "标签"
        assert define("[[标签|label]]", strong="**{}**").startswith("**标签**: ")
    assert define("[[label]]").startswith("label: ")
