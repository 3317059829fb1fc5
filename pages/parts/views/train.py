"""Train on views: a method, data, and the run under one cursor, with a way to take its safeguards away."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.shared.advanced import KEPT, PACE, SPLIT, TEXT_FEATURES, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import (
    Form,
    Places,
    Recipe,
    new_run,
    open_here,
)
from pages.parts.shared.picture import VIEWS_ALT, picture_of
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.samples import show_samples
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import workspace
from pages.parts.views.after import show_after
from pages.parts.views.breaking import offer_breaks, refuse_beside
from pages.parts.views.methods import title_of
from selfsup_core.data.sources import find_source
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings
from selfsup_core.runs.waiting import expected_of, in_words
from selfsup_core.settings import Setting
from selfsup_core.translation import tr, tr_later

FIRST = "emoji"  # the data of a first visit
KINDS = ("image", "sound", "table", "text")
AUGMENT, METHOD = "objective.augment.", "objective.kind"
# Settings under Advanced, one tab per group; `advanced_groups` adds objective and augmentation.
ADVANCED = {
    "Network": ("model.",),
    "Training": ("train.learning_rate", "train.batch_size", *PACE),
    "Data": (*SPLIT, "data.labels_per_class", "data.labels_fraction"),
    "Texts": TEXT_FEATURES,
    "Recording": ("frames.tiles", "frames.samples", *KEPT),
}


def columns() -> Places:
    data, recipe, method, epochs, train, more = st.columns(
        (2, 2, 1.6, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, method, epochs, train, more)


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    """Data, then a recipe for their kind, and one of the methods that can train its network."""
    wanted = st.query_params.get("preset", "")
    presets = list_presets("views")
    sources = usable_sources(lambda source: source.kind in KINDS)
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        key="views-data",
        default=str(presets[wanted]["spec"]["data"]["source"]) if wanted in presets else FIRST,
        help=tr("Images, sounds, tables or texts. Labels are only measured with, never learned from."),
        needs=tr("Learning from views takes images, sounds, tables and texts."),
    )
    fitting = [name for name, one in presets.items() if sources[source].kind in one.get("kinds", KINDS)]
    own = [name for name in fitting if preset_spec(name).data.source == source]
    preset = choose_preset(
        at.model,
        tr("Recipe"),
        fitting,
        "views",
        asked=asked,
        key=f"views-preset-{source}",
        default=(own or fitting)[0],
        needs=tr("The data set {title} is of another kind.").format(title=sources[source].title),
    )
    base = preset_spec(preset)
    usual, method = base.objective.kind, read_method(preset, base, asked)
    values: dict[str, object] = {}
    if method != usual:
        base = preset_spec(preset, {METHOD: method})
        values["name"] = f"{sources[source].title}, {title_of(method)}"
    return Recipe(
        preset, source, base, mark=f"{preset}-{method}", asked=asked, values=values, before={METHOD: usual}
    )


def method_key(preset: str) -> str:
    return f"views-method-{preset}"


def methods_for(preset: str) -> list[str]:
    """Objectives that learn from views and can train the recipe's network."""
    network = preset_spec(preset).model.kind
    return [kind for kind, one in OBJECTIVES.items() if one.task == "views" and network in one.networks]


def read_method(preset: str, base: RunSpec, asked: Asked) -> str:
    """The method that is chosen, before its control is shown: all other defaults depend on it."""
    key = method_key(preset)
    if asked.is_first(key, preset):
        asked.given.add(key)
        wanted = asked.raw.get(METHOD)
        st.session_state[key] = wanted if wanted in methods_for(preset) else base.objective.kind
    return str(st.session_state.get(key, base.objective.kind))


def choose_method(recipe: Recipe, settings: Mapping[str, Setting], at: Places) -> dict[str, object]:
    """The control of the method; what it says is already part of the recipe."""
    key = method_key(recipe.preset)
    recipe.asked.begin(settings[METHOD], key, recipe.base.objective.kind, str)
    at.detail.selectbox(
        tr("Method"),
        methods_for(recipe.preset),
        key=key,
        format_func=title_of,
        help=tr("What keeps samples apart while the two views of each become alike."),
    )
    return {}


def advanced_groups(recipe: Recipe) -> Groups:
    """The objective's own settings and, apart from them, its augmentation; nothing for what is set above."""
    known = [path for path in known_settings(recipe.base) if path != f"{AUGMENT}kind"]
    groups = dict(ADVANCED)
    if find_source(recipe.source, workspace()).kind != "text":
        groups.pop("Texts")
    return {
        "Network": groups.pop("Network"),
        "Objective": tuple(p for p in known if p.startswith("objective.") and not p.startswith(AUGMENT)),
        "Augmentation": tuple(p for p in known if p.startswith(AUGMENT)),
        **groups,
    }


FORM = Form(
    task="views",
    prefix="views-",
    columns=columns,
    recipe=choose_recipe,
    detail=choose_method,
    groups=advanced_groups,
    always="views-data",
    offer=lambda recipe, spec: {METHOD: methods_for(recipe.preset)},
    address={"do": "train"},
)

ABOUT = tr_later(
    "Two random [[views|view]] of each sample go through the same network, and both should get the same "
    "representation; something else has to keep samples apart, and that is what the methods "
    "([[objectives|objective]]) differ in. No labels are used. Press Train to watch."
)


def show_about(preset: str, spec: RunSpec) -> None:
    """What two views are, in a picture and in words, and how long the run will take where that is known."""
    picture, words = st.columns((1, 2), vertical_alignment="center")
    picture.html(picture_of("views", VIEWS_ALT))
    with words:
        caption(ABOUT)
    if seconds := expected_of(preset, spec, list_states(workspace())):
        words.caption(
            tr("It takes about {in_words}, at the pace of the last run of this recipe and method.").format(
                in_words=in_words(seconds)
            )
        )


def show() -> None:
    """The whole mode."""
    chosen = new_run(FORM)
    spec = chosen.spec
    run = st.query_params.get("run", "")
    if not run:
        if spec:
            show_about(chosen.preset, spec)
            show_samples(spec.data.source)
        return
    if not (asked := open_here(run, ("views",))):
        return
    folder, state = asked
    # Above the run, whose height changes: below it they would move away under the pointer.
    with st.container(horizontal=True, vertical_alignment="center", key="run-links"):
        st.page_link(
            "pages/latent.py",
            label=tr("Latent space of this run"),
            icon=":material/scatter_plot:",
            query_params={"space": f"run:{folder.id}"},
        )
        offer_breaks(folder, state)
    if refuse_beside(folder):
        return
    show_run(folder.id)
    show_after(folder)
