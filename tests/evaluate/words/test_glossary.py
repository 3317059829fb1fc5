"""Every term that is marked has an entry, every entry is used, and each panel of the stage is explained."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.evaluate.words.glossary import define, find_terms, look_up, read_words, unmark
from selfsup_core.evaluate.words.panels.sayers import SAYERS
from selfsup_core.places import WEB
from tests.cli.helpers import cli
from tests.helpers import ROOT, parse

WORDS = read_words()
HELP = re.compile(r'^  help: "(.*)",$', re.MULTILINE)  # of a tab of the lab
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
            assert re.search(rf"\b{panel}\b", sets), panel
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
