"""Train a classifier: on the labels that may be seen, or also on pseudo-labels beside its supervised-only twin."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from pages.parts.classify.before import show_gauge, show_label_counts
from pages.parts.classify.proposing import PSEUDO, WHO, choose_pseudo, read_answers
from pages.parts.classify.review import show_review
from pages.parts.classify.splits import show_splits
from pages.parts.shared.advanced import choose_advanced
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.go import link_here
from pages.parts.shared.live import open_asked, show_run
from pages.parts.shared.new_run import choose_source, form_place, start_clicked, take_over, train_button
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.sources import list_sources
from selfsup_core.pseudo.hand import count_words, read_hand_labels
from selfsup_core.runs.compose import compose_spec, kept_settings, with_careless
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.spec import (
    RunSpec,
    answers_of,
    known_settings,
    list_presets,
    make_spec,
    preset_spec,
    questions_of,
    read_spec,
    value_at,
)
from selfsup_core.tasks.parts.labelers import LABELERS, PROMPTS

# What looks good at once; and for pseudo-labels the set on which a first run shows within a minute that they help.
FIRST = {"classify": "fashion-5k", "pseudo": "digits"}
MODES = {"classify": "train", "pseudo": "pseudo"}


ADVANCED = {
    "Network": ("model.",),
    "Training": (
        "train.steps_per_epoch",
        "train.learning_rate",
        "train.schedule",
        "train.warmup_steps",
        "train.batch_size",
        "train.accumulation",
        "train.weight_decay",
        "train.clip_norm",
        "train.patience",
        "train.epochs_per_second",
        "train.device",
        "train.threads",
        "seed",
    ),
    "Data": (
        "data.validation",
        "data.test",
        "data.split_seed",
        "data.labels_fraction",
        "data.text_features",
        "data.encoder",
        "data.vocabulary",
        "data.code_of",
    ),
    "Recording": ("frames.samples", "frames.max_frames", "frames.weights_megabytes"),
}


OBJECTIVE = {"Objective": ("objective.class_weights", "objective.label_smoothing")}


def labeled_sources() -> dict[str, Any]:
    """Data sets with at least two classes that are on this machine."""
    found = list_sources(workspace()).items()
    return {name: s for name, s in found if s.classes >= 2 and not s.missing()}


def choose_spec(task: str) -> tuple[RunSpec | None, str, bool]:
    """The rows of controls: (spec or None when it is not valid, preset, whether Train was clicked)."""
    sources, presets = labeled_sources(), list_presets(task)
    data, labels, classifier, last, train, more = st.columns(
        (2, 1.3, 2, 1.2, 1.2, 1.3), vertical_alignment="bottom"
    )
    source = choose_source(
        data,
        "Data",
        {n: s.title for n, s in sources.items()},
        key=f"{task}-data",
        default=FIRST[task],
        help="Data sets with at least two classes.",
        needs="A classifier needs labels for at least two classes.",
    )
    kind = sources[source].kind
    fitting = [name for name, preset in presets.items() if kind in preset["kinds"]]
    preset = classifier.selectbox(
        "Classifier",
        fitting,
        key=f"{task}-preset-{kind}",
        format_func=lambda n: presets[n]["title"],
        help=presets[st.session_state.get(f"{task}-preset-{kind}", fitting[0])]["about"],
    )
    answers = read_answers(presets[preset], preset)
    base = preset_spec(preset, answers)
    settings = known_settings(base)
    recipe = "-".join([preset, *answers.values()])  # another answer is another recipe with its own defaults
    values: dict[str, Any] = {"data.source": source}
    with labels:
        begin = first_budget(source, preset)
        values["data.labels_per_class"] = widget(
            settings["data.labels_per_class"], begin, key=f"{task}-labels-{source}-{begin}"
        )
    with last:
        entry = settings["train.epochs"]
        title = "Rounds" if task == "pseudo" else entry.title
        st.session_state.setdefault(f"{task}-epochs-{recipe}", base.train.epochs)
        values["train.epochs"] = st.number_input(
            title,
            1,
            1000,
            key=f"{task}-epochs-{recipe}",
            help="Each round: propose, keep, train." if task == "pseudo" else help_text(entry),
        )
    clicked = train_button(train, f"{task}-train")
    groups = ADVANCED | (PSEUDO if task == "pseudo" else OBJECTIVE)
    if task == "pseudo":
        values |= choose_pseudo(base, settings, presets[preset], preset, recipe, kind, source)
    with more.popover("Advanced", icon=":material/tune:", width="stretch"):
        is_text = kind == "text"
        others = (
            ("data.code_of",) if is_text or kind == "table" else ("data.text", "data.encoder", "data.vocab")
        )
        others = (*others, "data.text", "data.encoder", "data.vocab") if kind == "table" else others
        others = (*others, *questions_of(presets[preset]))  # asked above
        groups = {tab: tuple(p for p in paths if not p.startswith(others)) for tab, paths in groups.items()}
        values |= choose_advanced(base, settings, groups, f"{task}-{recipe}", source)
        before = st.container()
    with errors_shown():
        hand = read_hand_labels(workspace(), source) if task == "pseudo" else {}
        with_hand = bool(hand) and st.toggle(
            f"Use {count_words(len(hand))}",
            True,
            key=f"pseudo-hand-{source}",
            help="Adds the labels that you gave by hand to those of the data set. Switching this off does not delete them.",
        )
        make = partial(make_spec, base.as_dict())
        spec = compose_spec(workspace(), make, values, with_hand=with_hand, preset=preset)
        if task == "pseudo":
            with before:
                show_gauge(spec)
        return spec, preset, clicked
    return None, preset, clicked


def first_budget(source: str, preset: str) -> int:
    """Labels per class as the widget begins: as the Data page set them, or as the recipe does."""
    kept = kept_settings(workspace(), source)
    return int(kept.get("data.labels_per_class", preset_spec(preset).data.labels_per_class))


def controls_of(task: str, preset: str, state: dict[str, Any], spec: RunSpec) -> dict[str, Any]:
    """Widget keys and what they show for a run."""
    about = list_presets(task)[preset]
    answers = answers_of(about, spec)
    recipe = "-".join([preset, *answers.values()])
    begin = first_budget(spec.data.source, preset)
    found = {
        f"{task}-data": spec.data.source,
        f"{task}-preset-{state['kind']}": preset,
        f"{task}-labels-{spec.data.source}-{begin}": spec.data.labels_per_class,
        f"{task}-epochs-{recipe}": spec.train.epochs,
        **{f"answer-{preset}-{path}": value_at(spec, path) for path in questions_of(about)},
    }
    if task == "pseudo":
        objective: Any = spec.objective
        found[f"advanced-pseudo-{recipe}-objective.keep"] = objective.keep
        who = "+".join(objective.proposers)
        if who in WHO:
            found[f"pseudo-who-{recipe}"] = who
        if who in LABELERS:
            found["pseudo-labeler"] = objective.labeler
            found["pseudo-labeler-rows"] = objective.labeler_rows
            found[f"pseudo-prompt-{who}"] = objective.labeler_prompt or PROMPTS[who]
        if who == "rules":
            found[f"pseudo-rules-{recipe}"] = objective.rules
        if who == "names":
            found[f"pseudo-descriptions-{recipe}"] = objective.descriptions
    return found


def show(task: str) -> None:
    """The whole mode."""
    run = st.query_params.get("run", "")
    take_over(run, task=task, keys=partial(controls_of, task))
    with form_place(run):
        spec, preset, clicked = choose_spec(task)
        if spec:
            show_label_counts(spec)
    if clicked and spec:
        start_clicked(spec, preset=preset, button=f"{task}-train", do=MODES[task])
        run = st.query_params.get("run", "")
    if not run:
        if spec:
            st.caption(ABOUT[task])
            show_samples(spec.data.source)
        return
    if not (asked := open_asked(run)):
        return
    folder, state = asked
    if state.get("task") not in MODES:
        page, mode = PAGES.get(state.get("task", ""), AUTOENCODER)
        st.switch_page(page, query_params={"run": folder.id} | ({"do": mode} if mode else {}))
    # Above the run, whose height changes: below it they would move away under the pointer.
    with st.container(horizontal=True, vertical_alignment="center", key="run-links"):
        link_here(
            "Use this classifier",
            icon=":material/category_search:",
            key="use-this-classifier",
            params={"do": "use", "run": folder.id},
        )
        st.page_link(
            "pages/latent.py",
            label="Explore its class scores",
            icon=":material/scatter_plot:",
            query_params={"space": f"run:{folder.id}"},
        )
        if state.get("task") == "pseudo":
            offer_careless(folder, state)
    if state.get("task") == "pseudo":
        show_splits(folder)  # the stage begins with the run's verdict
    show_run(folder.id)
    if state.get("task") == "pseudo":
        show_review(folder)


def offer_careless(folder: RunFolder, state: RunState) -> None:
    """A button that trains the run again beside a network that accepts every pseudo-label."""
    spec = None
    with errors_shown():
        spec = with_careless(read_spec(folder.spec))
    if spec and st.button(
        "Add the careless way",
        icon=":material/warning:",
        key="add-careless",
        help="Trains this run once more with a further network beside it: even class shares, no check, and every kept label "
        "counts in full. You see what goes wrong where these do not fit the data.",
    ):
        start_clicked(spec, preset=state["preset"], button="add-careless", do="pseudo")


ABOUT = {
    "classify": (
        "A classifier predicts the class of a sample: loss = −ln p(true class). It learns only from the labels that you allow; "
        "all others stay hidden, and the test rows are used once, at the end."
    ),
    "pseudo": (
        "You have a few labels and many samples without one. Labels are proposed for the rest, the surest ones are kept, and the "
        "classifier learns from both. A twin learns from the given labels alone, so that you see whether this helps."
    ),
}


def show_supervised() -> None:
    show("classify")


def show_pseudo() -> None:
    show("pseudo")
