"""Questions about passages as SQuAD's JSON has them, of version 1.1 or 2.0.

An object with "data": articles with "paragraphs", each a "context" with "qas": a question with its "answers"
(text and answer_start) or "is_impossible". JSON has no lines to name: a place is written as a path,
data[0].paragraphs[3].qas[1].
[1] Rajpurkar et al.: SQuAD: 100,000+ questions for machine comprehension of text, 2016
[2] Rajpurkar et al.: Know what you don't know: unanswerable questions for SQuAD, 2018
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.questions import LEAST, MOST_WRONG
from selfsup_core.data.importing.table import check_decoded, check_size
from selfsup_core.data.limits import MB
from selfsup_core.data.questions import MOST_LETTERS, Asked
from selfsup_core.errors import DataError
from selfsup_core.files.parsing import parse_json
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

LARGEST = 100 * MB  # of a file
MARKS = (b'"paragraphs"', b'"context"')
LOOKED_AT = 100_000  # bytes
MOST_QUESTION = 1000  # letters
MOST_ANSWERS = 20  # of a question
WHY = {
    "impossible": tr_later("that have no answer, as SQuAD 2.0 allows"),
    "wrong": tr_later("whose answer does not stand where it says"),
    "damaged": tr_later("without a text"),
}


@dataclass
class Questions:
    """What the files hold.

    Attributes:
        rows: a question each; a passage without one that can be used is a row, too.
        passages: how many there are. left_out: {reason, a key of `WHY`: questions}, first: where.
        long, empty: passages that are too long, and without a text.
    """

    rows: list[Asked] = field(default_factory=list)
    passages: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    long: int = 0
    empty: int = 0
    letters: int = 0

    def leave(self, why: str, where: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1
        self.first.setdefault(why, where)

    @property
    def answered(self) -> int:
        return sum(row.is_answered for row in self.rows)


def is_squad(member: Member) -> bool:
    """Whether a JSON file begins like one of SQuAD's."""
    if member.suffix != ".json":
        return False
    head = member.head(LOOKED_AT)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and all(mark in head for mark in MARKS)


def read_squad(members: list[Member]) -> Questions:
    """The questions of all files.

    Raises:
        DataError: a file is not as SQuAD has it, or hardly a question can be used.
    """
    found = Questions()
    for member in members:
        if member.size > LARGEST:
            raise damaged(member.name, tr("it has more than {most} MB").format(most=LARGEST // MB))
        try:
            about = parse_json(member.read().removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise damaged(member.name, str(error)) from error
        for where, passage in each_passage(member.name, about):
            take_passage(where, passage, found)
            check_size(member.name, len(found.rows), 4)
    refuse_few(found)
    return found


def damaged(name: str, why: str) -> DataError:
    return DataError(
        tr("{name} cannot be used as questions (SQuAD): {why}.").format(name=name, why=why),
        code="bad-squad",
        remedy=tr("Export it again, or as a table with the columns context, question and answer."),
    )


def each_passage(name: str, about: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, paragraph) of all articles. Raises DataError: the file is built otherwise."""
    articles = about.get("data") if isinstance(about, dict) else None
    if not isinstance(articles, list):
        raise damaged(name, tr("it needs a list called data"))
    for number, article in enumerate(articles):
        inside = article.get("paragraphs") if isinstance(article, dict) else None
        if not isinstance(inside, list):
            raise damaged(name, tr("data[{number}] needs a list called paragraphs").format(number=number))
        for place, one in enumerate(inside):
            where = f"{name}, data[{number}].paragraphs[{place}]"
            if not isinstance(one, dict) or not isinstance(one.get("qas"), list):
                path = where.partition(", ")[2]
                raise damaged(name, tr("{path} needs a context and a list called qas").format(path=path))
            yield where, one


def take_passage(where: str, about: dict[str, Any], found: Questions) -> None:
    """Add the questions of a passage, or count why they are left out."""
    passage = about.get("context")
    if not isinstance(passage, str) or not passage.strip():
        found.empty += 1
        return
    if len(passage) > MOST_LETTERS:
        found.long += 1
        return
    found.passages += 1
    rows = []
    for number, one in enumerate(about["qas"]):
        row = read_question(passage, one)
        if isinstance(row, Asked):
            rows.append(row)
        else:
            found.leave(row, f"{where}.qas[{number}]")
    found.rows += rows or [Asked(passage, "")]
    # A passage is kept with each of its questions.
    found.letters += len(passage) * max(1, len(rows))
    check_decoded(
        tr("{count:,} questions with their passages").format(count=len(found.rows)),
        found.letters,
        tr("Take a sample."),
    )


def read_question(passage: str, one: Any) -> Asked | str:
    """A row, or a key of `WHY`."""
    question = one.get("question") if isinstance(one, dict) else None
    if not isinstance(question, str) or not question.strip():
        return "damaged"
    answers = one.get("answers")
    if one.get("is_impossible") is True or not isinstance(answers, list) or not answers:
        return "impossible"
    accepted: list[str] = []
    first: tuple[int, str] | None = None
    for answer in answers[:MOST_ANSWERS]:
        about: dict[str, Any] = answer if isinstance(answer, dict) else {}
        text, start = about.get("text"), about.get("answer_start")
        if not isinstance(text, str) or not text.strip():
            continue
        stands = False
        if isinstance(start, int) and not isinstance(start, bool) and start >= 0:
            stands = passage[start : start + len(text)] == text
            if stands and first is None:
                first = start + len(text) - len(text.lstrip()), text.strip()
        if stands or text.strip() in passage:
            accepted.append(text.strip())
    if first is None:
        return "wrong"
    begin, reference = first
    others = (other for other in dict.fromkeys(accepted) if other != reference)
    return Asked(passage, " ".join(question.split())[:MOST_QUESTION], (reference, *others), begin)


def refuse_few(found: Questions) -> None:
    """Raises DataError: most answers do not stand where they say, or hardly a question is left."""
    answered, wrong = found.answered, found.left_out.get("wrong", 0)
    if wrong and wrong > MOST_WRONG * (wrong + answered):
        raise DataError(
            tr("{count:,} of {all:,} answers do not stand where they say, the first: {where}.").format(
                count=wrong, all=wrong + answered, where=found.first["wrong"]
            ),
            code="no-answer",
            remedy=tr("answer_start counts the characters of the context before the answer, from 0."),
        )
    if answered < LEAST:
        left = " ".join(say_left_out(found))
        raise DataError(
            tr("{count} questions have an answer that stands in its passage. {left}")
            .format(count=answered, left=left)
            .strip(),
            code="no-questions",
            remedy=tr("At least {least} such questions are needed.").format(least=LEAST),
        )


def say_read(found: Questions) -> list[str]:
    """What was found, and what was left out, in words."""
    said = tr("{questions} about {passages} (SQuAD).").format(
        questions=counted(found.answered, "question"), passages=counted(found.passages, "passage")
    )
    return [said, *say_left_out(found)]


def say_left_out(found: Questions) -> list[str]:
    said = [
        tr("Left out: {questions} {why} (first: {where}).").format(
            questions=counted(found.left_out[why], "question"), why=tr(WHY[why]), where=found.first[why]
        )
        for why in WHY
        if why in found.left_out
    ]
    if found.long:
        said.append(
            tr("Left out: {passages} of more than {most:,} letters.").format(
                passages=counted(found.long, "passage"), most=MOST_LETTERS
            )
        )
    if found.empty:
        said.append(
            tr("Left out: {passages} without a text.").format(passages=counted(found.empty, "passage"))
        )
    return said
