"""Generate: a network that turns noise into images, the run under one cursor, and images drawn by hand."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.scenarios.drawing import show_drawing
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import Form, Places, Recipe, new_run, open_here
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.samples import show_samples
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.models.code_generator import CodeGeneratorConfig
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings
from selfsup_core.runs.waiting import expected_of, in_words
from selfsup_core.settings import Setting
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

TASK = "generate"
FIRST = "fashion-5k"  # the data of a first visit
METHOD = "objective.kind"
METHODS = {"flow-matching": tr_later("Flow matching"), "ddpm": "DDPM"}
# Settings under Advanced, one tab per group; `advanced_groups` adds those of the method.
ADVANCED = {
    "Network": ("model.",),
    "Training": ("train.learning_rate", "train.batch_size", "train.steps_per_epoch", *PACE),
    "Data": (*SPLIT, "data.labels_per_class", "data.labels_fraction"),
    "Recording": ("frames.tiles", *KEPT),
}
ABOUT = tr_later(
    "The network is shown noisy images and learns to tell how they were before. Asked again and again, it "
    "leads pure noise to an image that nobody has made, of a class that you choose. Press Train to watch."
)


def columns() -> Places:
    data, recipe, method, epochs, train, more = st.columns(
        (2, 2, 1.6, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, method, epochs, train, more)


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    """Images, a recipe, and one of the methods."""
    wanted, presets = st.query_params.get("preset", ""), list_presets(TASK)
    sources = usable_sources(lambda source: source.kind == "image")
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        key="generate-data",
        default=str(presets[wanted]["spec"]["data"]["source"]) if wanted in presets else FIRST,
        help=tr("Images to learn from. Small ones of up to 32 × 32 pixels train in minutes on a CPU."),
        needs=tr("Generators learn from images."),
    )
    own = [name for name in presets if preset_spec(name).data.source == source]
    preset = choose_preset(
        at.model,
        tr("Recipe"),
        list(presets),
        TASK,
        asked=asked,
        key=f"generate-preset-{source}",
        default=(own or list(presets))[0],
    )
    base = preset_spec(preset)
    usual, method = base.objective.kind, read_method(preset, base, asked)
    values: dict[str, object] = {}
    if method != usual:
        # What the methods share stays; a setting that only one has keeps its own default.
        base = preset_spec(preset, {METHOD: method})
        values["name"] = f"{sources[source].title}, {tr(METHODS[method])}"
    return Recipe(
        preset, source, base, mark=f"{preset}-{method}", asked=asked, values=values, before={METHOD: usual}
    )


def method_key(preset: str) -> str:
    return f"generate-method-{preset}"


def methods_for(preset: str) -> list[str]:
    """Objectives that generate and can train the recipe's network."""
    network = preset_spec(preset).model.kind
    return [kind for kind, one in OBJECTIVES.items() if one.task == TASK and network in one.networks]


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
        format_func=lambda kind: tr(METHODS.get(kind, kind)),
        help=tr("What the network tells of a noisy image: the way to the image, or the noise in it."),
    )
    return {}


def advanced_groups(recipe: Recipe) -> Groups:
    """The method's own settings come first."""
    known = [path for path in known_settings(recipe.base) if path.startswith("objective.") and path != METHOD]
    groups = {"Objective": tuple(known), **ADVANCED}
    return groups | {"Network": ("data.code_of", "model.")} if in_code(recipe.base) else groups


def in_code(spec: RunSpec) -> bool:
    """Whether its network learns the code of an autoencoder."""
    return spec.model.kind == "code-generator"


FORM = Form(
    task=TASK,
    prefix="generate-",
    columns=columns,
    recipe=choose_recipe,
    detail=choose_method,
    groups=advanced_groups,
    always="generate-data",
    offer=lambda recipe, spec: {METHOD: methods_for(recipe.preset)},
    address={"do": TASK},
)


def say_code(spec: RunSpec, epochs: int) -> str:
    """Whose code the noise becomes."""
    if spec.data.code_of:
        return tr("Here noise becomes a code of the run {run}, and its decoder makes the image.").format(
            run=spec.data.code_of
        )
    return tr(
        "Here noise becomes a code of an autoencoder, and its decoder makes the image. That autoencoder is "
        "trained in the first {epochs}; a finished one of yours can take its place (Advanced, Network)."
    ).format(epochs=counted(epochs, "epoch"))


def show_about(preset: str, spec: RunSpec) -> None:
    """What will be seen, and how long it takes where that is known."""
    caption(tr(ABOUT))
    if isinstance(spec.model, CodeGeneratorConfig):
        st.caption(plain(say_code(spec, spec.model.code_epochs)))
    if seconds := expected_of(preset, spec, list_states(workspace())):
        st.caption(
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
    if not (asked := open_here(run, (TASK,))):
        return
    folder, _ = asked
    show_run(folder.id)
    show_drawing(folder)
