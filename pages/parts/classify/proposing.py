"""Controls of runs with pseudo-labels only: what is known about the classes, and the proposers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from pages.parts.classify.labeler import choose_labeler, offer_labeler
from pages.parts.shared.asked import Asked
from pages.parts.shared.forms import help_text
from pages.parts.shared.new_run import Recipe
from pages.parts.shared.workspace import workspace
from selfsup_core.data.sources import find_source
from selfsup_core.pseudo.objectives.pseudo_labels import PROPOSERS, describe_proposers
from selfsup_core.runs.assignments import Offer
from selfsup_core.runs.recipes import Preset, list_presets, preset_spec, questions_of
from selfsup_core.runs.spec import RunSpec, known_settings
from selfsup_core.settings import Setting
from selfsup_core.tasks.parts.labelers import LABELERS
from selfsup_core.translation import tr

PSEUDO = {
    "Proposals": (
        "objective.guard",
        "objective.mind_shares",
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


def names_for(kind: str) -> list[str]:
    """Who may propose labels for a kind of data."""
    return [name for name in WHO if kind in ONLY.get(name, (kind,))]


def offer_pseudo(recipe: Recipe, spec: RunSpec) -> Offer:
    """Path → what may be chosen there, None for anything: what the controls show for a spec."""
    objective: Any = spec.objective
    who = "+".join(objective.proposers)
    offered: dict[str, Collection[object] | None] = {
        "objective.proposers": [tuple(name.split("+")) for name in names_for(source_kind(recipe))],
        "objective.hand": [()],
        **dict.fromkeys(questions_of(list_presets("pseudo")[recipe.preset])),
    }
    if who == "rules":
        offered["objective.rules"] = None
    if who == "names":
        offered["objective.descriptions"] = None
    return offered | (offer_labeler(who) if who in LABELERS else {})


def source_kind(recipe: Recipe) -> str:
    return find_source(recipe.source, workspace()).kind


def read_answers(preset: Preset, name: str, asked: Asked) -> dict[str, str]:
    """Path → value of a preset's questions, where the answer is not the default."""
    for path, answers in questions_of(preset).items():
        key = f"answer-{name}-{path}"
        if asked.is_first(key, name):
            asked.given.add(key)
            wanted = asked.raw.get(path)
            choices = known_settings(preset_spec(name))[path].choices
            st.session_state[key] = wanted if wanted in choices else answers[0]
    chosen = {
        path: st.session_state.get(f"answer-{name}-{path}", a[0]) for path, a in questions_of(preset).items()
    }
    return {path: answer for path, answer in chosen.items() if answer in questions_of(preset)[path][1:]}


def choose_pseudo(recipe: Recipe, settings: Mapping[str, Setting]) -> dict[str, object]:
    """Questions about the classes, and the choice of proposers."""
    objective: Any = recipe.base.objective
    mark, kind, asked = recipe.mark, source_kind(recipe), recipe.asked
    questions = questions_of(list_presets("pseudo")[recipe.preset])
    proposer, *places = st.columns(1 + len(questions), vertical_alignment="bottom")
    names, default = names_for(kind), "+".join(objective.proposers)
    asked.begin(settings["objective.proposers"], f"pseudo-who-{mark}", objective.proposers, "+".join)
    if st.session_state.get(f"pseudo-who-{mark}") not in names:
        st.session_state[f"pseudo-who-{mark}"] = default if default in names else names[0]
    values: dict[str, object] = {}
    for place, (path, answers) in zip(places, questions.items(), strict=True):
        setting = settings[path]
        asked.begin(setting, f"answer-{recipe.preset}-{path}", answers[0])
        values[path] = place.selectbox(
            setting.title,
            [*answers, *(choice for choice in setting.choices if choice not in answers)],
            key=f"answer-{recipe.preset}-{path}",
            format_func=setting.say,
            help=tr("Only what you know of all rows, labeled or not. {description}").format(
                description=setting.description
            ),
        )
    who = proposer.selectbox(
        tr("Who proposes labels"),
        names,
        key=f"pseudo-who-{mark}",
        format_func=lambda n: describe_proposers(n.split("+"), objective.vote),
        help=help_text(settings["objective.proposers"]),
    )
    values["objective.proposers"] = who.split("+")
    if who == "rules":
        asked.begin(settings["objective.rules"], f"pseudo-rules-{mark}", "")
        example = tr("class: word, another phrase") if kind == "text" else tr("class: column > 3.5")
        values["objective.rules"] = st.text_area(
            tr("Rules, one per line"),
            key=f"pseudo-rules-{mark}",
            placeholder=example,
            help=tr("Every match is a vote; a row whose votes are tied gets no label."),
        )
    if who in LABELERS:
        values |= choose_labeler(recipe, settings, who)
    if who == "names":
        asked.begin(settings["objective.descriptions"], f"pseudo-descriptions-{mark}", "")
        values["objective.descriptions"] = st.text_area(
            tr("Descriptions of the classes (optional)"),
            key=f"pseudo-descriptions-{mark}",
            placeholder=tr("class: what it is about"),
            help=help_text(settings["objective.descriptions"]),
        )
    return values
