"""Language models as proposers: a model on this machine, one of your own runs, or a remote one, asked about
some of the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.files import read_shaped, write_json
from selfsup_core.pretrained.zero_shot import TEMPLATE, ZeroShotConfig
from selfsup_core.pseudo.language_model import (
    NAMES,
    Answers,
    Said,
    answered,
    context_of,
    generated,
    kept_path,
    mark_of,
    name_scores,
    zero_shot,
)
from selfsup_core.pseudo.vote import is_bare, named
from selfsup_core.runs.compose import kept_settings
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr

LABELERS = ("zero-shot", "generated", "remote")
PROMPTS = {"zero-shot": NAMES, "generated": TEMPLATE, "remote": TEMPLATE}
RUN = "run:"
SAID = "said.json"
MOST_SAID = 1_000  # rows that are kept to be shown
LETTERS = 300
Say = Callable[[str], None]


class SaidRow(TypedDict):
    """What was said of one text; label: the class's name, or ""; p: its probability, None where there is
    none.
    """

    row: int
    text: str
    answer: str
    label: str
    p: float | None
    reason: str


def asking(how: str, prompt: str, characters: int) -> ZeroShotConfig:
    """How a model is asked; an empty prompt is the one that was tried for this way of asking."""
    return ZeroShotConfig(template=(prompt.strip() and prompt) or PROMPTS[how], most_characters=characters)


def load_labeler(name: str, workspace: Path, say: Say) -> tuple[Any, Any, str]:
    """(model, tokenizer, mark of its weights) of a causal language model by its name.

    Raises:
        StudioError: there is none, or it does not write.
    """
    from selfsup_core.pretrained.language_models import prepare
    from selfsup_core.pretrained.loading import load_causal
    from selfsup_core.pretrained.model_folder import CAUSAL

    if name.startswith(RUN):
        from selfsup_core.tasks.parts.language_loading import load_run_model

        run, _, epoch = name.removeprefix(RUN).partition("@")
        say(tr("Loading your language model."))
        model, tokenizer, used = load_run_model(workspace, run, whole_number(epoch))
        if not type(model).__name__.endswith(CAUSAL):
            raise DataError(
                tr("The run {run} trained a masked model, which cannot generate text.").format(run=run),
                code="no-writing",
                remedy=tr("Choose a causal language model."),
            )
        return model, tokenizer, f"{RUN}{run}@{used}"
    folder = prepare(name, workspace, say=say)
    say(tr("Loading the language model."))
    model, tokenizer = load_causal(folder)
    return model, tokenizer, mark_of(folder)


class Labeler:
    """A proposer that is a language model.

    Args:
        how: "zero-shot", "generated" or "remote". config: the objective's.

    Attributes:
        notes: what a person should know. said: what it said, for display.
    """

    def __init__(self, how: str, config: Any, workspace: Path, data: str, classes: Sequence[str]) -> None:
        self.how, self.config, self.workspace = how, config, workspace
        self.data, self.classes = data, tuple(classes)
        self.asked = asking(how, config.labeler_prompt, config.labeler_characters)
        self.notes: list[str] = []
        self.said: list[SaidRow] = []

    def propose(self, texts: Texts, pool: np.ndarray, seed: int, say: Say) -> np.ndarray:
        """(P, C) probabilities of the pool's rows, NaN for those that it is not asked about or leaves
        open.
        """
        found = np.full((len(pool), len(self.classes)), np.nan, np.float32)
        places = np.arange(len(pool))
        most = self.config.labeler_rows
        if most and len(pool) > most:
            places = np.sort(np.random.default_rng(seed).permutation(len(pool))[:most])
            self.notes.append(
                tr(
                    "The language model is asked about {most:,} of {count:,} unlabeled rows; change this "
                    "with Rows for the language model."
                ).format(most=most, count=len(pool))
            )
        rows = pool[places].tolist()
        chosen = [texts[row] for row in rows]
        found[places], path = self.ask(chosen, rows, say)
        self.said = describe_said(self.how, path, rows, chosen, self.classes, found[places])
        return found

    def ask(self, texts: list[str], rows: list[int], say: Say) -> tuple[np.ndarray, Path]:
        """(probabilities, where the answers are kept)."""
        labels = self.workspace / "labels"
        if self.how == "remote":
            from selfsup_core.pseudo import remote

            client = remote.connect()
            path = remote.path_of(labels, client, self.data, self.classes, self.asked)
            found, problem = remote.ask_remote(
                client, texts, rows, self.classes, self.asked, kept=path, say=say
            )
            if problem:
                self.notes.append(
                    tr("Some rows were not asked about: {problem} The next run asks about them.").format(
                        problem=problem
                    )
                )
            self.notes.append(f"The remote model: {remote.spent(client)} {say_bare(found)}".strip())
            return found, path
        model, tokenizer, mark = load_labeler(self.config.labeler, self.workspace, say)
        if context_of(model) < self.asked.most_characters // 4:
            self.notes.append(
                tr(
                    "The language model reads {context_of:,} tokens at once: of longer prompts it sees "
                    "only the end."
                ).format(context_of=context_of(model))
            )
        path = kept_path(labels, self.how, mark, self.data, self.classes, self.asked)
        ask = zero_shot if self.how == "zero-shot" else generated
        return ask(model, tokenizer, texts, rows, self.classes, self.asked, kept=path, say=say), path


def say_bare(found: np.ndarray) -> str:
    """What it means that labels come without a probability, or ""."""
    bare, there = int(is_bare(found).sum()), int((named(found) >= 0).sum())
    if not bare:
        return ""
    which = (
        tr("its labels")
        if bare == there
        else tr("{bare:,} of its {there:,} labels").format(bare=bare, there=there)
    )
    return tr(
        "Its server gives no probability for {which}: they count as votes by name. No threshold keeps "
        "them, and a mean of probabilities passes over them where another proposer has a class; use Surest "
        "of each class, Most votes, or Only where all agree."
    ).format(which=which)


def describe_said(
    how: str, path: Path, rows: list[int], texts: list[str], classes: Sequence[str], found: np.ndarray
) -> list[SaidRow]:
    """What was said of the first texts, for display."""
    store = Answers(path).found
    lines: list[SaidRow] = []
    for row, text, p in list(zip(rows, texts, found, strict=True))[:MOST_SAID]:
        if how == "zero-shot":
            best = int(p.argmax())
            said: Said = {"label": best, "answer": classes[best], "reason": "", "p": [float(v) for v in p]}
        else:
            said = store.get(row, {"label": -1, "answer": "", "reason": "Not asked.", "p": None})
        lines.append(said_row(row, text, said, classes))
    return lines


def said_row(row: int, text: str, said: Said, classes: Sequence[str]) -> SaidRow:
    label = said["label"]
    p = said["p"][label] if said["p"] is not None and label >= 0 else None
    return {
        "row": row,
        "text": text[:LETTERS],
        "answer": said["answer"],
        "label": classes[label] if label >= 0 else "",
        "p": None if p is None else round(p, 4),
        "reason": said["reason"],
    }


def try_labeler(
    model: Any, tokenizer: Any, how: str, texts: Sequence[str], classes: Sequence[str], config: ZeroShotConfig
) -> list[SaidRow]:
    """A few texts, asked at once and kept nowhere."""
    from selfsup_core.pretrained.zero_shot import check_classes, make_prompt
    from selfsup_core.pseudo.language_model import EMPTY, calibrated

    check_classes(classes)
    lines = []
    for row, text in enumerate(texts):
        prompt = make_prompt(text, classes, config)
        if how == "zero-shot":
            empty = name_scores(model, tokenizer, make_prompt(EMPTY, classes, config), classes).numpy()
            p = calibrated(name_scores(model, tokenizer, prompt, classes).numpy()[None], empty)[0]
            best = int(p.argmax())
            said: Said = {"label": best, "answer": classes[best], "reason": "", "p": [float(v) for v in p]}
        else:
            said = answered(model, tokenizer, prompt, classes, config)
        lines.append(said_row(row, text, said, classes))
    return lines


def trial_rows(workspace: Path, dataset: Dataset, count: int) -> list[int]:
    """Some training rows, the same ones each time; test rows are not looked at while a prompt is chosen."""
    kept = {k.removeprefix("data."): v for k, v in kept_settings(workspace, dataset.id).items()}
    config = DataConfig.model_validate({"source": dataset.id, **kept})
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    rows: list[int] = np.sort(np.random.default_rng(0).permutation(split.train)[:count]).tolist()
    return rows


def write_said(folder: Path, said: dict[str, list[SaidRow]]) -> None:
    write_json(folder / SAID, said)


def read_said(folder: Path) -> dict[str, list[SaidRow]]:
    """Proposer → what it said, of a run; empty for one without a language model."""
    return read_shaped(folder / SAID, dict[str, list[SaidRow]]) or {}
