"""Train a classifier: on the labels that may be seen, or also on pseudo-labels beside its supervised-only twin."""

from __future__ import annotations

import contextlib
from typing import Any

import streamlit as st

from pages.parts.classify.review import show_review
from pages.parts.shared import routes
from pages.parts.shared.advanced import choose_advanced
from pages.parts.shared.choice import choose_one
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.live import open_asked, show_run
from pages.parts.shared.workspace import errors_shown, plain, start, workspace
from selfsup_core.data.library.own import read_split
from selfsup_core.data.sources import list_sources
from selfsup_core.errors import StudioError
from selfsup_core.inspection.subject import Subject
from selfsup_core.pseudo.hand import read_hand_labels
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.spec import (
    RunSpec,
    known_settings,
    list_presets,
    make_spec,
    preset_spec,
    read_spec,
)

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
        "objective.labeler",
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
    "neighbors+self": "Similar rows and itself",
    "self": "The classifier itself",
    "neighbors": "Similar rows",
    "names": "Names of the classes",
    "rules": "Keyword rules",
    "zero-shot": "Language model: likeliest name",
    "generated": "Language model: its answer",
}
ONLY = {
    "names": ("text",),
    "rules": ("text", "table"),
    "zero-shot": ("text",),
    "generated": ("text",),
}  # kinds of data that a proposer is for
KEEPERS = {
    "top-k": "The surest of each class",
    "fixed": "Above a threshold",
    "entropy": "Low entropy",
    "lee": "All, slowly more (Lee 2013)",
    "flexmatch": "FlexMatch",
    "freematch": "FreeMatch",
    "softmatch": "SoftMatch",
}


def labeled_sources() -> dict[str, Any]:
    """Data sets with at least two classes that are on this machine."""
    found = list_sources(workspace()).items()
    return {name: s for name, s in found if s.classes >= 2 and not s.missing()}


def choose_spec(task: str) -> tuple[RunSpec | None, str, bool]:
    """The rows of controls: (spec or None when it is not valid, preset, whether Train was clicked)."""
    sources, presets = labeled_sources(), list_presets(task)
    key = f"{task}-data"
    wanted = st.query_params.get("data", "")
    if wanted in sources and st.session_state.get(f"{task}-taken") != wanted:
        st.session_state[f"{task}-taken"] = st.session_state[key] = wanted
    if st.session_state.get(key) not in sources:
        st.session_state[key] = "digits"  # scikit-learn's, which is always there
    data, labels, classifier, last, train, more = st.columns(
        (2, 1.3, 2, 1.2, 1.2, 1.3), vertical_alignment="bottom"
    )
    source = choose_one(
        data,
        "Data",
        {n: s.title for n, s in sources.items()},
        key=key,
        help="What the classifier learns to name; sets with at least two classes.",
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
    kept = {f"data.{k}": v for k, v in read_split(workspace(), source).items()}
    values: dict[str, Any] = {
        "data.source": source,
        "name": f"{sources[source].title}, {presets[preset]['title']}",
    }
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
    clicked = train.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{task}-train",
        width="stretch",
        help="Start a new run with these settings.",
    )
    groups = ADVANCED | (PSEUDO if task == "pseudo" else OBJECTIVE)
    if task == "pseudo":
        values |= choose_pseudo(base, settings, preset, kind)
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
        spec = make_spec(base.as_dict(), kept | values)
        if task == "pseudo" and (hand := read_hand_labels(workspace(), source)):
            spec = make_spec(spec.as_dict(), {"objective.hand": list(hand.items())})
        if task == "pseudo":
            with before:
                show_gauge(spec)
        return spec, preset, clicked
    return None, preset, clicked


def choose_pseudo(base: RunSpec, settings: dict[str, Any], preset: str, kind: str) -> dict[str, Any]:
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
        list(KEEPERS),
        key=f"pseudo-keep-{preset}",
        format_func=lambda n: KEEPERS[n],
        help=help_text(settings["objective.keep"]),
    )
    values: dict[str, Any] = {"objective.proposers": who.split("+"), "objective.keep": keep}
    if who == "rules":
        example = "class: word, another phrase" if kind == "text" else "class: column > 3.5"
        values["objective.rules"] = st.text_area(
            "Rules, one a line",
            key=f"pseudo-rules-{preset}",
            placeholder=example,
            help="Every match is a vote; a row with votes for two classes alike stays open.",
        )
    if who in ("zero-shot", "generated"):
        st.caption(
            "The small built-in model takes about a second a text, once. Under Advanced, Unlabeled rows says how many; 200 are a beginning."
        )
    if who == "names":
        values["objective.descriptions"] = st.text_area(
            "Descriptions (if the names alone say too little)",
            key=f"pseudo-descriptions-{preset}",
            placeholder="class: what it is about",
            help=help_text(settings["objective.descriptions"]),
        )
    return values


def take_over(task: str, run: str) -> None:
    """When a run is opened, let the controls show what it was made with, so that Train means "like this one"."""
    if not run or st.session_state.get(f"{task}-taken-over") == run:
        return
    st.session_state[f"{task}-taken-over"] = run
    with contextlib.suppress(StudioError):  # what is wrong with this run is said below
        folder = open_run(workspace(), run)
        state, spec = read_state(folder), read_spec(folder.spec)
        preset, objective = state["preset"], spec.objective
        if state.get("task") != task or preset not in list_presets(task):
            return
        kind, source = state["kind"], spec.data.source
        st.session_state[f"{task}-data"] = source
        st.session_state[f"{task}-preset-{kind}"] = preset
        st.session_state[f"{task}-epochs-{preset}"] = spec.train.epochs
        if task == "pseudo":
            who = "+".join(objective.proposers)
            if who in PROPOSERS:
                st.session_state[f"pseudo-who-{preset}"] = who
            st.session_state[f"pseudo-keep-{preset}"] = objective.keep


def show(task: str) -> None:
    """The whole mode."""
    run = st.query_params.get("run", "")
    take_over(task, run)
    spec, preset, clicked = choose_spec(task)
    if clicked and spec:
        with errors_shown():
            run = start(spec, preset=preset, button=f"{task}-train")
            st.session_state.pop("stage_failed", None)
            st.query_params.from_dict({"do": MODES[task], "run": run})
    if not run:
        if spec:
            st.caption(ABOUT[task])
        return
    if not (asked := open_asked(run)):
        return
    folder, state = asked
    show_run(folder.id)
    with st.container(horizontal=True):
        st.page_link(
            "pages/classify.py",
            label="Use this classifier",
            icon=":material/category_search:",
            query_params={"do": "use", "run": folder.id},
        )
        st.page_link(
            "pages/latent.py",
            label="Explore its class scores",
            icon=":material/scatter_plot:",
            query_params={"space": f"run:{folder.id}"},
        )
    if state.get("task") == "pseudo":
        show_review(folder)


def show_gauge(spec: RunSpec) -> None:
    """How good the first proposals are likely to be, from the labels alone; on demand, for it takes a moment."""
    if st.button(
        "How good will the proposals be?",
        icon=":material/speed:",
        key="advanced-gauge",
        help="Cross-validation on the labels that may be seen; nothing is trained or kept.",
    ):
        with errors_shown(), st.spinner("Trying the labels."):
            said = routes.lab().ask(Subject("classifier", ""), "gauge", {"spec": spec.as_dict()}).about
            {"good": st.success, "bad": st.warning}.get(said["tone"], st.info)(plain(said["text"]))


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
