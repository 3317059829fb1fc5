"""Answers of generators read as labels, and the prompts that ask for them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from selfsup_core.data.sources.newsgroups import TOPICS
from selfsup_core.errors import SettingError
from selfsup_core.pretrained.zero_shot import ZeroShotConfig, check_classes, make_prompt, parse_label

NEWS = ["hockey", "space", "medicine", "autos", "graphics", "mideast"]
SALE = ["sale", "for sale", "autos", "automobiles", "ms-windows", "x-windows"]
CHINESE = ["正面", "负面", "中性"]


@pytest.mark.parametrize(
    ("said", "classes", "label"),
    [
        ("space", NEWS, "space"),
        (" Space. ", NEWS, "space"),
        ("SPACE", NEWS, "space"),
        ('"space"', NEWS, "space"),
        ("“space”", NEWS, "space"),
        ("**space**", NEWS, "space"),
        ("3. space", NEWS, "space"),
        ("2) hockey", NEWS, "hockey"),
        ("- medicine", NEWS, "medicine"),
        ("Label: space", NEWS, "space"),
        ("The label is space, because rockets fly there.", NEWS, "space"),
        ("I think this text is about space.", NEWS, "space"),
        ("space\n\nIt speaks of rockets, not of hockey.", NEWS, "space"),
        ("Not hockey, and not autos.\nAnswer: medicine", NEWS, "medicine"),
        ('{"label": "space"}', NEWS, "space"),
        ('```json\n{"Label": "Space", "why": "no hockey"}\n```', NEWS, "space"),
        ('["space"]', NEWS, "space"),
        ("<think>Is it hockey? No.</think>space", NEWS, "space"),
        ("ｓｐａｃｅ", NEWS, "space"),
        ("for sale", SALE, "for sale"),
        ("sale", SALE, "sale"),
        ("It is something for sale.", SALE, "for sale"),
        ("It is a sale.", SALE, "sale"),
        ("autos", SALE, "autos"),
        ("It is about automobiles", SALE, "automobiles"),
        ("MS Windows", SALE, "ms-windows"),
        ("This is about ms windows", SALE, "ms-windows"),
        ("正面", CHINESE, "正面"),
        ("这条评论是负面的。", CHINESE, "负面"),
        ("答案：中性", CHINESE, "中性"),
        ("「正面」", CHINESE, "正面"),
        ("not spam", ["spam", "not spam"], "not spam"),
        ("This is not spam.", ["spam", "not spam"], "not spam"),
        ("c++", ["c", "c++", "c#"], "c++"),
        ("C#", ["c", "c++", "c#"], "c#"),
        ("The language is C.", ["c", "c++", "c#"], "c"),
        ("3", ["1", "2", "3"], "3"),
        ("2. 3", ["1", "2", "3"], "3"),
        ("+", ["+", "-"], "+"),
        ("Straße", ["STRASSE", "Weg"], "STRASSE"),
    ],
)
def test_a_name_is_found(said, classes, label):
    index, reason = parse_label(said, classes)
    assert (classes[index] if index >= 0 else reason) == label


@pytest.mark.parametrize(
    ("said", "classes", "reason"),
    [
        ("", NEWS, "no answer"),
        (" \n", NEWS, "no answer"),
        ("<think>It could be hockey", NEWS, "while the model was reasoning"),
        ("I cannot tell.", NEWS, "none of the labels"),
        ("spaceship", NEWS, "none of the labels"),
        ("auto", SALE, "none of the labels"),
        ("autosport", SALE, "none of the labels"),
        ("windows", SALE, "none of the labels"),
        ("space or hockey", NEWS, "several labels: 'hockey', 'space'"),
        ("space\nhockey\nmedicine\nautos", NEWS, "several labels"),
        (", ".join(NEWS), NEWS, "and 3 more"),
        ("It is not about space.", NEWS, "rules out 'space'"),
        ("It isn't space", NEWS, "rules out 'space'"),
        ("不是正面", CHINESE, "rules out '正面'"),
        ("正面和负面", CHINESE, "several labels"),
        ('{"label": null}', NEWS, "none of the labels"),
        ('{"label": ["space", "autos"]}', NEWS, "several labels"),
        ("3", NEWS, "none of the labels"),
        ("[" * 5000, NEWS, "none of the labels"),
    ],
)
def test_no_label_is_taken_and_it_says_why(said, classes, reason):
    index, why = parse_label(said, classes)
    assert index == -1
    assert reason in why


@pytest.mark.parametrize("shape", ["{}", " {}.\n", '"{}"', "7. {}", "Label: {}", "The answer is: {}"])
@pytest.mark.parametrize("classes", [list(TOPICS.values()), SALE, CHINESE], ids=len)
def test_every_name_is_read_back(classes, shape):
    found = [parse_label(shape.format(name), classes)[0] for name in classes]
    assert found == list(range(len(classes)))
    found = [parse_label(json.dumps({"label": name}), classes)[0] for name in classes]
    assert found == list(range(len(classes)))


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=6))
def test_any_text_gives_a_class_or_a_reason(said, classes):
    index, reason = parse_label(said, classes)
    assert -1 <= index < len(classes)
    assert bool(reason) == (index == -1)


def test_a_text_cannot_fill_in_the_prompt():
    config = ZeroShotConfig(template="{labels}|{text}|{text!r}{0}")
    text = "{labels} {text} {0.__class__} \\1 \\g<text>"
    assert make_prompt(text, ["a", "{text}"], config) == f"a, {{text}}|{text}|{{text!r}}{{0}}"


def test_long_texts_are_cut():
    config = ZeroShotConfig(template="{labels}:{text}", most_characters=20)
    assert make_prompt("x" * 50, ["a", "b"], config) == "a, b:" + "x" * 20


@pytest.mark.parametrize("template", ["{text}", "{labels}", "{classes}", "nothing"])
def test_a_prompt_without_a_place_for_text_or_labels_is_refused(template):
    with pytest.raises(ValidationError, match="must contain"):
        ZeroShotConfig(template=template)


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        (["a"], "2 to 200"),
        ([str(i) for i in range(201)], "2 to 200"),
        (["a", " "], "no name"),
        (["Space", " space"], "cannot be told apart"),
    ],
)
def test_classes_that_no_answer_could_name_are_refused(classes, reason):
    with pytest.raises(SettingError, match=reason):
        check_classes(classes)
