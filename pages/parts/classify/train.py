"""Train a classifier: on the labels that may be seen, or also on pseudo-labels beside its supervised-only
twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.classify.before import show_gauge
from pages.parts.classify.proposing import PSEUDO, choose_pseudo, offer_pseudo, read_answers
from pages.parts.classify.review import show_review
from pages.parts.classify.splits import show_splits
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS, TEXT_FEATURES, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.forms import widget
from pages.parts.shared.go import link_here
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import (
    Form,
    Places,
    Recipe,
    compose,
    new_run,
    open_here,
    start_clicked,
)
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.samples import show_samples
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.sources import find_source
from selfsup_core.pseudo.hand import count_words, read_hand_labels
from selfsup_core.runs.assignments import Offer
from selfsup_core.runs.compose import kept_settings, with_careless
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.recipes import list_presets, preset_spec, questions_of
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.settings import Setting
from selfsup_core.translation import tr, tr_later

# What looks good at once; and for pseudo-labels the set on which a first run shows within a minute that they
# help.
FIRST = {"classify": "fashion-5k", "pseudo": "digits"}
MODES = {"classify": "train", "pseudo": "pseudo"}


ADVANCED = {
    "Network": ("model.",),
    "Training": (*STEPS, *PACE),
    "Data": (*SPLIT, "data.labels_fraction", *TEXT_FEATURES, "data.code_of"),
    "Recording": ("frames.samples", *KEPT),
}
OBJECTIVE = {"Objective": ("objective.class_weights", "objective.label_smoothing")}


def columns() -> Places:
    data, labels, classifier, last, train, more = st.columns(
        (2, 1.3, 2, 1.2, 1.2, 1.3), vertical_alignment="bottom"
    )
    return Places(data, classifier, labels, last, train, more)


def choose_recipe(task: str, at: Places, asked: Asked) -> Recipe:
    """Data with classes, then a classifier for their kind."""
    wanted = st.query_params.get("preset", "")
    presets, sources = list_presets(task), usable_sources(lambda source: source.classes >= 2)
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        key=f"{task}-data",
        default=str(presets[wanted]["spec"]["data"]["source"]) if wanted in presets else FIRST[task],
        help=tr("Data sets with at least two classes."),
        needs=tr("A classifier needs labels for at least two classes."),
    )
    kind = sources[source].kind
    fitting = [name for name, preset in presets.items() if kind in preset["kinds"]]
    preset = choose_preset(
        at.model,
        tr("Classifier"),
        fitting,
        task,
        asked=asked,
        key=f"{task}-preset-{kind}",
        default=fitting[0],
        needs=tr("The data set {title} is of another kind.").format(title=sources[source].title),
    )
    answers = read_answers(presets[preset], preset, asked)
    mark = "-".join([preset, *answers.values()])  # another answer is another recipe with its own defaults
    return Recipe(
        preset,
        source,
        preset_spec(preset, answers),
        mark=mark,
        asked=asked,
        variant=f"{task}-{mark}",
        before={path: possible[0] for path, possible in questions_of(presets[preset]).items()},
    )


def choose_labels(
    task: str, recipe: Recipe, settings: Mapping[str, Setting], at: Places
) -> dict[str, object]:
    """How many labels there are, and who proposes further ones."""
    begin = first_budget(recipe.source, recipe.preset)
    with at.detail:
        key = f"{task}-labels-{recipe.source}-{begin}"
        recipe.asked.begin(settings["data.labels_per_class"], key, begin)
        values = {"data.labels_per_class": widget(settings["data.labels_per_class"], begin, key=key)}
    return values | choose_pseudo(recipe, settings) if task == "pseudo" else values


def advanced_groups(task: str, recipe: Recipe) -> Groups:
    """Without what the data have no use for, and without what is asked above."""
    kind = find_source(recipe.source, workspace()).kind
    others = questions_of(list_presets(task)[recipe.preset]).keys() | {
        "text": {"data.code_of"},
        "table": {"data.code_of", *TEXT_FEATURES},
    }.get(kind, set(TEXT_FEATURES))
    groups = ADVANCED | (PSEUDO if task == "pseudo" else OBJECTIVE)
    return {tab: tuple(path for path in paths if path not in others) for tab, paths in groups.items()}


def compose_pseudo(recipe: Recipe, values: dict[str, object], more: DeltaGenerator) -> RunSpec:
    """With the labels by hand, if they are wanted, and a look at the first proposals under Advanced."""
    hand = read_hand_labels(workspace(), recipe.source)
    key = f"pseudo-hand-{recipe.source}"
    if hand:
        recipe.asked.begin_hand(key)
    with_hand = bool(hand) and st.toggle(
        tr("Use {count_words}").format(count_words=count_words(len(hand))),
        key=key,
        help=tr(
            "Adds the labels that you gave by hand to those of the data set. Switching this off does not "
            "delete them."
        ),
    )
    spec = compose(recipe, values, more, with_hand=with_hand)
    with more:
        show_gauge(spec)
    return spec


def first_budget(source: str, preset: str) -> int:
    """Labels per class as the widget begins: as the Data page set them, or as the recipe does."""
    kept = kept_settings(workspace(), source)
    return int(kept.get("data.labels_per_class", preset_spec(preset).data.labels_per_class))


def offer(task: str, recipe: Recipe, spec: RunSpec) -> Offer:
    """What the controls above Advanced show for a spec, and of what one may choose there."""
    return {"data.labels_per_class": None} | (offer_pseudo(recipe, spec) if task == "pseudo" else {})


def form_of(task: str) -> Form:
    is_pseudo = task == "pseudo"
    return Form(
        task=task,
        prefix=f"{task}-",
        columns=columns,
        recipe=partial(choose_recipe, task),
        detail=partial(choose_labels, task),
        groups=partial(advanced_groups, task),
        compose=compose_pseudo if is_pseudo else compose,
        always=f"{task}-data",
        offer=partial(offer, task),
        address={"do": MODES[task]},
        epochs=(tr("Rounds"), tr("Each round: propose, keep, train.")) if is_pseudo else None,
    )


def show(task: str) -> None:
    """The whole mode."""
    spec = new_run(form_of(task)).spec
    run = st.query_params.get("run", "")
    if not run:
        if spec:
            caption(ABOUT[task])
            show_samples(spec.data.source)
        return
    if not (asked := open_here(run, tuple(MODES))):
        return
    folder, state = asked
    # Above the run, whose height changes: below it they would move away under the pointer.
    with st.container(horizontal=True, vertical_alignment="center", key="run-links"):
        link_here(
            tr("Use this classifier"),
            icon=":material/category_search:",
            key="use-this-classifier",
            params={"do": "use", "run": folder.id},
        )
        st.page_link(
            "pages/latent.py",
            label=tr("Explore its class scores"),
            icon=":material/scatter_plot:",
            query_params={"space": f"run:{folder.id}"},
        )
        if state["task"] == "pseudo":
            offer_careless(folder, state)
    if state["task"] == "pseudo":
        show_splits(folder)  # the stage begins with the run's verdict
    show_run(folder.id)
    if state["task"] == "pseudo":
        show_review(folder)


def offer_careless(folder: RunFolder, state: RunState) -> None:
    """A button that trains the run again beside a network that accepts every pseudo-label."""
    spec = None
    with errors_shown():
        spec = with_careless(read_spec(folder.spec))
    if spec and st.button(
        tr("Compare without safeguards"),
        icon=":material/warning:",
        key="add-careless",
        help=tr(
            "Trains this run once more with a further network beside it: even class shares, no check, and "
            "every kept label counts in full. You see what goes wrong where these do not fit the data."
        ),
    ):
        start_clicked(spec, preset=state["preset"], button="add-careless", do="pseudo")


ABOUT = {
    "classify": tr_later(
        "A classifier predicts the class of a sample: [[loss]] = −ln p(true class). It learns only from the "
        "labels that you allow; all others stay hidden, and the [[test rows|test set]] are used once, at the "
        "end."
    ),
    "pseudo": tr_later(
        "You have a few labels and many samples without one. Labels are proposed for the rest, the surest "
        "ones are kept as [[pseudo-labels|pseudo-label]], and the classifier learns from both. Its [[twin]], "
        "the same classifier trained on the given labels alone, shows whether this helps."
    ),
}


def show_supervised() -> None:
    show("classify")


def show_pseudo() -> None:
    show("pseudo")
