"""Refuse runs that would fail, before they are queued: rules, class names, remote model, short texts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfsup_core.data.boxes import require_boxes
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.questions import questions_of
from selfsup_core.data.sources import OWN_NAME, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.corpus import LEAST_TOKENS, cut_running, is_running_text
from selfsup_core.features.pair_rows import require_pairs
from selfsup_core.features.transcripts import transcripts_of
from selfsup_core.pretrained.whisper_folder import check_language, find_whisper
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.translation import tr
from selfsup_core.wording import kinds

if TYPE_CHECKING:
    from selfsup_core.objectives.ctc import CtcConfig

LABELERS = ("zero-shot", "generated", "remote")


def check_spec(workspace: Path, spec: RunSpec) -> None:
    """Raises StudioError that says what is wrong and how to mend it."""
    task = task_of(spec)
    if task == "language" and OWN_NAME.fullmatch(spec.data.source):
        check_length(open_source(spec.data.source, workspace), spec)
    if task == "detect":
        require_boxes(open_source(spec.data.source, workspace))
    if task == "answer":
        questions_of(open_source(spec.data.source, workspace))
    if task == "translate":
        require_pairs(open_source(spec.data.source, workspace))
    if task == "transcribe":
        transcripts_of(open_source(spec.data.source, workspace))
        check_teacher(workspace, cast("CtcConfig", spec.objective))
    if task == "pseudo":
        check_proposers(workspace, spec)


def check_teacher(workspace: Path, config: CtcConfig) -> None:
    """Of a speech run: its Whisper model, where it has one."""
    if config.teacher:
        check_language(find_whisper(config.teacher, workspace), config.teacher_language)


def check_length(dataset: Dataset, spec: RunSpec) -> None:
    """A text must have some tokens to learn from; one has a character at the least."""
    is_running, _ = is_running_text(dataset, spec.data.text_unit)
    texts: Any = dataset.x
    if is_running and texts.nbytes < 1_000_000:
        train, validation = cut_running("\n".join(texts), spec.data)
        if len(train) < LEAST_TOKENS or len(validation) < 2:
            raise DataError(
                tr(
                    "{title} is too short: {count} characters for training and {count_2} "
                    "for validation; at least {least_tokens} and 2 are needed."
                ).format(
                    title=dataset.title, count=len(train), count_2=len(validation), least_tokens=LEAST_TOKENS
                ),
                code="short-text",
                remedy=tr("Use a longer text."),
            )


def check_proposers(workspace: Path, spec: RunSpec) -> None:
    from selfsup_core.pseudo.names import read_descriptions
    from selfsup_core.pseudo.rules import by_columns, read_rules

    config: Any = spec.objective
    asked = set(config.proposers)
    if "remote" in asked:
        from selfsup_core.pretrained.remote import read_connection

        read_connection(os.environ)
    if not asked & {"rules", "names", *LABELERS}:
        return
    dataset = open_source(spec.data.source, workspace)
    if asked & {"names", *LABELERS} and not isinstance(dataset.x, Texts):
        raise DataError(
            tr("{asked} needs texts; {title} holds {kinds}.").format(
                asked=tr(" and ").join(sorted(asked & {"names", *LABELERS})),
                title=dataset.title,
                kinds=kinds(dataset.kind),
            ),
            code="no-texts",
            remedy=tr("Let similar rows or the student itself propose."),
        )
    if asked & set(LABELERS):
        from selfsup_core.pretrained.zero_shot import check_classes

        check_classes(dataset.classes)
    if "names" in asked:
        read_descriptions(config.descriptions, dataset.classes)
    if "rules" in asked:
        rules = read_rules(config.rules, dataset.classes)
        if dataset.kind == "table":
            by_columns(np.zeros((1, len(dataset.columns))), dataset.columns, rules, len(dataset.classes))
