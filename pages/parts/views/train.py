"""Train on views: a method, data, and the run under one cursor, with a way to take its safeguards away."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.shared.advanced import KEPT, PACE, SPLIT, TEXT_FEATURES, Groups
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import (
    Form,
    Places,
    Recipe,
    begin_with,
    choose_preset,
    choose_source,
    new_run,
    open_here,
    usable_sources,
)
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import workspace
from pages.parts.views.breaking import offer_breaks
from selfsup_core.data.sources import find_source
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import RunState
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings, make_spec
from selfsup_core.settings import Setting

FIRST = "emoji"  # the data of a first visit
TITLES = {
    "simclr": "SimCLR",
    "byol": "BYOL",
    "simsiam": "SimSiam",
    "barlow-twins": "Barlow Twins",
    "vicreg": "VICReg",
    "sigreg": "SIGReg (LeJEPA)",
    "dino": "DINO",
    "swav": "SwAV",
    "rotation": "Rotation prediction",
}
KINDS = ("image", "sound", "table", "text")
AUGMENT = "objective.augment."
# Settings under Advanced, one tab per group; `advanced_groups` adds objective and augmentation.
ADVANCED = {
    "Network": ("model.",),
    "Training": ("train.learning_rate", "train.batch_size", *PACE),
    "Data": (*SPLIT, "data.labels_per_class", "data.labels_fraction"),
    "Texts": TEXT_FEATURES,
    "Recording": ("frames.tiles", "frames.samples", *KEPT),
}


def title_of(method: str) -> str:
    return TITLES.get(method, method)


def columns() -> Places:
    data, recipe, method, epochs, train, more = st.columns(
        (2, 2, 1.6, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, method, epochs, train, more)


def choose_recipe(at: Places) -> Recipe:
    """Data, then a recipe for their kind, and one of the methods that can train its network."""
    presets = list_presets("views")
    sources = usable_sources(lambda source: source.kind in KINDS)
    source = choose_source(
        at.data,
        "Data",
        sources,
        key="views-data",
        default=FIRST,
        help="Images, sounds, tables or texts. Labels are only measured with, never learned from.",
        needs="Learning from views takes images, sounds, tables and texts.",
    )
    fitting = [name for name, one in presets.items() if sources[source].kind in one.get("kinds", KINDS)]
    key = f"views-preset-{source}"
    own = [name for name in fitting if preset_spec(name).data.source == source]
    begin_with(key, (own or fitting)[0])
    preset = choose_preset(at.model, "Recipe", fitting, "views", key=key)
    base = preset_spec(preset)
    methods = [kind for kind in OBJECTIVES if fits(kind, base)]
    key = f"views-method-{preset}"
    begin_with(key, base.objective.kind)
    method = at.detail.selectbox(
        "Method",
        methods,
        key=key,
        format_func=title_of,
        help="What keeps samples apart while the two views of each become alike.",
    )
    values: dict[str, object] = {}
    if method != base.objective.kind:
        base = with_method(preset, base, method)
        values["name"] = f"{sources[source].title}, {title_of(method)}"
    return Recipe(preset, source, base, mark=f"{preset}-{method}", values=values)


def fits(kind: str, base: RunSpec) -> bool:
    """Whether an objective learns from views and can train the recipe's network."""
    objective = OBJECTIVES[kind]
    return objective.task == "views" and base.model.kind in objective.networks


def with_method(preset: str, base: RunSpec, method: str) -> RunSpec:
    """The recipe with another objective, which keeps its augmentation; all else of it is its own default."""
    said = list_presets("views")[preset]["spec"]["objective"]
    shared = {name: said[name] for name in ("augment", "projector") if name in said}
    return make_spec({**base.as_dict(), "name": "", "objective": {"kind": method, **shared}}, {})


def no_detail(_recipe: Recipe, _settings: Mapping[str, Setting], _at: Places) -> dict[str, object]:
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


def controls_of(preset: str, _state: RunState, spec: RunSpec) -> dict[str, object]:
    """Widget keys and what they show for a run."""
    method = spec.objective.kind
    return {
        "views-data": spec.data.source,
        f"views-preset-{spec.data.source}": preset,
        f"views-method-{preset}": method,
        f"views-epochs-{preset}-{method}": spec.train.epochs,
    }


FORM = Form(
    task="views",
    prefix="views-",
    columns=columns,
    recipe=choose_recipe,
    detail=no_detail,
    groups=advanced_groups,
    keys=controls_of,
    address={"do": "train"},
)

ABOUT = (
    "Two random views of each sample go through the same network, and both should get the same "
    "representation; something else has to keep samples apart, and that is what the methods differ in. No "
    "labels are used. Press Train to watch."
)


def show() -> None:
    """The whole mode."""
    spec = new_run(FORM).spec
    run = st.query_params.get("run", "")
    if not run:
        if spec:
            st.caption(ABOUT)
            show_samples(spec.data.source)
        return
    if not (asked := open_here(run, ("views",))):
        return
    folder, state = asked
    # Above the run, whose height changes: below it they would move away under the pointer.
    with st.container(horizontal=True, vertical_alignment="center", key="run-links"):
        st.page_link(
            "pages/latent.py",
            label="Explore its latent space",
            icon=":material/scatter_plot:",
            query_params={"space": f"run:{folder.id}"},
        )
        offer_breaks(folder, state)
    show_run(folder.id)
