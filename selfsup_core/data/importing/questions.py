"""Tables of questions: which columns are a passage, a question about it, and the answer that stands in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.columns import Column
from selfsup_core.data.importing.made import Made
from selfsup_core.data.questions import MOST_LETTERS, Asked, pack_questions
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.settings import short
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

PASSAGES = ("context", "passage", "paragraph", "text")
QUESTIONS = ("question", "query")
ANSWERS = ("answer", "answer_text", "answers")
MARK = "|"  # between several accepted answers
YES_NO = 2  # different answers: they are classes rather than pieces of the passages
LEAST = 4  # answered questions, below which there is nothing to split
MOST_WRONG = 0.5  # share of the answers that may be missing from their passage
ROLES = ("text", "question", "answer")


def find_questions(columns: list[Column]) -> list[Column]:
    """The same columns; three of them become a passage, a question and an answer where their names say so,
    and the others are ignored.
    """
    names = [column.name.strip().lower() for column in columns]
    found = [next((name for name in known if name in names), "") for known in (PASSAGES, QUESTIONS, ANSWERS)]
    if not all(found) or columns[names.index(found[2])].distinct <= YES_NO:
        return columns
    roles = dict(zip(found, ROLES, strict=True))
    named = tr("the columns are named as a passage, a question and its answer")
    return [
        replace(column, role=roles.get(name, "ignore"), reason=named if name in roles else column.reason)
        for name, column in zip(names, columns, strict=True)
    ]


def questions_in(roles: dict[str, ColumnAbout], cells: dict[str, pa.Array], text: str) -> Made | None:
    """What columns of questions and answers add to a set of texts; None where there are no such columns.

    A row without a question or an answer is a passage that nobody has asked about. Several accepted answers
    stand with a | between them.

    Raises:
        DataError: one of the two columns is missing, hardly a question has an answer, or most answers do not
        stand in their passage.
    """
    found = {role: [name for name, c in roles.items() if c["role"] == role] for role in ROLES[1:]}
    if not any(found.values()):
        return None
    if any(len(names) != 1 for names in found.values()):
        raise DataError(
            tr("{questions} columns are questions and {answers} are answers; one of each is needed.").format(
                questions=len(found["question"]), answers=len(found["answer"])
            ),
            code="no-questions",
            remedy=tr("Give one column the role question and one the role answer; ignore the others."),
        )
    columns = [cells[name].to_pylist() for name in (text, found["question"][0], found["answer"][0])]
    rows: list[Asked] = []
    wrong: list[tuple[int, str]] = []
    empty = long = 0
    for number, (passage, question, answer) in enumerate(zip(*columns, strict=True), 1):
        if not passage.strip():
            empty += 1
        elif len(passage) > MOST_LETTERS:
            long += 1
        elif (row := read_row(passage, question, answer)) is None:
            wrong.append((number, answer))
        else:
            rows.append(row)
    refuse_few(rows, wrong)
    made: Made = {
        "kind": "text",
        "x": Texts.pack(row.passage for row in rows),
        "labels": None,
        "steps": tr(
            "passage from column {text!r}, question from {question!r}, answer from {answer!r}"
        ).format(text=text, question=found["question"][0], answer=found["answer"][0]),
        "extra": pack_questions(rows),
        "notes": say_left_out(wrong, empty, long),
        "details": {"grouped_by": "passage"},
    }
    made["groups"] = np.unique(np.array([row.passage for row in rows], object), return_inverse=True)[1]
    return made


def read_row(passage: str, question: str, answer: str) -> Asked | None:
    """None where no accepted answer stands in the passage; one that differs in case alone is taken as it
    stands there.
    """
    wanted = [one.strip() for one in answer.split(MARK) if one.strip()]
    if not question.strip() or not wanted:
        return Asked(passage, "")
    found = []
    for one in wanted:
        at = passage.find(one)
        if at < 0 and len(low := passage.lower()) == len(passage):
            at = low.find(one.lower())
        if at >= 0:
            found.append((at, passage[at : at + len(one)]))
    if not found:
        return None
    return Asked(passage, " ".join(question.split()), tuple(text for _, text in found), found[0][0])


def refuse_few(rows: list[Asked], wrong: list[tuple[int, str]]) -> None:
    """Raises DataError: hardly an answer can be used."""
    answered = sum(row.is_answered for row in rows)
    if wrong and len(wrong) > MOST_WRONG * (len(wrong) + answered):
        number, answer = wrong[0]
        raise DataError(
            tr(
                "{count:,} of {all:,} answers do not stand in their passage, as {answer!r} in row {row}."
            ).format(count=len(wrong), all=len(wrong) + answered, answer=short(answer, 60), row=number),
            code="no-answer",
            remedy=tr("An answer must be copied from its passage, letter by letter."),
        )
    if answered < LEAST:
        raise DataError(
            tr("{count} rows have a question with an answer that stands in the passage.").format(
                count=answered
            ),
            code="no-questions",
            remedy=tr("Check the columns; at least {least} such rows are needed.").format(least=LEAST),
        )


def say_left_out(wrong: list[tuple[int, str]], empty: int, long: int) -> list[str]:
    said = []
    if wrong:
        said.append(
            tr(
                "{count:,} rows are left out, whose answer does not stand in the passage, as row {row}."
            ).format(count=len(wrong), row=wrong[0][0])
        )
    if empty:
        said.append(tr("{count:,} rows without a passage are left out.").format(count=empty))
    if long:
        said.append(
            tr("{count:,} rows with a passage of more than {most:,} letters are left out.").format(
                count=long, most=MOST_LETTERS
            )
        )
    return said
