"""Whisper as the teacher of a speech run: it writes a transcript of each clip of the pool, once, before
training.

distil-whisper keeps a pseudo-transcript whose word error rate against the true one is low [1]. Here true
transcripts of these clips are hidden, so nothing is compared with them: how sure Whisper is decides, and on
request whether the run's first network hears the same words.
[1] Gandhi, von Platen, Rush: Distil-Whisper, 2023
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.spoken import FRAME_SECONDS
from selfsup_core.evaluate.transcripts import word_error_rate
from selfsup_core.features.spelling import Spelling
from selfsup_core.files import read_shaped, write_json
from selfsup_core.pretrained.whisper_folder import WhisperFacts, check_language, find_whisper
from selfsup_core.pseudo.hearing import Transcribed, hear_clips, kept_in
from selfsup_core.tasks import TaskContext
from selfsup_core.translation import tr
from selfsup_core.wording import counted, percent

if TYPE_CHECKING:
    from selfsup_core.objectives.ctc import CtcConfig
    from selfsup_core.pretrained.whisper import Whisper

HEARD = "heard.json"
CHECKED = 40  # known clips that are transcribed too, to say how well it does here
MUCH = 0.5  # of its words wrong
MOST_NAMED = 12  # letters


class HeardInRun(TypedDict):
    """What a run keeps of it: its transcripts, so that it goes on without the model."""

    teacher: str
    language: str
    data: str
    title: str
    seconds: int
    clips: dict[str, Transcribed]


@dataclass(frozen=True)
class SpeechTeacher:
    """What Whisper wrote.

    Attributes:
        written: of each clip of the pool, in the spelling of the known transcripts. texts: the same, "" where
        it cannot be used.
        confidence: (P,) Whisper's mean probability of its tokens; NaN where none can be used.
        note: what a person should know: of several notes the stage shows the newest one alone.
    """

    title: str
    written: list[str]
    texts: list[str]
    confidence: np.ndarray
    note: str


def ask_teacher(
    context: TaskContext,
    dataset: Dataset,
    *,
    pool: np.ndarray,
    known: np.ndarray,
    known_texts: Sequence[str],
    only_known: bool,
) -> SpeechTeacher:
    """Have the clips of the pool transcribed, and some of those whose transcript is known.

    Args:
        known_texts: transcripts of the rows `known`. only_known: whether each word must be one of theirs.

    Raises:
        StudioError: there is no such model, or it cannot be used.
    """
    checked = np.random.default_rng(0).permutation(len(known))[:CHECKED].tolist()
    heard = hear_once(context, dataset, [*pool.tolist(), *known[checked].tolist()])
    spelling = Spelling.of(known_texts)
    clips = [heard["clips"].get(str(row)) for row in pool.tolist()]
    written = [spelling.write(said["text"]) if said else "" for said in clips]
    reasons = [
        why_not(said, text, spelling, only_known=only_known)
        for said, text in zip(clips, written, strict=True)
    ]
    texts = ["" if reason else text for text, reason in zip(written, reasons, strict=True)]
    confidence = [said["p"] if said and text else np.nan for said, text in zip(clips, texts, strict=True)]
    foreign = spelling.foreign("".join(written))
    notes = [
        tr("{title} has transcribed {count}; {usable:,} of the transcripts can be used.").format(
            title=heard["title"], count=counted(len(pool), "clip"), usable=reasons.count("")
        ),
        *say_reasons(Counter(reasons), foreign, heard["seconds"]),
    ]
    pairs = [(heard["clips"].get(str(known[place])), known_texts[place]) for place in checked]
    notes += say_checked([(said, text) for said, text in pairs if said], spelling, only_known=only_known)
    return SpeechTeacher(heard["title"], written, texts, np.array(confidence), " ".join(notes))


def why_not(said: Transcribed | None, text: str, spelling: Spelling, *, only_known: bool) -> str:
    """Why a transcript cannot be used: "long", "cut", "silent", "letters", "words"; or ""."""
    if said is None:
        return "long"
    if not said["whole"]:
        return "cut"
    if not text:
        return "silent"
    if spelling.foreign(text):
        return "letters"
    return "words" if only_known and not spelling.has_words(text) else ""


def say_reasons(count: Counter[str], foreign: str, seconds: int) -> list[str]:
    """Why transcripts are not used, in words."""
    said = {
        "letters": tr(
            "Not used: {count:,} with letters or signs that the known transcripts do not have ({letters})."
        ),
        "words": tr("Not used: {count:,} with words that the known transcripts do not have."),
        "cut": tr("Not used: {count:,} that did not come to an end."),
        "silent": tr("Clips in which it heard no words: {count:,}."),
        "long": tr("Clips longer than the {seconds} s that it hears at once: {count:,}."),
    }
    letters = " ".join(foreign[:MOST_NAMED])
    return [
        text.format(count=count[reason], letters=letters, seconds=seconds)
        for reason, text in said.items()
        if count[reason]
    ]


def say_checked(
    pairs: Sequence[tuple[Transcribed, str]], spelling: Spelling, *, only_known: bool
) -> list[str]:
    """How well it does on clips whose transcript is known: all, and those of which it could be used."""
    written = [(spelling.write(said["text"]), text) for said, text in pairs]
    used = [
        one
        for (said, _), one in zip(pairs, written, strict=True)
        if not why_not(said, one[0], spelling, only_known=only_known)
    ]
    if not written:
        return []
    error = word_error_rate(*zip(*written, strict=True))
    said = tr("On {count} with a known transcript, its word error rate is {share}").format(
        count=counted(len(written), "clip"), share=percent(error)
    )
    if used:
        said += tr("; on the {count:,} of them that could be used, {share}").format(
            count=len(used), share=percent(word_error_rate(*zip(*used, strict=True)))
        )
    if error <= MUCH:
        return [f"{said}."]
    advice = tr(
        "So many errors rarely help: choose a larger model, or keep only what the first network hears too "
        "(Largest difference from Whisper)."
    )
    return [f"{said}.", advice]


def fits(dataset: Dataset, row: int, seconds: int) -> bool:
    return bool(int(dataset.extra["frames"][row]) * FRAME_SECONDS <= seconds)


def hear_once(context: TaskContext, dataset: Dataset, rows: list[int]) -> HeardInRun:
    """What is written of these clips; kept with the run, which then goes on without the model."""
    config = cast("CtcConfig", context.spec.objective)
    path = context.folder / HEARD
    kept = read_shaped(path, HeardInRun)
    asked = (config.teacher, config.teacher_language, dataset.digest)
    if kept and (kept["teacher"], kept["language"], kept["data"]) == asked:
        return kept
    facts = find_whisper(config.teacher, context.workspace)
    check_language(facts, config.teacher_language)
    context.say(tr("Checking {title}.").format(title=facts.title))
    store = kept_in(context.workspace, facts, dataset.digest, config.teacher_language)
    found = hear_clips(
        lambda: load(context, facts, config.teacher_language),
        dataset,
        [row for row in rows if fits(dataset, row, facts.seconds)],
        kept=store,
        say=context.say,
    )
    made: HeardInRun = {
        "teacher": config.teacher,
        "language": config.teacher_language,
        "data": dataset.digest,
        "title": facts.title,
        "seconds": facts.seconds,
        "clips": {str(row): said for row, said in found.items()},
    }
    context.persist(lambda: write_json(path, made))
    return made


def load(context: TaskContext, facts: WhisperFacts, language: str) -> Whisper:
    from selfsup_core.pretrained.whisper import Whisper

    context.say(tr("Loading {title}.").format(title=facts.title))
    return Whisper(facts, language=language, device=context.choice.name, say=context.say)
