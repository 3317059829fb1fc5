"""What is asked of a run's reader: a question of one's own about a passage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from selfsup_core.data.questions import MOST_LETTERS
from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_reader
from selfsup_core.settings import setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.tasks.parts.reader_files import RunReader

MOST_QUESTION = 1000  # letters


class AnswerAsk(EpochAsk):
    """A question and the passage that answers it, at an epoch of the run."""

    question: str = setting("", "The question.", title="Question", max_length=MOST_QUESTION)
    passage: str = setting(
        "", "The text in which the answer stands.", title="Passage", max_length=MOST_LETTERS
    )
    count: int = setting(
        3, "Answers that are given, the likeliest first.", title="Number of answers", ge=1, le=20
    )


class Found(TypedDict):
    """An answer, its characters [start, end) in the passage, and P(start) · P(end)."""

    text: str
    start: int
    end: int
    probability: float


@about_reader("answer", AnswerAsk)
def answer(reader: RunReader, ask: AnswerAsk) -> Answer:
    """The likeliest answers, and where in the passage each token may start and end one."""
    from selfsup_core.evaluate.reading.answering import best_spans, point, read_states

    question, passage = ask.question.strip(), ask.passage.strip()
    if not question:
        raise DataError(tr("There is no question."), code="no-text", remedy=tr("Write one."))
    if not passage:
        raise DataError(
            tr("There is no passage in which the answer could stand."),
            code="no-text",
            remedy=tr("Write one, or choose one of the data."),
        )
    (read,) = reader.reading.read([question], [passage])
    windows = [(read, window) for window in range(len(read.starts))]
    states = read_states(reader.network, windows, read.length, "cpu")
    (pointed,), _ = point(reader.network, [read], *states)
    found: list[Found] = []
    for span in best_spans(pointed, ask.count):
        start, end = int(read.spans[span.first, 0]), int(read.spans[span.last, 1])
        found.append(
            {"text": passage[start:end], "start": start, "end": end, "probability": span.probability}
        )
    note = ""
    if len(read.starts) > 1:
        note = tr("The passage is longer than {most} tokens; it was read in {count} windows.").format(
            most=reader.reading.most, count=len(read.starts)
        )
    return Answer(
        about={
            "answers": found,
            "epoch": reader.epoch,
            "passage": passage,
            "spans": read.spans.tolist(),
            "start": [round(float(value), 4) for value in pointed.start],
            "end": [round(float(value), 4) for value in pointed.end],
            "note": note,
        }
    )
