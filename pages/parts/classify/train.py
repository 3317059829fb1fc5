"""Train a classifier: on the labels that may be seen, or also on pseudo-labels beside its supervised-only twin."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from pages.parts.classify.before import show_gauge, show_label_counts
from pages.parts.classify.labeler import choose_labeler
from pages.parts.classify.review import show_review
from pages.parts.classify.splits import show_splits
from pages.parts.shared.advanced import choose_advanced
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.go import link_here
from pages.parts.shared.live import open_asked, show_run
from pages.parts.shared.new_run import choose_source, form_place, start_clicked, take_over, train_button
from pages.parts.shared.runlist import PAGES
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.sources import list_sources
from selfsup_core.pseudo.hand import count_words, read_hand_labels
from selfsup_core.pseudo.keepers import KEEPERS
from selfsup_core.runs.compose import compose_spec, kept_settings
from selfsup_core.runs.spec import (
    RunSpec,
    known_settings,
    list_presets,
    make_spec,
    preset_spec,
)
from selfsup_core.tasks.parts.labelers import LABELERS, PROMPTS

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
    ),
}


PROPOSERS = {
    "twin+neighbors": "Classifier and similar rows, where they agree",
    "neighbors+self": "Similar rows and itself",
    "self": "The classifier itself",
    "neighbors": "Similar rows",
    "names": "Names of the classes",
    "rules": "Keyword rules",
    "zero-shot": "Language model: likeliest name",
    "generated": "Language model: its answer",
    "remote": "Remote language model",
}


ONLY = {
    "names": ("text",),
    "rules": ("text", "table"),
    "zero-shot": ("text",),
    "generated": ("text",),
    "remote": ("text",),
}  # kinds of data that a proposer is for


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
        default="digits",  # scikit-learn's, which is always there
        help="What the classifier learns from; sets with at least two classes.",
        needs="A classifier needs labels of at least two classes.",
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
    base = preset_spec(preset)
    settings = known_settings(base)
    kept = kept_settings(workspace(), source)
    values: dict[str, Any] = {"data.source": source}
    with labels:
        begin = kept.get("data.labels_per_class", base.data.labels_per_class)
        values["data.labels_per_class"] = widget(
            settings["data.labels_per_class"], begin, key=f"{task}-labels-{source}-{preset}-{begin}"
        )
    with last:
        entry = settings["train.epochs"]
        title = "Rounds" if task == "pseudo" else entry.title
        st.session_state.setdefault(f"{task}-epochs-{preset}", base.train.epochs)
        values["train.epochs"] = st.number_input(
            title,
            1,
            1000,
            key=f"{task}-epochs-{preset}",
            help="Each round: propose, keep, train." if task == "pseudo" else help_text(entry),
        )
    clicked = train_button(train, f"{task}-train")
    groups = ADVANCED | (PSEUDO if task == "pseudo" else OBJECTIVE)
    if task == "pseudo":
        values |= choose_pseudo(base, settings, preset, kind, source)
    with more.popover("Advanced", icon=":material/tune:", width="stretch"):
        is_text = kind == "text"
        others = (
            ("data.code_of",) if is_text or kind == "table" else ("data.text", "data.encoder", "data.vocab")
        )
        others = (*others, "data.text", "data.encoder", "data.vocab") if kind == "table" else others
        groups = {tab: tuple(p for p in paths if not p.startswith(others)) for tab, paths in groups.items()}
        values |= choose_advanced(base, settings, groups, f"{task}-{preset}", source)
        before = st.container()
    with errors_shown():
        hand = read_hand_labels(workspace(), source) if task == "pseudo" else {}
        with_hand = bool(hand) and st.toggle(
            f"Use {count_words(len(hand))}",
            True,
            key=f"pseudo-hand-{source}",
            help="Labels that were made by hand for these data join the labels of the budget. They are kept when this is off.",
        )
        recipe = partial(make_spec, base.as_dict())
        spec = compose_spec(workspace(), recipe, values, with_hand=with_hand, preset=preset)
        if task == "pseudo":
            with before:
                show_gauge(spec)
        return spec, preset, clicked
    return None, preset, clicked


def choose_pseudo(
    base: RunSpec, settings: dict[str, Any], preset: str, kind: str, source: str
) -> dict[str, Any]:
    """Who proposes, and what is kept."""
    objective: Any = base.objective
    proposer, keeper = st.columns(2, vertical_alignment="bottom")
    names = [n for n in PROPOSERS if kind in ONLY.get(n, (kind,))]
    default = "+".join(objective.proposers)
    if st.session_state.get(f"pseudo-who-{preset}") not in names:
        st.session_state[f"pseudo-who-{preset}"] = default if default in names else names[0]
    st.session_state.setdefault(f"pseudo-keep-{preset}", objective.keep)
    who = proposer.selectbox(
        "Who proposes labels",
        names,
        key=f"pseudo-who-{preset}",
        format_func=lambda n: PROPOSERS[n],
        help=help_text(settings["objective.proposers"]),
    )
    keep = keeper.selectbox(
        "Which are kept",
        settings["objective.keep"].choices,
        key=f"pseudo-keep-{preset}",
        format_func=lambda n: KEEPERS[n].title,
        help=help_text(settings["objective.keep"]),
    )
    values: dict[str, Any] = {"objective.proposers": who.split("+"), "objective.keep": keep}
    if who == "rules":
        example = "class: word, another phrase" if kind == "text" else "class: column > 3.5"
        values["objective.rules"] = st.text_area(
            "Rules, one per line",
            key=f"pseudo-rules-{preset}",
            placeholder=example,
            help="Every match is a vote; a row with votes for two classes alike stays open.",
        )
    if who in LABELERS:
        values |= choose_labeler(settings, who, source)
    if who == "names":
        values["objective.descriptions"] = st.text_area(
            "Descriptions (if the names alone say too little)",
            key=f"pseudo-descriptions-{preset}",
            placeholder="class: what it is about",
            help=help_text(settings["objective.descriptions"]),
        )
    return values


def controls_of(task: str, preset: str, state: dict[str, Any], spec: RunSpec) -> dict[str, Any]:
    """Widget keys and what they show for a run."""
    found = {
        f"{task}-data": spec.data.source,
        f"{task}-preset-{state['kind']}": preset,
        f"{task}-epochs-{preset}": spec.train.epochs,
    }
    if task == "pseudo":
        objective: Any = spec.objective
        found[f"pseudo-keep-{preset}"] = objective.keep
        who = "+".join(objective.proposers)
        if who in PROPOSERS:
            found[f"pseudo-who-{preset}"] = who
        if who in LABELERS:
            found["pseudo-labeler"] = objective.labeler
            found["pseudo-labeler-rows"] = objective.labeler_rows
            found[f"pseudo-prompt-{who}"] = objective.labeler_prompt or PROMPTS[who]
        if who == "rules":
            found[f"pseudo-rules-{preset}"] = objective.rules
        if who == "names":
            found[f"pseudo-descriptions-{preset}"] = objective.descriptions
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
        page, mode = PAGES.get(state.get("task", ""), ("pages/autoencoder.py", ""))
        st.switch_page(page, query_params={"run": folder.id} | ({"do": mode} if mode else {}))
    if state.get("task") == "pseudo":
        show_splits(folder)  # the stage begins with the run's verdict
    show_run(folder.id)
    with st.container(horizontal=True):
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
        show_review(folder)


ABOUT = {
    "classify": (
        "A classifier names the class of a sample: loss = −ln p(true class). It learns from the labels of the budget alone; "
        "labels beyond it stay hidden, and test rows are looked at once, at the end."
    ),
    "pseudo": (
        "Few labels, many samples without one: labels are proposed for the rest, the surest are kept, and the classifier "
        "learns from both. Its twin learns from the same labels without them, so that you see whether it helps."
    ),
}


def show_supervised() -> None:
    show("classify")


def show_pseudo() -> None:
    show("pseudo")
