"""Probabilities of the classes from the log-probabilities of an answer's tokens."""

from __future__ import annotations

import pytest

from selfsup_core.pretrained.remote.named import class_probabilities, read_tokens
from tests.pretrained.remote_servers import logprobs


@pytest.mark.parametrize(
    ("answer", "places", "label", "classes", "wanted"),
    [
        ("cats", ({"cats": 0.6, "dogs": 0.2, "the": 0.2},), 0, ("cats", "dogs"), (0.75, 0.25)),
        # Other spellings of a class belong to it; what is no class counts for none.
        (
            "Cats.",
            ({"Cats": 0.5, " cats": 0.2, " Dogs": 0.1}, {".": 1.0}),
            0,
            ("cats", "dogs"),
            (0.875, 0.125),
        ),
        # Names that begin alike are told apart where they differ.
        (
            "comp graphics",
            ({"comp": 0.8, "rec": 0.2}, {" graphics": 0.75, " windows": 0.25}),
            0,
            ("comp graphics", "comp windows", "rec"),
            (0.6, 0.2, 0.2),
        ),
        (
            "It is: dogs",
            ({"It": 1.0}, {" is": 1.0}, {":": 1.0}, {" dogs": 0.5, " cats": 0.5}),
            1,
            ("cats", "dogs"),
            (0.5, 0.5),
        ),
    ],
)
def test_the_share_of_a_class_where_its_name_begins(answer, places, label, classes, wanted):
    found = class_probabilities(read_tokens(logprobs(*places)), answer, label, classes)
    assert found == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ("cats", ()),
        ("cats", ({"other": 1.0},)),
        ("hellcats", ({"hellcats": 1.0},)),
    ],
)
def test_tokens_that_do_not_tell_give_none(answer, places):
    assert class_probabilities(read_tokens(logprobs(*places)), answer, 0, ("cats", "dogs")) is None


@pytest.mark.parametrize(
    "found",
    [
        None,
        {},
        {"content": None},
        {"content": [{"token": "a"}]},
        {"content": [{"logprob": -1.0}]},
        {"content": "a"},
    ],
)
def test_answers_without_log_probabilities_have_none(found):
    assert read_tokens(found) == []
