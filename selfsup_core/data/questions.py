"""Passages with questions: each row is a passage, a question, and the answers that are accepted, which stand
in the passage word for word.

A data set of them has the passages as x, and in `extra` "question", "answers" (JSON, the first one is the
reference; [] where there is none) and "start", the character where the first answer begins, -1 for none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

QUESTION, ANSWERS, START = "question", "answers", "start"
MOST_LETTERS = 20_000  # of a passage


@dataclass(frozen=True)
class Asked:
    """A row. answers: accepted ones, the first is the reference; start: its first character, -1 for none."""

    passage: str
    question: str
    answers: tuple[str, ...] = ()
    start: int = -1

    @property
    def end(self) -> int:
        """The character behind the reference answer."""
        return self.start + len(self.answers[0]) if self.answers else -1

    @property
    def is_answered(self) -> bool:
        return bool(self.question and self.answers)


def pack_questions(rows: Sequence[Asked]) -> dict[str, np.ndarray | Texts]:
    """For `Dataset.extra`."""
    return {
        QUESTION: Texts.pack(row.question for row in rows),
        ANSWERS: Texts.pack(json.dumps(row.answers, ensure_ascii=False) for row in rows),
        START: np.array([row.start for row in rows], np.int64),
    }


def has_questions(dataset: Dataset) -> bool:
    found = dataset.extra
    are_texts = all(isinstance(one, Texts) for one in (dataset.x, found.get(QUESTION), found.get(ANSWERS)))
    return are_texts and START in found


def questions_of(dataset: Dataset) -> list[Asked]:
    """Its rows. Raises DataError: it has no questions, or an answer does not stand where it should."""
    if not has_questions(dataset):
        raise DataError(
            tr("{title} has no questions: each row needs a passage, a question and its answer.").format(
                title=tr(dataset.title)
            ),
            code="no-questions",
            remedy=tr(
                "Choose the passages with questions, or import a JSON file of SQuAD's form or a table with "
                "the columns context, question and answer."
            ),
        )
    found = []
    columns = (dataset.x, dataset.extra[QUESTION], dataset.extra[ANSWERS], dataset.extra[START])
    for number, (passage, question, written, start) in enumerate(zip(*columns, strict=True), 1):
        row = Asked(str(passage), str(question), tuple(json.loads(str(written))), int(start))
        check_row(row, number)
        found.append(row)
    return found


def check_row(row: Asked, number: int) -> None:
    """Raises DataError: its answer is not in its passage, where it says."""
    if row.answers and row.passage[row.start : row.end] != row.answers[0]:
        raise DataError(
            tr(
                "Row {number}: the answer {answer!r} does not stand in the passage at character {start}."
            ).format(number=number, answer=row.answers[0][:80], start=row.start),
            code="no-answer",
            remedy=tr("An answer must be copied from its passage, letter by letter."),
        )
