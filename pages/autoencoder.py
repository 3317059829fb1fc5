"""Autoencoder: choose, train, watch; everything about one run under one cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts.shared.advanced import KEPT, PACE, SPLIT, TEXT_FEATURES, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.forms import help_text
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import (
    Form,
    Places,
    Recipe,
    new_run,
    open_here,
)
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.samples import show_samples
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import Source, find_source, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.features.vectorize import input_shape
from selfsup_core.models import MODELS
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings, value_at
from selfsup_core.settings import Setting
from selfsup_core.translation import tr
from selfsup_core.wording import kinds as kinds_of

WATCHABLE = 5.0
FIRST = "emoji"  # the preset of a first visit
# Settings under Advanced, one tab per group.
ADVANCED = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": ("train.learning_rate", "train.batch_size", "train.devices", *PACE),
    "Data": (*SPLIT, "data.labels_per_class", "data.labels_fraction", "data.leave_out"),
    "Texts": TEXT_FEATURES,
    "Recording": ("frames.tiles", "frames.samples", *KEPT),
}
ALL_KINDS = ("image", "sound", "table", "text")


def columns() -> Places:
    return Places(*st.columns((2, 2, 2, 1.4, 1.3, 1.5), vertical_alignment="bottom"))


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    """A network with its objective, then data that it can be trained on."""
    presets = list_presets()
    preset = choose_preset(
        at.model,
        tr("Model"),
        list(presets),
        "autoencoder",
        asked=asked,
        key="network",
        default=preferred_network(),
    )
    base = preset_spec(preset, {"train.epochs_per_second": WATCHABLE})
    kinds = presets[preset].get("kinds", ALL_KINDS)
    # Data sets that are not on this machine are listed on the Data page.
    sources = usable_sources(lambda source: source.kind in kinds, always=base.data.source)
    if not asked.is_first(f"data-{preset}", preset):
        carry_data(preset, sources, base.data.source, tr(presets[preset]["title"]))
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        preset=preset,
        key=f"data-{preset}",
        default=base.data.source,
        help=help_text(known_settings(base)["data.source"]),
        needs=tr("The model {title} takes {listed_kinds}.").format(
            title=tr(presets[preset]["title"]), listed_kinds=listed_kinds(kinds)
        ),
    )
    st.session_state["autoencoder-last"] = (preset, source, source == base.data.source)
    return Recipe(preset, source, base, mark=preset, asked=asked)


def choose_loss(recipe: Recipe, settings: Mapping[str, Setting], at: Places) -> dict[str, object]:
    # One key per preset: a masked autoencoder has another default loss than the rest.
    setting, key = settings["objective.loss"], f"loss-{recipe.preset}"
    recipe.asked.begin(setting, key, value_at(recipe.base, "objective.loss"))
    chosen = at.detail.selectbox(
        tr("Loss"), setting.choices, key=key, format_func=setting.say, help=help_text(setting)
    )
    if missing := find_source(recipe.source, workspace()).missing():
        st.warning(missing, icon=":material/download:")
    return {"objective.loss": chosen}


def advanced_groups(recipe: Recipe) -> Groups:
    is_text = find_source(recipe.source, workspace()).kind == "text"
    return {tab: paths for tab, paths in ADVANCED.items() if tab != "Texts" or is_text}


FORM = Form(
    task="autoencoder",
    prefix="",
    columns=columns,
    recipe=choose_recipe,
    detail=choose_loss,
    groups=advanced_groups,
    always="network",
    offer=lambda recipe, spec: {"objective.loss": None},
)


def listed_kinds(kinds: Sequence[str]) -> str:
    words = [kinds_of(kind) for kind in kinds]
    return (
        tr("{words} and {words_2}").format(words=", ".join(words[:-1]), words_2=words[-1])
        if len(words) > 1
        else words[0]
    )


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
            st.session_state["autoencoder-note"] = tr(
                "The model {title} cannot be trained on {name}, so another data set is chosen."
            ).format(title=title, name=name)
        if "data" in st.query_params:
            st.session_state.setdefault(f"data-{preset}", default)
    if note := st.session_state.get("autoencoder-note"):
        st.info(plain(note), icon=":material/info:")


def preferred_network() -> str:
    """A first visit begins with color pictures; a data set that the address names, with a network that suits
    it.
    """
    wanted, first = st.query_params.get("data", ""), next(iter(list_presets()))
    if not wanted and "run" in st.query_params:
        return first
    if not wanted:
        is_there = not list_sources(workspace())[preset_spec(FIRST).data.source].missing()
        return FIRST if is_there else first
    try:
        source = find_source(wanted, workspace())
    except StudioError:
        return first  # gone, which is said where it would be chosen
    if source.kind in ("table", "text"):
        return "dense-table"
    return "emoji" if len(source.shape) == 3 else first  # convolutions, for pictures in color


def describe_network(spec: RunSpec) -> str:
    """784 → 64 → 32 → **16** → 32 → 64 → 784 · 109,000 weights"""
    network, source = MODELS[spec.model.kind], find_source(spec.data.source, workspace())
    shape = input_shape(source.shape, source.kind, spec.data)
    sizes = [str(size) for size in network.shapes(spec.model, shape)]
    sizes[len(sizes) // 2] = f"**{sizes[len(sizes) // 2]}**"
    return tr("{sizes} · {parameters:,} weights").format(
        sizes=" → ".join(sizes), parameters=network.parameters(spec.model, shape)
    )


st.title(tr("Autoencoder"), anchor=False)
chosen = new_run(FORM)
run = st.query_params.get("run", "")
if run:
    if asked := open_here(run, ("autoencoder",)):
        folder, _ = asked
        # Above the run, whose height changes: a link below it would move away under the pointer.
        with st.container(key="run-links"):
            st.page_link(
                "pages/latent.py",
                label=tr("Latent space of this run"),
                icon=":material/scatter_plot:",
                query_params={"space": f"run:{folder.id}"},
            )
        show_run(folder.id)
elif chosen.spec:
    with errors_shown():
        st.markdown(describe_network(chosen.spec))
    caption(
        tr(
            "In this [[autoencoder]], the encoder f compresses a sample x to a short code h, the "
            "decoder g reconstructs x̂ from it, and training makes x̂ like x: x → h = f(x) → x̂ = g(h). No "
            "labels are used ([[self-supervised learning]]). Press Train to watch."
        )
    )
    show_samples(chosen.spec.data.source)
