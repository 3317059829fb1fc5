"""Settings in one line: what is written is read again as the same value, and what is wrong is said."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.runs.assignments import (
    problem_of,
    read_assignments,
    train_command,
    values_at,
    write_assignment,
)
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import known_settings, make_spec, parse_assignments
from selfsup_core.settings import Setting

PRESETS = ("denoising", "gpt-words", "pseudo-text", "classify-conv")
FIXED = ("version", "name", "data.source", "model.kind", "objective.kind", "objective.hand")


def offer_all(spec):
    return dict.fromkeys(known_settings(spec))


def values_of(setting: Setting) -> st.SearchStrategy:
    """Values within the bounds of a setting; a few of them break rules that join several."""
    low, high = setting.low, setting.high
    if setting.choices:
        return st.sampled_from(setting.choices)
    if setting.annotation is bool:
        return st.booleans()
    if setting.annotation is int:
        return st.integers(int(low), int(high))
    if setting.annotation is float:
        return st.floats(low, high, exclude_min=setting.low_is_open)
    if setting.path == "objective.proposers":
        return st.sampled_from([("self",), ("twin", "neighbors"), ("rules", "names")])
    if "tuple" in str(setting.annotation):
        return st.lists(st.integers(1, 64), min_size=1, max_size=3).map(tuple)
    return st.text(max_size=40)


@st.composite
def forms(draw):
    """A preset and some of its settings."""
    preset = draw(st.sampled_from(PRESETS))
    known = {path: s for path, s in known_settings(preset_spec(preset)).items() if path not in FIXED}
    paths = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=4))
    return preset, {path: draw(values_of(known[path])) for path in paths}


@settings(max_examples=150, deadline=None)
@given(forms())
def test_a_valid_form_comes_back_from_its_address_and_from_the_command_line(form):
    preset, values = form
    make = partial(make_spec, preset_spec(preset).as_dict())
    texts = [write_assignment(path, value) for path, value in values.items()]
    found, refused = read_assignments(texts, make, offer_all)
    if problem_of(values, make):  # a rule that joins several settings
        assert refused
        return
    spec = make(values)
    assert refused == {}
    assert found == values_at(spec, values)
    assert make(found) == spec
    assert make(parse_assignments(texts)) == spec
    assert not any("\n" in text for text in texts)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (0.001, "0.001"),
        (1e-05, "1.0e-05"),
        (True, "true"),
        ((64, 32, 2), "[64,32,2]"),
        (("twin", "self"), "[twin,self]"),
        ("mse", "mse"),
        ("5", "'5'"),
        ("a\nb", '"a\\nb"'),
        ("", "''"),
    ],
)
def test_values_are_short_and_readable(value, text):
    assert write_assignment("a.b", value) == f"a.b={text}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train.epoch=5", ("train.epoch", "Did you mean train.epochs?")),
        ("train.epochs=0", ("train.epochs must be at least 1 and at most 100000", "found 0")),
        ("train.epochs=many", ("train.epochs", "integer", "found 'many'")),
        ("objective.noise=pink", ("objective.noise must be", "'gaussian'", "found 'pink'")),
        ("model.widths=wide", ("model.widths", "found 'wide'")),
        ("train.epochs", ("not an assignment", "Write it as train.epochs=3")),
        ("train.epochs=[", ("train.epochs", "not a value in YAML")),
        ("train.beta2=0.9", ("no control for train.beta2 here", "--set train.beta2=0.9")),
        ("model.kind=conv", ("no control for model.kind here",)),
        ("data.source=wine", ("data=wine",)),
        ("data.encoder=minilm", ("data.encoder must be one of multilingual here", "found minilm")),
    ],
)
def test_what_is_wrong_names_the_setting_what_is_expected_and_what_was_found(text, words):
    def offer(spec):
        return {path: None for path in known_settings(spec) if path != "train.beta2"} | {
            "data.encoder": ["multilingual"]
        }

    make = partial(make_spec, preset_spec("denoising").as_dict())
    found, refused = read_assignments([text, "train.batch_size=16"], make, offer)
    assert found == {"train.batch_size": 16}, "the others are taken"
    assert list(refused) == [text]
    assert all(word in refused[text] for word in words), refused[text]


def test_one_setting_has_one_value():
    make = partial(make_spec, preset_spec("denoising").as_dict())
    found, refused = read_assignments(["train.epochs=5", "train.epochs=6"], make, offer_all)
    assert found == {"train.epochs": 5}
    assert refused == {"train.epochs=6": "train.epochs is set twice: train.epochs=5 and train.epochs=6."}
    assert read_assignments(["seed=1", "seed=1"], make, offer_all) == ({"seed": 1}, {})


def test_settings_that_do_not_go_together_are_refused_together():
    make = partial(make_spec, preset_spec("vq").as_dict())
    texts = ["objective.dimension=4", "model.widths=[256,63]"]
    found, refused = read_assignments(texts, make, offer_all)
    assert "cannot be cut into vectors" in refused["model.widths=[256,63]"]
    assert "model.widths" not in found


def test_a_command_can_be_pasted_into_a_shell():
    assert train_command("vae", {"model.widths": (8, 2), "frames.prompt": "It's"}) == (
        "python -m selfsup_core train vae --set 'model.widths=[8,2]' --set 'frames.prompt=It'\"'\"'s'"
    )
    assert "vae" in list_presets()
