"""What can be said of a run before it begins: why its data cannot be trained on, and what will limit its
outcome. Training pages and `train` say it from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfsup_core.data.budget import SplitOutcome, describe_split
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.questions import questions_of
from selfsup_core.data.sources import OWN_NAME, open_source
from selfsup_core.data.splits import choose_labeled, split_rows
from selfsup_core.errors import DataError
from selfsup_core.evaluate.words.few_rows import warn_of_labels
from selfsup_core.evaluate.words.scenario_words import SCORES
from selfsup_core.features.asked_split import split_asked
from selfsup_core.features.corpus import is_running_text
from selfsup_core.features.labeled import choose_rows
from selfsup_core.features.transcripts import minutes_of, transcripts_of
from selfsup_core.pretrained.whisper_folder import check_language, find_whisper
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.translation import tr
from selfsup_core.wording import brief, counted, percent

if TYPE_CHECKING:
    from selfsup_core.objectives.ctc import CtcConfig

LOOKED_AT = 20_000  # rows of a table
LARGE_SIDE = 64  # pixels of an image's side, for a generator
FEW_IMAGES = 500  # that a generator learns from
FEW_KNOWN = 100  # answers, from which a first network is rarely worth asking
FEW_MINUTES = 1.5  # of transcribed sound, below which hardly a pseudo-transcript is kept
LARGEST = 1e18  # beyond, squares and their sums are not exact in 32 bits


def foresee(workspace: Path, spec: RunSpec) -> list[str]:
    """Sentences that a person should know before training, the worst first.

    Raises:
        DataError: nothing can be trained on these data so.
    """
    return [*say_shared(spec), *foresee_data(workspace, spec)]


def say_shared(spec: RunSpec) -> list[str]:
    """How several devices share the work."""
    devices, batch = spec.train.devices, spec.train.batch_size
    if devices == 1:
        return []
    return [
        tr(
            "Each batch of {batch} rows is shared by {devices} devices, about {rows} rows each. The first "
            "one also evaluates, while the others wait."
        ).format(batch=batch, devices=devices, rows=-(-batch // devices))
    ]


def foresee_data(workspace: Path, spec: RunSpec) -> list[str]:
    """What the data have to do with it. Raises DataError."""
    data, task = spec.data, task_of(spec)
    is_own = OWN_NAME.fullmatch(data.source) is not None
    if task in SCORES:
        return foresee_scenario(workspace, open_source(data.source, workspace), spec)
    if not is_own and task not in ("classify", "pseudo") and data.validation + data.test < 1:
        return []  # a built-in set is large enough
    dataset = open_source(data.source, workspace)
    require_fit(dataset, spec)
    said = []
    if is_own and dataset.kind == "table":
        said += say_columns(np.asarray(dataset.x)[:LOOKED_AT])
    if is_own and task == "generate":
        said += say_images(dataset.item_shape, round(len(dataset) * (1 - data.validation - data.test)))
    if task in ("classify", "pseudo"):
        outcome = describe_split(dataset, data)
        hand = dict(getattr(spec.objective, "hand", ()))
        said += warn_of_labels(outcome, by_hand=len(hand))
        said += [say_pool(outcome) if task == "pseudo" else ""]
    return [text for text in said if text]


def foresee_scenario(workspace: Path, dataset: Dataset, spec: RunSpec) -> list[str]:
    """How many training rows show their answer, and whether that can work. Raises DataError."""
    data = spec.data
    if task_of(spec) == "answer":
        return foresee_questions(dataset, spec)
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    if not data.has_budget:
        return []
    y = np.zeros(len(dataset), np.int64) if dataset.y is None else np.maximum(np.asarray(dataset.y), 0)
    chosen = choose_labeled(split.train, y, data.labels_per_class, data.split_seed, data.labels_fraction)
    if task_of(spec) == "transcribe":
        return foresee_speech(workspace, dataset, spec, split.train, chosen)
    known = len(chosen)
    said = [
        tr(
            "{known:,} of {rows:,} training rows show their answer; the others are labeled by the network."
        ).format(known=known, rows=len(split.train))
    ]
    if known < FEW_KNOWN:
        said.insert(
            0,
            tr(
                "With {known:,} known answers the first network learns too little to label anything well. "
                "A few hundred are a better start."
            ).format(known=known),
        )
    return said


def foresee_questions(dataset: Dataset, spec: RunSpec) -> list[str]:
    """How many questions are known, and what stands in for the others. Raises DataError: there are none, or
    too few passages.
    """
    rows, data = questions_of(dataset), spec.data
    train = split_asked(dataset, rows, data).train
    asked = train[[rows[row].is_answered for row in train]]
    chosen = choose_labeled(
        asked, np.zeros(len(dataset), np.int64), data.labels_per_class, data.split_seed, data.labels_fraction
    )
    passages = len({rows[row].passage for row in np.setdiff1d(train, chosen)})
    if not passages:
        return []
    said = [
        tr(
            "{known:,} of {rows:,} training questions are known; pseudo-questions are made of {passages:,} "
            "passages."
        ).format(known=len(chosen), rows=len(asked), passages=passages)
    ]
    if len(chosen) < FEW_KNOWN:
        said.insert(
            0,
            tr(
                "From {known:,} known questions alone a reader hardly learns to answer one; expect low "
                "scores. A few thousand are usual."
            ).format(known=len(chosen)),
        )
    return said


def foresee_speech(
    workspace: Path, dataset: Dataset, spec: RunSpec, train: np.ndarray, known: np.ndarray
) -> list[str]:
    """How many minutes of sound are transcribed, and how many may be added by pseudo-transcripts. Raises
    DataError: the clips have no transcripts.
    """
    texts = transcripts_of(dataset)
    pool = np.setdiff1d(train, known)
    minutes, rest = minutes_of(dataset, known), minutes_of(dataset, pool)
    config = cast("CtcConfig", spec.objective)
    transcribed = tr(
        "{minutes:.1f} of {all:.1f} minutes of training sound are transcribed ({known:,} clips)."
    )
    said = [transcribed.format(minutes=minutes, all=minutes + rest, known=len(known))]
    kept = {"keep": percent(config.keep), "most": config.keep * rest}
    if config.teacher:
        said[0] += " " + tr(
            "Whisper transcribes {clips} first, and at most {keep} of them is kept, {most:.1f} minutes. "
            "What decides is how sure Whisper is{agree}. Hidden transcripts are not looked at; "
            "distil-whisper's filter compares with the true ones."
        ).format(clips=counted(len(pool), "other clip"), agree=say_agreement(config), **kept)
        return [*warn_of_teacher(workspace, config, [texts[row] for row in known], minutes), *said]
    said[0] += " " + tr(
        "At most {keep} of the rest is kept, {most:.1f} minutes; clips whose two noisy views disagree are "
        "dropped first."
    ).format(**kept)
    if minutes < FEW_MINUTES:
        said.insert(
            0,
            tr(
                "From {minutes:.1f} minutes of transcribed sound the first network hardly learns to write a "
                "word, so nearly nothing would be left after filtering. {least:g} minutes are a better start."
            ).format(minutes=minutes, least=FEW_MINUTES),
        )
    return said


def say_agreement(config: CtcConfig) -> str:
    if config.most_difference >= 1:
        return ""
    return tr(
        " and that the first network hears the same words, with a word error rate up to {share}"
    ).format(share=percent(config.most_difference))


def warn_of_teacher(workspace: Path, config: CtcConfig, known: list[str], minutes: float) -> list[str]:
    """Why hardly a transcript by Whisper would be kept. Raises StudioError: there is no such model."""
    facts = find_whisper(config.teacher, workspace)
    check_language(facts, config.teacher_language)
    said = []
    letters = [letter for text in known for letter in text if letter.isalpha()]
    if not facts.is_multilingual and sum(letter.isascii() for letter in letters) < len(letters) / 2:
        said.append(
            tr(
                "{title} writes English only, and the known transcripts are in other letters: none of its "
                "transcripts could be kept. Choose a model for several languages."
            ).format(title=facts.title)
        )
    if facts.is_multilingual and not config.teacher_language:
        said.append(
            tr(
                "Whisper decides for each clip which language it is, and in short clips it is often wrong. "
                "Name it: Advanced, Objective, Language of the speech."
            )
        )
    if config.most_difference < 1 and minutes < FEW_MINUTES:
        said.append(
            tr(
                "From {minutes:.1f} minutes of transcribed sound the first network hardly learns to write a "
                "word, so it differs from Whisper nearly everywhere and nearly nothing would be left. Set "
                "Largest difference from Whisper to 1."
            ).format(minutes=minutes)
        )
    return said


def require_fit(dataset: Dataset, spec: RunSpec) -> None:
    """Refuse what would fail as soon as a worker has loaded the data. Raises DataError."""
    task, data = task_of(spec), spec.data
    if task == "language" and is_running_text(dataset, data.text_unit)[0]:
        return
    if dataset.kind == "table" and not np.isfinite(np.asarray(dataset.x)).any():
        raise DataError(
            tr("No cell of {title} holds a usable number.").format(title=dataset.title),
            code="no-numbers",
            remedy=tr("Import it again with other roles of the columns."),
        )
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    hand: Any = getattr(spec.objective, "hand", ())
    if task in ("classify", "pseudo") and not hand:
        y = None if dataset.y is None else np.asarray(dataset.y)
        choose_rows(y, dataset.classes, split, data)


def say_columns(x: np.ndarray) -> list[str]:
    """Of rows of a table, (N, D): columns without any difference, where they are the most; huge numbers."""
    holes = np.isnan(x)
    filled = np.where(holes, -np.inf, x).max(axis=0), np.where(holes, np.inf, x).min(axis=0)
    same = int((filled[0] <= filled[1]).sum())
    width = x.shape[1]
    said = []
    if same and 2 * same >= width:
        said.append(
            tr(
                "{same:,} of {width:,} columns hold one value or none, so nothing can be learned from them."
            ).format(same=same, width=width)
        )
    with np.errstate(invalid="ignore"):
        largest = float(np.nanmax(np.abs(np.where(holes, 0, x))))
    if largest > LARGEST:
        said.append(
            tr(
                "Numbers reach {largest}: columns are scaled before training, and small differences "
                "within such a column are lost."
            ).format(largest=brief(largest))
        )
    return said


def say_images(item_shape: tuple[int, ...], rows: int) -> list[str]:
    """Of images that a generator learns from: too large for a CPU, or so few that they are copied.

    Args:
        rows: of training.
    """
    said: list[str] = []
    pixels = item_shape[0] * item_shape[1]
    if pixels > LARGE_SIDE**2:
        said.append(
            tr(
                "Images of {height} × {width} pixels take about {times} times as long as those of 32 × 32; "
                "import them smaller to train on a CPU."
            ).format(height=item_shape[0], width=item_shape[1], times=round(pixels / 32**2))
        )
    if rows < FEW_IMAGES:
        said.append(
            tr(
                "{rows:,} training images are few: a generator may copy them. The live view shows the "
                "nearest training image beside each drawn one."
            ).format(rows=rows)
        )
    return said


def say_pool(outcome: SplitOutcome) -> str:
    """That no row is left to propose a label for."""
    if outcome["train"] > outcome["labels_seen"]:
        return ""
    return tr(
        "All training rows have a label that may be used, so there is nothing to propose labels for. "
        "Lower Labels per class to hide some."
    )
