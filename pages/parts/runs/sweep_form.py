"""The form of a new sweep: recipe, settings with their values, seeds; what it will take, and Start."""

from __future__ import annotations

import uuid
from typing import Any

import streamlit as st

from pages.parts.runs.sweep_shown import PARAM
from pages.parts.shared.address import wish
from pages.parts.shared.choice import choose_asked, choose_one
from pages.parts.shared.forms import number_field, widget
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal, workspace
from selfsup_core.inspection.asking import checked
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.recipes import list_presets
from selfsup_core.runs.short_runs import is_aside
from selfsup_core.runs.spec import RunSpec, known_settings, parse_assignments
from selfsup_core.runs.sweeps.config import MOST_SETTINGS, SweepConfig
from selfsup_core.runs.sweeps.folder import start_sweep
from selfsup_core.runs.sweeps.outlook import foresee_sweep
from selfsup_core.runs.sweeps.plan import Plan, read_plan
from selfsup_core.runs.sweeps.recipe import read_recipe
from selfsup_core.runs.sweeps.score import doubt_of, foreseen, say_measure
from selfsup_core.runs.sweeps.values import settings_to_vary, suggested
from selfsup_core.settings import Setting, list_settings
from selfsup_core.translation import tr
from selfsup_core.workers.sweeper import begin

RECIPE = "recipe"  # of the address
FIRST = "train.learning_rate"
USUAL = "dense-64-32-16"
MOST_RUNS_LISTED = 50
MOST_LETTERS = 400
ASKED = {one.path: one for one in list_settings(SweepConfig)}


def show_form() -> None:
    st.markdown(
        tr(
            "Train one recipe with several values of up to three settings. The result says which values are "
            "best, how sure that is, and what each setting does."
        )
    )
    with st.container(border=True, key="sweep-form"):
        recipe = choose_recipe()
        if recipe is None:
            return
        with errors_shown():
            base, _ = read_recipe(workspace(), recipe, {})
            vary = choose_settings(base, recipe)
            values, changes = choose_rest(base, recipe)
            if not vary:
                st.caption(tr("Choose a setting and write the values to try."))
                return
            spec, preset = read_recipe(workspace(), recipe, changes)
            config = checked(SweepConfig, {"vary": vary, **values})
            plan = read_plan(spec, config)
            show_outlook(plan, preset)
            if st.button(tr("Start sweep"), type="primary", icon=":material/play_arrow:", key="sweep-start"):
                start(spec, config, preset)
        show_refusal("sweep-start")


def choose_recipe() -> str | None:
    """A preset, or one of the runs."""
    presets = {name: tr(one["title"]) for name, one in list_presets("").items()}
    states = [state for state in list_states(workspace()) if not is_aside(state)]
    own = {
        state["run"]: tr("Run: {name}").format(name=state["name"] or state["run"])
        for state in states[:MOST_RUNS_LISTED]
    }

    def refuse(name: str) -> str:
        return tr("There is no preset or run {name!r} here.").format(name=name)

    return choose_asked(
        st,
        tr("Recipe"),
        {**presets, **own},
        key="sweep-recipe",
        param=RECIPE,
        default=USUAL,
        refusal=refuse,
        help=tr("A preset, or the recipe of one of your runs."),
    )


def choose_settings(base: RunSpec, recipe: str) -> dict[str, str]:
    """Path → values as they are written; a further setting may be chosen once there is one."""
    known = settings_to_vary(base)
    vary: dict[str, str] = {}
    for number in range(MOST_SETTINGS):
        free = {path: label(one) for path, one in known.items() if path not in vary}
        left, right = st.columns((1, 1))
        key = f"sweep-setting-{number}-{recipe}"
        if st.session_state.get(key) not in (None, *free):
            st.session_state[key] = None  # it is varied above by now
        begin = {"index": list(free).index(FIRST) if FIRST in free else 0} if number == 0 else {"index": None}
        path = choose_one(
            left,
            tr("Setting") if number == 0 else tr("Another setting"),
            free,
            key=key,
            placeholder=tr("None"),
            help=tr("What differs between the runs."),
            **({} if key in st.session_state else begin),
        )
        if path is None:
            break
        text = right.text_input(
            tr("Values"),
            suggested(base, known[path]),
            key=f"sweep-values-{number}-{recipe}-{path}",
            max_chars=MOST_LETTERS,
            placeholder="1e-3,3e-3",
            help=tr(
                "With commas between, or a range such as 1e-4..1e-2; 1e-4..1e-2:7:log has seven values, "
                "spaced by factors (or :linear, evenly)."
            ),
        )
        if not text.strip():
            break
        vary[path] = text
    return vary


def label(one: Setting) -> str:
    return f"{one.title} ({one.path})"


def choose_rest(base: RunSpec, recipe: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the sweep's own settings, and changes of the recipe by path."""
    values: dict[str, Any] = {}
    epochs = known_settings(base)["train.epochs"]
    columns = iter(st.columns(4, vertical_alignment="bottom"))
    with next(columns):
        low, high = int(epochs.low or 1), int(epochs.high or 1_000_000)
        changes: dict[str, Any] = {
            "train.epochs": number_field(
                st, tr("Epochs"), low, high, base.train.epochs, key=f"sweep-epochs-{recipe}"
            )
        }
    for name in ("seeds", "method"):
        with next(columns):
            values[name] = widget(ASKED[name], ASKED[name].default, key=f"sweep-{name}")
    with next(columns):
        if values["method"] != "grid":
            values["trials"] = widget(ASKED["trials"], ASKED["trials"].default, key="sweep-trials")
    with st.popover(tr("Advanced"), icon=":material/tune:"):
        for name in ("prune", "seed"):
            values[name] = widget(ASKED[name], ASKED[name].default, key=f"sweep-{name}")
        more = st.text_input(
            tr("Changed settings"),
            key=f"sweep-set-{recipe}",
            placeholder="train.batch_size=64",
            max_chars=MOST_LETTERS,
            help=tr("Of all runs, as in `sweep --set`; several with spaces between."),
        )
    return values, changes | parse_assignments(more.split())


def show_outlook(plan: Plan, preset: str) -> None:
    """How many runs, how long, by which metric, and what the program has decided."""
    st.markdown(plain(foresee_sweep(workspace(), plan, preset).sentence()))
    said = [
        tr("{title}: {values} ({why}).").format(
            title=one.setting.title, values=", ".join(map(one.say, one.values)), why=one.why
        )
        for one in plan.varied
        if one.why and plan.config.method == "grid"
    ]
    measure = foreseen(workspace(), plan.spec, [one.path for one in plan.varied])
    if measure:
        said.append(tr("Ranked by: {measure}, never by test rows.").format(measure=say_measure(measure)))
    else:
        said.append(
            tr("The varied settings change what the losses mean, so the runs cannot be ranked by them.")
        )
    if doubt := doubt_of(plan.spec, measure):
        said.append(doubt)
    st.caption(plain(" ".join(said)))


def start(spec: RunSpec, config: SweepConfig, preset: str) -> None:
    """Write the sweep and open it; a second click of the same moment gives the same one."""
    with acting("sweep-start"):
        token = st.session_state.setdefault("sweep-submission", uuid.uuid4().hex)
        folder = start_sweep(workspace(), spec, config, preset=preset, submission=token)
        begin(folder)
        st.session_state.pop("sweep-submission", None)
        wish({PARAM: folder.id})
        rerun()
