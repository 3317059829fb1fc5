"""Autoencoder: choose, train, watch; everything about one run under one cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.parts.shared.advanced import choose_advanced
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.live import open_asked, show_run
from pages.parts.shared.new_run import choose_source, form_place, start_clicked, take_over, train_button
from pages.parts.shared.runlist import PAGES
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import Source, find_source, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.features.vectorize import input_shape
from selfsup_core.models import MODELS
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.spec import (
    RunSpec,
    known_settings,
    list_presets,
    make_spec,
    preset_spec,
)

WATCHABLE = 5.0
FIRST = "emoji"  # the preset of a first visit
# Settings under Advanced, one tab per group; a path that ends with a dot stands for all settings below it.
ADVANCED = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (
        "train.learning_rate",
        "train.batch_size",
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
        "data.labels_per_class",
        "data.labels_fraction",
        "data.leave_out",
    ),
    "Texts": ("data.text_features", "data.vocabulary", "data.encoder"),
    "Recording": (
        "frames.max_frames",
        "frames.tiles",
        "frames.samples",
        "frames.weights_megabytes",
    ),
}
ALL_KINDS = ("image", "sound", "table", "text")


def choose_spec() -> tuple[RunSpec | None, str, bool]:
    """The row of controls: (spec or None when it is not valid, preset, whether Train was clicked)."""
    presets = list_presets()
    prefer_network()
    data, network, loss, epochs, train, more = st.columns(
        (2, 2, 2, 1.4, 1.3, 1.5), vertical_alignment="bottom"
    )
    with network:
        preset = st.selectbox(
            "Model",
            list(presets),
            key="network",
            format_func=lambda name: presets[name]["title"],
            help="Network and objective. "
            + presets[st.session_state.get("network", next(iter(presets)))]["about"],
        )
    base = preset_spec(preset, {"train.epochs_per_second": WATCHABLE})
    settings = known_settings(base)
    # Data sets that are not on this machine are listed on the Data page.
    kinds = presets[preset].get("kinds", ALL_KINDS)
    sources = {
        name: source
        for name, source in list_sources(workspace()).items()
        if source.kind in kinds and (name == base.data.source or not source.missing())
    }
    carry_data(preset, sources, base.data.source, presets[preset]["title"])
    source = choose_source(
        data,
        "Data",
        {name: source.title for name, source in sources.items()},
        key=f"data-{preset}",
        default=base.data.source,
        help=help_text(settings["data.source"]),
        needs=f"The model {presets[preset]['title']} takes {listed_kinds(kinds)}.",
    )
    st.session_state["autoencoder-last"] = (preset, source, source == base.data.source)
    if "data" in st.query_params:
        st.session_state["preferred_for"] = source  # the model was chosen by hand, so it stays
    with loss:
        # One key per preset: a masked autoencoder has another default loss than the rest.
        begin_with(f"loss-{preset}", base.objective.loss)
        chosen = st.selectbox(
            "Loss",
            settings["objective.loss"].choices,
            key=f"loss-{preset}",
            format_func=settings["objective.loss"].say,
            help=help_text(settings["objective.loss"]),
        )
    with epochs:
        count = widget(settings["train.epochs"], base.train.epochs, key=f"epochs-{preset}")
    clicked = train_button(train, "train")
    values: dict[str, Any] = {
        "data.source": source,
        "objective.loss": chosen,
        "train.epochs": count,
    }
    with more.popover("Advanced", icon=":material/tune:", width="stretch"):
        is_text = sources[source].kind == "text"
        groups = {k: v for k, v in ADVANCED.items() if k != "Texts" or is_text}
        values |= choose_advanced(base, settings, groups, preset, source)
    with errors_shown():
        missing = sources[source].missing()
        if missing:
            st.warning(missing, icon=":material/download:")
        recipe = partial(make_spec, base.as_dict())
        return compose_spec(workspace(), recipe, values, preset=preset), preset, clicked
    return None, preset, clicked


def begin_with(key: str, value: Any) -> None:
    """Set a widget's first value; Streamlit would warn of a default beside a value in the session."""
    if key not in st.session_state:
        st.session_state[key] = value


def controls_of(preset: str, _state: dict[str, Any], spec: RunSpec) -> dict[str, Any]:
    """Widget keys and what they show for a run."""
    return {
        "network": preset,
        f"loss-{preset}": spec.objective.loss,
        f"data-{preset}": spec.data.source,
        f"epochs-{preset}": spec.train.epochs,
    }


KIND_WORDS = {"image": "images", "sound": "sounds", "table": "tables", "text": "texts"}


def listed_kinds(kinds: Sequence[str]) -> str:
    words = [KIND_WORDS[kind] for kind in kinds]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def carry_data(preset: str, sources: Mapping[str, Source], default: str, title: str) -> None:
    """Keep the data set when another model is chosen, or say why the model cannot use it.

    Args:
        default: data set of the model's preset, used unless another one was chosen. title: of the model.
    """
    before, source, was_default = st.session_state.get("autoencoder-last", ("", "", True))
    if before and before != preset:
        st.session_state.pop("autoencoder-note", None)
        if source in sources and not was_default:
            st.session_state[f"data-{preset}"] = source
        elif source not in sources and not was_default:
            st.session_state[f"data-{preset}"] = default
            name = find_source(source, workspace()).title
            st.session_state["autoencoder-note"] = (
                f"The model {title} cannot be trained on {name}, so another data set is chosen."
            )
        if "data" in st.query_params:
            chosen = st.session_state.setdefault(f"data-{preset}", default)
            st.query_params["data"] = st.session_state[f"data-{preset}-taken"] = chosen
    if note := st.session_state.get("autoencoder-note"):
        st.info(plain(note), icon=":material/info:")


def prefer_network() -> None:
    """A first visit begins with color pictures; a data set that the address names, with a network that suits it."""
    wanted = st.query_params.get("data", "")
    is_first = not wanted and "run" not in st.query_params
    if is_first and not list_sources(workspace())[preset_spec(FIRST).data.source].missing():
        st.session_state.setdefault("network", FIRST)
    if not wanted or st.session_state.get("preferred_for") == wanted:
        return
    st.session_state["preferred_for"] = wanted
    try:
        source = find_source(wanted, workspace())
        if source.kind in ("table", "text"):
            st.session_state["network"] = "dense-table"
        elif len(source.shape) == 3:
            st.session_state["network"] = "emoji"  # convolutions, for pictures in color
    except StudioError:
        return  # gone; the list below does not have it


def describe_network(spec: RunSpec) -> str:
    """784 → 64 → 32 → **16** → 32 → 64 → 784 · 109,000 weights"""
    network, source = MODELS[spec.model.kind], find_source(spec.data.source, workspace())
    shape = input_shape(source.shape, source.kind, spec.data)
    sizes = [str(size) for size in network.shapes(spec.model, shape)]
    sizes[len(sizes) // 2] = f"**{sizes[len(sizes) // 2]}**"
    return f"{' → '.join(sizes)} · {network.parameters(spec.model, shape):,} weights"


st.title("Autoencoder", anchor=False)
take_over(st.query_params.get("run", ""), task="autoencoder", keys=controls_of)
with form_place(st.query_params.get("run", "")), st.container(key="controls"):
    spec, preset, clicked = choose_spec()
if clicked and spec:
    start_clicked(spec, preset=preset, button="train")
run = st.query_params.get("run", "")
if run:
    if asked := open_asked(run):
        folder, state = asked
        if elsewhere := PAGES.get(state.get("task", "")):
            st.switch_page(elsewhere[0], query_params={"do": elsewhere[1], "run": folder.id})
        # Above the run, whose height changes: a link below it would move away under the pointer.
        with st.container(key="run-links"):
            st.page_link(
                "pages/latent.py",
                label="Explore its latent space",
                icon=":material/scatter_plot:",
                query_params={"space": f"run:{folder.id}"},
            )
        show_run(folder.id)
elif spec:
    with errors_shown():
        st.markdown(describe_network(spec))
    st.caption(
        "x → h = f(x) → x̂ = g(h): the encoder f compresses a sample x to a short code h, the decoder g reconstructs x̂ from it, and training makes x̂ like x. No labels are used. Press Train to watch."
    )
    show_samples(spec.data.source)
