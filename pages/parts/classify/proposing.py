"""Controls of runs with pseudo-labels only: what is known about the classes, and the proposers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.classify.labeler import choose_labeler
from pages.parts.shared.forms import help_text
from pages.parts.shared.new_run import Recipe
from pages.parts.shared.workspace import workspace
from selfsup_core.data.sources import find_source
from selfsup_core.pseudo.objectives.pseudo_labels import PROPOSERS, describe_proposers
from selfsup_core.runs.recipes import Preset, list_presets, questions_of
from selfsup_core.settings import Setting
from selfsup_core.tasks.parts.labelers import LABELERS

PSEUDO = {
    "Proposals": (
        "objective.guard",
        "objective.vote",
        "objective.neighbors",
        "objective.spread",
        "objective.unlabeled_pool",
        "objective.labeler_characters",
    ),
    "Keeping": (
        "objective.keep",
        "objective.threshold",
        "objective.first_share",
        "objective.last_share",
        "objective.most_entropy",
        "objective.lee_start",
        "objective.lee_full",
        "objective.prior",
        "objective.align",
        "objective.momentum",
    ),
    "Use": (
        "objective.method",
        "objective.student",
        "objective.pseudo_weight",
        "objective.augment",
        "objective.unlabeled_ratio",
        "objective.rise",
        "objective.temperature",
        "objective.ema_decay",
        "objective.may_flip",
        "objective.ceiling",
        "objective.careless",
    ),
}


TOGETHER = (("twin", "neighbors"), ("neighbors", "self"))  # proposers that work well together
WHO = ["+".join(names) for names in TOGETHER] + [name for name in PROPOSERS if name != "twin"]


ONLY = {
    "names": ("text",),
    "rules": ("text", "table"),
    "zero-shot": ("text",),
    "generated": ("text",),
    "remote": ("text",),
}  # kinds of data that a proposer is for


def read_answers(preset: Preset, name: str) -> dict[str, str]:
    """Path → value of a preset's questions, where the answer is not the default."""
    chosen = {
        path: st.session_state.get(f"answer-{name}-{path}", a[0]) for path, a in questions_of(preset).items()
    }
    return {path: answer for path, answer in chosen.items() if answer in questions_of(preset)[path][1:]}


def choose_pseudo(recipe: Recipe, settings: Mapping[str, Setting]) -> dict[str, object]:
    """Questions about the classes, and the choice of proposers."""
    objective: Any = recipe.base.objective
    mark, kind = recipe.mark, find_source(recipe.source, workspace()).kind
    questions = questions_of(list_presets("pseudo")[recipe.preset])
    proposer, *places = st.columns(1 + len(questions), vertical_alignment="bottom")
    names = [n for n in WHO if kind in ONLY.get(n, (kind,))]
    default = "+".join(objective.proposers)
    if st.session_state.get(f"pseudo-who-{mark}") not in names:
        st.session_state[f"pseudo-who-{mark}"] = default if default in names else names[0]
    values: dict[str, object] = {}
    for place, (path, answers) in zip(places, questions.items(), strict=True):
        setting = settings[path]
        values[path] = place.selectbox(
            setting.title,
            [*answers, *(choice for choice in setting.choices if choice not in answers)],
            key=f"answer-{recipe.preset}-{path}",
            format_func=setting.say,
            help=f"Only what you know of all rows, labeled or not. {setting.description}",
        )
    who = proposer.selectbox(
        "Who proposes labels",
        names,
        key=f"pseudo-who-{mark}",
        format_func=lambda n: describe_proposers(n.split("+"), objective.vote),
        help=help_text(settings["objective.proposers"]),
    )
    values["objective.proposers"] = who.split("+")
    if who == "rules":
        example = "class: word, another phrase" if kind == "text" else "class: column > 3.5"
        values["objective.rules"] = st.text_area(
            "Rules, one per line",
            key=f"pseudo-rules-{mark}",
            placeholder=example,
            help="Every match is a vote; a row whose votes are tied gets no label.",
        )
    if who in LABELERS:
        values |= choose_labeler(settings, who, recipe.source)
    if who == "names":
        values["objective.descriptions"] = st.text_area(
            "Descriptions of the classes (optional)",
            key=f"pseudo-descriptions-{mark}",
            placeholder="class: what it is about",
            help=help_text(settings["objective.descriptions"]),
        )
    return values
