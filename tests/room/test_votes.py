"""One vote a person and question, whatever is sent how often, and nothing is told before the end."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfsup_core.errors import RunError, SettingError
from selfsup_core.room import votes
from selfsup_core.room.store import Room
from tests.room.helpers import joined, opened

CHOICES = ("up", "down", "same")


def asked(room):
    return votes.ask(room, {"text": "What will the loss do?", "choices": CHOICES})["id"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12))
def test_the_last_vote_of_each_counts_once(workspace, sent):
    room = opened(workspace)
    people = room.read()["people"] or [joined(room, name) for name in ("Ada", "Ben", "Cem")]
    question = asked(room)
    for person, choice in sent:
        votes.vote(room, people[person]["id"], question, choice)
    last = dict(sent)
    votes.reveal(room, question)
    tally = votes.tally(votes.list_questions(room)[-1])
    assert tally["counts"] == [list(last.values()).count(place) for place in range(3)]
    assert tally["voted"] == len(last)
    (workspace / "room" / "votes.json").unlink()


def test_nobody_learns_what_others_think_before_the_end(workspace):
    room = opened(workspace)
    ada, ben = joined(room, "Ada"), joined(room, "Ben")
    question = asked(room)
    votes.vote(room, ada["id"], question, 1)
    before = votes.tally(votes.list_questions(room)[-1], ben["id"])
    assert (before["counts"], before["mine"], before["voted"]) == (None, None, 1)
    votes.reveal(room, question)
    with pytest.raises(RunError, match="closed"):
        votes.vote(room, ben["id"], question, 0)
    after = votes.tally(votes.list_questions(room)[-1], ada["id"])
    assert (after["counts"], after["mine"]) == ([0, 1, 0], 1)


def test_votes_of_the_same_moment_are_all_counted(workspace):
    room = opened(workspace)
    people = [joined(room, f"Person {i}") for i in range(8)]
    question = asked(room)
    threads = [
        threading.Thread(target=votes.vote, args=(Room(workspace), person["id"], question, i % 3))
        for i, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(votes.list_questions(room)[-1]["votes"]) == 8


@pytest.mark.parametrize(
    ("person", "question", "choice", "message"),
    [
        ("0" * 24, None, 0, "no such person"),
        (None, "x", 0, "no such question"),
        (None, None, 3, "no choice 3"),
    ],
)
def test_what_is_no_vote(workspace, person, question, choice, message):
    room = opened(workspace)
    ada = joined(room, "Ada")
    known = asked(room)
    with pytest.raises((RunError, SettingError), match=message):
        votes.vote(room, person or ada["id"], question or known, choice)
    assert votes.list_questions(room)[-1]["votes"] == {}


@pytest.mark.parametrize(
    "values",
    [
        {"text": "", "choices": ("a", "b")},
        {"text": "x" * 201, "choices": ("a", "b")},
        {"text": "x", "choices": ("a", "a")},
        {"text": "x", "choices": ("a", " ")},
        {"text": "x", "choices": tuple("abcdefg")},
        {"text": "x", "choices": ("a", "b" * 81)},
        {"text": "x", "choices": ("a", "b"), "by": "me"},
    ],
)
def test_what_is_no_question(workspace, values):
    with pytest.raises(SettingError):
        votes.ask(opened(workspace), values)
