"""Predict, then reveal: the teacher asks, everybody has one vote, and nobody sees others' before the end."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError, field_validator
from typing_extensions import TypedDict

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import read_checked, write_private
from selfsup_core.room.store import Room, no_room
from selfsup_core.settings import Config, Values, explain, setting
from selfsup_core.translation import tr

T = TypeVar("T")
FILE = "votes.json"
MOST_QUESTIONS, MOST_CHOICES = 50, 6


class Question(TypedDict):
    """A question. votes: person → the place of their choice."""

    id: str
    text: str
    choices: list[str]
    is_revealed: bool
    votes: dict[str, int]


class Tally(TypedDict):
    """What may be shown. counts: None until it is revealed; mine: the viewer's own choice."""

    id: str
    text: str
    choices: list[str]
    is_revealed: bool
    voted: int
    mine: int | None
    counts: list[int] | None


class Asking(Config):
    """A new question."""

    text: str = setting(
        ..., "What everybody predicts before they see it.", title="Question", min_length=1, max_length=200
    )
    choices: tuple[str, ...] = setting(..., f"2 to {MOST_CHOICES} answers.", title="Choices")

    @field_validator("choices")
    @classmethod
    def _differ(cls, choices: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(text for choice in choices if (text := " ".join(choice.split())))
        if not 2 <= len(kept) <= MOST_CHOICES or len(set(kept)) != len(kept):
            raise ValueError(
                tr("must be 2 to {most_choices} answers that differ").format(most_choices=MOST_CHOICES)
            )
        if any(len(choice) > 80 for choice in kept):
            raise ValueError(tr("each may have 80 characters"))
        return kept


def path_of(room: Room) -> Path:
    return room.path.with_name(FILE)


def list_questions(room: Room) -> list[Question]:
    """Oldest first. Raises DamagedFile."""
    return read_checked(path_of(room), list[Question]) or []


def ask(room: Room, values: Values) -> Question:
    """Put a question to everybody.

    Raises:
        SettingError: a text is missing or too long. RunError: there are too many questions, or no room.
    """
    try:
        asking = Asking.model_validate(dict(values))
    except ValidationError as error:
        raise explain(error, Asking) from error
    question = Question(
        id=secrets.token_hex(8), text=asking.text, choices=list(asking.choices), is_revealed=False, votes={}
    )

    def add(questions: list[Question]) -> Question:
        if len(questions) >= MOST_QUESTIONS:
            raise RunError(
                tr("A room has at most {most_questions} questions.").format(most_questions=MOST_QUESTIONS),
                code="too-many-questions",
            )
        questions.append(question)
        return question

    return change(room, add)


def vote(room: Room, person: str, question: str, choice: int) -> None:
    """Count a person's vote: once, whatever is sent how often; until the end it may be another.

    Raises:
        RunError: nobody of this room, no such question, or it is revealed. SettingError: no such choice.
    """
    if room.person(person) is None:
        raise RunError(tr("There is no such person in this room."), code="no-person")

    def count(questions: list[Question]) -> None:
        found = find(questions, question)
        if found["is_revealed"]:
            raise RunError(tr("This question is closed: its answers are shown."), code="closed")
        if not 0 <= choice < len(found["choices"]):
            raise SettingError(
                tr("There is no choice {choice}; the question has {count}.").format(
                    choice=choice, count=len(found["choices"])
                )
            )
        found["votes"][person] = choice

    change(room, count)


def reveal(room: Room, question: str) -> None:
    """Show what everybody chose; nobody votes any more. Raises RunError."""

    def end(questions: list[Question]) -> None:
        find(questions, question)["is_revealed"] = True

    change(room, end)


def forget(room: Room, person: str) -> None:
    """Take all votes of somebody who is removed. Raises RunError: there is no room."""

    def take(questions: list[Question]) -> None:
        for question in questions:
            question["votes"].pop(person, None)

    if path_of(room).exists():
        change(room, take)


def tally(question: Question, person: str = "") -> Tally:
    """What somebody may see of a question: numbers only, and these only after the end."""
    counted = Counter(question["votes"].values())
    is_revealed = question["is_revealed"]
    counts = [counted[i] for i in range(len(question["choices"]))] if is_revealed else None
    return Tally(
        id=question["id"],
        text=question["text"],
        choices=question["choices"],
        is_revealed=is_revealed,
        voted=len(question["votes"]),
        mine=question["votes"].get(person),
        counts=counts,
    )


def find(questions: list[Question], name: str) -> Question:
    found = next((one for one in questions if one["id"] == name), None)
    if found is None:
        raise RunError(tr("There is no such question."), code="no-question")
    return found


def change(room: Room, act: Callable[[list[Question]], T]) -> T:
    from filelock import FileLock

    path = path_of(room)
    if not room.path.exists():
        raise no_room()
    with FileLock(path.with_name(f".{FILE}.lock"), mode=0o600):
        questions = list_questions(room)
        result = act(questions)
        write_private(path, json.dumps(questions, ensure_ascii=False, indent=1).encode())
        return result
