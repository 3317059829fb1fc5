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

from pages.parts.shared.advanced import Groups, choose_advanced, expand
from pages.parts.shared.asked import OF_A_FORM, Asked, read_asked, show_refused, without_settings
from pages.parts.shared.epochs import PARAM as EPOCH
from pages.parts.shared.forms import help_text, number_field
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.live import open_asked
from pages.parts.shared.outlook import fitted_for, show_outlook
from pages.parts.shared.runlist import PAGES
from pages.parts.shared.workspace import errors_shown, start, workspace
from selfsup_core.runs.assignments import (
    FIXED,
    Offer,
    differing,
    read_assignments,
    train_command,
    values_at,
    write_assignment,
)
from selfsup_core.runs.compose import compose_spec, kept_settings
from selfsup_core.runs.fitted import Fitted
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import LIVE, RunSpec, known_settings, make_spec
from selfsup_core.settings import Setting, Values
from selfsup_core.translation import tr

FORM_SHOWN = "new-run-shown"  # of the session: the run above which the form was shown


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
        asked: what the address asks for.
        variant: the same for the widgets under Advanced, where something else changes their defaults too.
        values: path → value: what is already chosen.
        before: path → value of the preset, of those settings that the first controls may have changed.
    """

    preset: str
    source: str
    base: RunSpec
    mark: str
    asked: Asked
    variant: str = ""
    values: dict[str, object] = field(default_factory=dict)
    before: dict[str, object] = field(default_factory=dict)


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
        always: key of a widget that is always shown.
        offer: (recipe, spec) → which settings the page's own controls show for a spec, and their choices.
        detail: further controls; their values by path.
        compose: (recipe, values, place under Advanced) → spec; may show controls that need all values.
        address: what the address of a started run says beside the run.
        epochs: title and help of the number of epochs, where a task calls them something else.
    """

    task: str
    prefix: str
    columns: Callable[[], Places | None]
    recipe: Callable[[Places, Asked], Recipe]
    groups: Callable[[Recipe], Groups]
    always: str
    offer: Callable[[Recipe, RunSpec], Offer]
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
    refusals = st.container()
    place = form_place(run)
    if run and is_folded(run, place):
        return Chosen(None, "", is_clicked=False)
    asked = read_asked(form.task, form.always)
    with place:
        chosen = choose_spec(form, asked, refusals)
        if chosen.spec and not show_outlook(chosen.spec):
            chosen = replace(chosen, spec=None)  # what needs a split would only repeat the error
    if chosen.is_clicked and chosen.spec:
        start_clicked(chosen.spec, preset=chosen.preset, button=form.button, **form.address)
    return chosen


def choose_spec(form: Form, asked: Asked, refusals: DeltaGenerator) -> Chosen:
    """The controls of a form, in the order in which one depends on another.

    Args:
        refusals: where it is said what the address asks for in vain; the form is then not shown.
    """
    at = form.columns()
    if at is None:
        return Chosen(None, "", is_clicked=False)
    recipe = form.recipe(at, asked)
    settings = known_settings(recipe.base)
    kept, fitted = kept_for(recipe)
    asked.bind((recipe.preset, recipe.source, recipe.variant or recipe.mark), recipe.before)
    if not take_settings(form, recipe, kept, refusals):
        return Chosen(None, recipe.preset, is_clicked=False)
    values = {"data.source": recipe.source, **recipe.values}
    values["train.epochs"] = choose_epochs(form, recipe, settings["train.epochs"], kept, at.epochs)
    is_clicked = train_button(at.train, form.button)
    values |= form.detail(recipe, settings, at)
    more = at.more.popover(tr("Advanced"), icon=":material/tune:", width="stretch", key="advanced-open")
    with more:
        groups, mark = form.groups(recipe), recipe.variant or recipe.mark
        values |= choose_advanced(recipe.base, settings, groups, mark, recipe.source, kept, asked)
    with errors_shown():
        spec = form.compose(recipe, values, more)
        follow(recipe, spec, kept, more)
        if fitted and fitted.holds_for(spec):
            st.caption(fitted.reason)
        return Chosen(spec, recipe.preset, is_clicked)
    return Chosen(None, recipe.preset, is_clicked)


def kept_for(recipe: Recipe) -> tuple[dict[str, object], Fitted | None]:
    """Path → value: what a recipe's settings become on its data, and what of that is fitted to few rows."""
    kept = kept_settings(workspace(), recipe.source)
    fitted = None
    with errors_shown():
        on_data = make_spec(recipe.base.as_dict(), {**kept, "data.source": recipe.source})
        fitted = fitted_for(on_data, recipe.preset)
    return kept | (fitted.values if fitted else {}), fitted


def take_settings(form: Form, recipe: Recipe, kept: Values, refusals: DeltaGenerator) -> bool:
    """Check the settings of the address; False while some are refused."""
    asked = recipe.asked
    if not asked.texts or not asked.is_current or asked.values:
        return True
    # A kind is part of the base, which has the settings of that kind: the first controls have chosen it.
    kinds = values_at(recipe.base, [path for path in recipe.before if path in FIXED])
    before = {path: value for path, value in recipe.before.items() if path not in kinds}
    begin = make_spec(recipe.base.as_dict(), {**kept, **before, "data.source": recipe.source})
    decided = {write_assignment(path, value) for path, value in kinds.items()}
    texts = [text for text in asked.texts if text not in decided]

    def offer(spec: RunSpec) -> Offer:
        groups = form.groups(recipe).values()
        paths = [path for group in groups for path in expand(group, known_settings(spec))]
        return {"train.epochs": None, **dict.fromkeys(paths), **form.offer(recipe, spec)}

    values, refused = read_assignments(texts, partial(make_spec, begin.as_dict()), offer)
    if refused:
        with refusals:
            show_refused(refused)
        return False
    asked.values = values | kinds
    return True


def follow(recipe: Recipe, spec: RunSpec, kept: Values, more: DeltaGenerator) -> None:
    """Have the address say what was changed of the preset; the same as a command stands under Advanced."""
    asked, paths = recipe.asked, list(recipe.asked.shown)
    now = values_at(spec, paths)
    base = values_at(make_spec(recipe.base.as_dict(), kept), paths) | {
        path: value for path, value in recipe.before.items() if path in paths
    }
    asked.follow(recipe.preset, recipe.source, now | asked.own, base | dict.fromkeys(asked.own, None))
    with more:
        answers = differing(values_at(spec, recipe.before), recipe.before)
        plain = preset_spec(recipe.preset, {**kept, "data.source": recipe.source, **answers})
        source = {"data.source": recipe.source}
        changed = differing(source, values_at(preset_spec(recipe.preset), source)) | answers
        # The page slows training down to be watched, which changes nothing of the outcome.
        plain_values = values_at(plain, paths) | {
            p: base[p] for p in paths if p.removeprefix("train.") in LIVE
        }
        changed |= differing(now, plain_values) | {p: v for p, v in asked.own.items() if v is not None}
        st.caption(tr("The same from the command line:"))
        st.code(train_command(recipe.preset, changed), language=None, wrap_lines=True)
        if asked.too_long:
            titles = ", ".join(known_settings(spec)[path].title for path in asked.too_long)
            st.caption(
                tr(
                    "Too long for the address, so a link does not keep it: {titles}. The command does."
                ).format(titles=titles)
            )
        if st.query_params.get_all("set"):
            link_here(
                tr("Reset to the preset"),
                icon=":material/restart_alt:",
                key="advanced-reset",
                params=without_settings(),
            )


def choose_epochs(form: Form, recipe: Recipe, setting: Setting, kept: Values, place: DeltaGenerator) -> int:
    title, about = form.epochs or (setting.label, help_text(setting))
    key = f"{form.prefix}epochs-{recipe.mark}"
    usual: Any = recipe.base.train.epochs
    fitted: Any = kept.get("train.epochs", usual)
    if fitted != usual:  # of these data; a number that was typed for other data stays
        typed = st.session_state.get(key, usual)
        key, usual = f"{key}-{recipe.source}-{fitted}", fitted if typed == usual else typed
    recipe.asked.begin(setting, key, usual)
    low, high = int(setting.low or 1), int(setting.high or 1_000_000)
    return int(number_field(place, title, low, high, key=key, help=about))


def form_place(run: str) -> Any:
    """Where the settings of a new run are: open before there is one, folded to a line above a run that is
    shown.
    """
    place = st.container(key="new-run")
    if run:
        # By its key it is another one for each run, so it does not stay open over the run that it started.
        return place.expander(
            tr("New run"), icon=":material/tune:", expanded=False, key=f"new-run-{run}", on_change="rerun"
        )
    return place


def is_folded(run: str, place: Any) -> bool:
    """Whether the form above a run has not been asked for yet.

    Until then it is not made: it is more than half of what the page of a run costs, and most who open one
    only watch.

    Once it was shown it stays, also when it is folded again, since what is typed there would be lost.
    """
    if place.open or any(name in st.query_params for name in (*OF_A_FORM, "data")):
        st.session_state[FORM_SHOWN] = run
    return bool(st.session_state.get(FORM_SHOWN) != run)


def train_button(place: DeltaGenerator, key: str) -> bool:
    return place.button(
        tr("Train"),
        type="primary",
        icon=":material/play_arrow:",
        key=key,
        width="stretch",
        help=tr("Start a new run with these settings."),
    )


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
        epoch = {EPOCH: at} if (at := st.query_params.get(EPOCH)) else {}
        st.switch_page(page, query_params={"run": folder.id} | ({"do": mode} if mode else {}) | epoch)
    return folder, state
