"""A new run, as the training pages set it up: the row of controls, the form that follows an opened run, the
Train button.

What a page has of its own (its columns, which presets and data sets fit each other, further controls) it
hands in as a `Form`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.advanced import Groups, choose_advanced
from pages.parts.shared.choice import choose_asked
from pages.parts.shared.forms import help_text
from pages.parts.shared.go import rerun
from pages.parts.shared.live import open_asked
from pages.parts.shared.outlook import show_outlook
from pages.parts.shared.runlist import PAGES
from pages.parts.shared.workspace import errors_shown, start, workspace
from selfsup_core.data.sources import Source, find_source, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.folder import RunFolder, RunState, open_run, read_state
from selfsup_core.runs.recipes import list_presets
from selfsup_core.runs.spec import RunSpec, known_settings, make_spec, read_spec
from selfsup_core.settings import Setting


class Places(NamedTuple):
    """Where the controls of a new run are shown.

    Attributes:
        detail: of what a task asks for beside data and model. own: further ones of a page.
    """

    data: DeltaGenerator
    model: DeltaGenerator
    detail: DeltaGenerator
    epochs: DeltaGenerator
    train: DeltaGenerator
    more: DeltaGenerator
    own: tuple[DeltaGenerator, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A preset and the data it is to be trained on, as chosen in the first controls.

    Attributes:
        base: the preset's spec, from which all other controls begin.
        mark: part of the keys of the widgets that follow: another one has its own defaults.
        variant: the same for the widgets under Advanced, where something else changes their defaults too.
        values: path → value: what is already chosen.
    """

    preset: str
    source: str
    base: RunSpec
    mark: str
    variant: str = ""
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    """What the controls say. spec: None when nothing can be trained so; is_clicked: whether Train was."""

    spec: RunSpec | None
    preset: str
    is_clicked: bool


def compose(
    recipe: Recipe, values: dict[str, object], more: DeltaGenerator, *, with_hand: bool = False
) -> RunSpec:
    """The spec of what was chosen; with_hand: labels by hand join. Raises SettingError."""
    make = partial(make_spec, recipe.base.as_dict())
    return compose_spec(workspace(), make, values, with_hand=with_hand, preset=recipe.preset)


@dataclass(frozen=True)
class Form:
    """What one training page has of its own.

    Attributes:
        task: whose presets there are.
        prefix: of the keys of its widgets.
        columns: makes the rows of controls; None when there is nothing to train on, which it says.
        recipe: chooses preset and data set in their places.
        groups: what stands under Advanced.
        keys: (preset, state, spec) → widget keys and what they are to show for a run.
        detail: further controls; their values by path.
        compose: (recipe, values, place under Advanced) → spec; may show controls that need all values.
        address: what the address of a started run says beside the run.
        epochs: title and help of the number of epochs, where a task calls them something else.
    """

    task: str
    prefix: str
    columns: Callable[[], Places | None]
    recipe: Callable[[Places], Recipe]
    groups: Callable[[Recipe], Groups]
    keys: Callable[[str, RunState, RunSpec], dict[str, object]]
    detail: Callable[[Recipe, Mapping[str, Setting], Places], dict[str, object]]
    compose: Callable[[Recipe, dict[str, object], DeltaGenerator], RunSpec] = compose
    address: Mapping[str, str] = field(default_factory=dict)
    epochs: tuple[str, str] | None = None

    @property
    def button(self) -> str:
        """The key of its Train button."""
        return f"{self.prefix}train"


def new_run(form: Form) -> Chosen:
    """The controls of a new run; a click on Train starts it and opens it."""
    run = st.query_params.get("run", "")
    take_over(run, form)
    with form_place(run):
        chosen = choose_spec(form)
        if chosen.spec and not show_outlook(chosen.spec):
            chosen = replace(chosen, spec=None)  # what needs a split would only repeat the error
    if chosen.is_clicked and chosen.spec:
        start_clicked(chosen.spec, preset=chosen.preset, button=form.button, **form.address)
    return chosen


def choose_spec(form: Form) -> Chosen:
    """The controls of a form, in the order in which one depends on another."""
    at = form.columns()
    if at is None:
        return Chosen(None, "", is_clicked=False)
    recipe = form.recipe(at)
    settings = known_settings(recipe.base)
    values = {"data.source": recipe.source, **recipe.values}
    values["train.epochs"] = choose_epochs(form, recipe, settings["train.epochs"], at.epochs)
    is_clicked = train_button(at.train, form.button)
    values |= form.detail(recipe, settings, at)
    more = at.more.popover("Advanced", icon=":material/tune:", width="stretch")
    with more:
        groups = form.groups(recipe)
        values |= choose_advanced(recipe.base, settings, groups, recipe.variant or recipe.mark, recipe.source)
    with errors_shown():
        return Chosen(form.compose(recipe, values, more), recipe.preset, is_clicked)
    return Chosen(None, recipe.preset, is_clicked)


def choose_epochs(form: Form, recipe: Recipe, setting: Setting, place: DeltaGenerator) -> int:
    title, about = form.epochs or (setting.label, help_text(setting))
    key = f"{form.prefix}epochs-{recipe.mark}"
    begin_with(key, recipe.base.train.epochs)
    low, high = int(setting.low or 1), int(setting.high or 1_000_000)
    return int(place.number_input(title, low, high, key=key, help=about))


def begin_with(key: str, value: Any) -> None:
    """The first value of a widget, without the warning that a default beside a session value brings."""
    if key not in st.session_state:
        st.session_state[key] = value


def choose_preset(place: DeltaGenerator, title: str, names: Sequence[str], task: str, *, key: str) -> str:
    """One of a task's presets; the help is about the chosen one."""
    presets = list_presets(task)
    shown = st.session_state.get(key)
    about = presets[shown if shown in names else names[0]]["about"]
    chosen: str = place.selectbox(
        title, names, key=key, format_func=lambda name: str(presets[name]["title"]), help=about
    )
    return chosen


def usable_sources(suits: Callable[[Source], bool], always: str = "") -> dict[str, Source]:
    """Id → data set: those of this machine that suit; `always` is shown even if it is not there yet."""
    found = list_sources(workspace()).items()
    return {name: s for name, s in found if suits(s) and (name == always or not s.missing())}


def choose_source(
    place: Any,
    title: str,
    sources: Mapping[str, Source],
    *,
    key: str,
    default: str,
    help: str,
    wanted: str = "",
    needs: str = "",
) -> str:
    """A data set by its id. `?data=` on the address, or `wanted`, chooses one once, or is refused in words.

    Args:
        needs: what a set must have to be among `sources`, as a sentence that explains a refusal.
    """

    def refuse(name: str) -> str:
        return refuse_source(name, needs)

    titles = {name: source.title for name, source in sources.items()}
    chosen = choose_asked(
        place, title, titles, key=key, param="data", default=default, refusal=refuse, wanted=wanted, help=help
    )
    if chosen is None:
        st.stop()
    return chosen


def refuse_source(name: str, needs: str = "") -> str:
    """Why a set that is asked for cannot be chosen here."""
    try:
        source = find_source(name, workspace())
    except StudioError:
        return f"There is no data set {name!r}. It may have been deleted."
    return f"{source.title} cannot be used here. {source.missing() or needs}".strip()


def form_place(run: str) -> Any:
    """Where the settings of a new run are: open before there is one, folded to a line above a run that is
    shown.
    """
    if run:
        return st.expander("New run", icon=":material/tune:", expanded=False, key="new-run")
    return st.container(key="new-run")


def train_button(place: DeltaGenerator, key: str) -> bool:
    return place.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        key=key,
        width="stretch",
        help="Start a new run with these settings.",
    )


def take_over(run: str, form: Form) -> None:
    """When a run is opened, let the controls show what it was made with, so that Train means "like this
    one".
    """
    mark = f"{form.task}-taken-over"
    # Widgets forget what they showed when a person goes to another page and comes back.
    is_shown = st.session_state.get(f"{mark}-key", mark) in st.session_state
    if not run or (st.session_state.get(mark) == run and is_shown):
        return
    st.session_state[mark] = run
    try:
        folder = open_run(workspace(), run)
        state, spec = read_state(folder), read_spec(folder.spec)
    except StudioError:
        return  # the page says below what is wrong with this run
    if state["preset"] in list_presets(form.task):
        found = form.keys(state["preset"], state, spec)
        st.session_state[f"{mark}-key"] = next(iter(found))  # of a widget that is always shown
        for key, value in found.items():
            st.session_state[key] = value


def start_clicked(spec: RunSpec, *, preset: str, button: str, **address: str) -> None:
    """Queue the run of a click on Train and open it."""
    with errors_shown():
        run = start(spec, preset=preset, button=button)
        st.session_state.pop("stage_failed", None)
        st.query_params.from_dict({**address, "run": run})
        rerun()


def open_here(run: str, tasks: Sequence[str]) -> tuple[RunFolder, RunState] | None:
    """The run of the address and its state; one of another task is opened on its own page. None when it
    cannot be read.
    """
    if not (asked := open_asked(run)):
        return None
    folder, state = asked
    if state["task"] not in tasks:
        page, mode = PAGES.get(state["task"], ("pages/autoencoder.py", ""))
        st.switch_page(page, query_params={"run": folder.id} | ({"do": mode} if mode else {}))
    return folder, state
