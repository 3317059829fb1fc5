"""What the three training pages share: the data set of the address, the Train button, and a form that follows an opened run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.choice import choose_asked
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, start, workspace
from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.spec import RunSpec, list_presets, read_spec


def choose_source(
    place: Any,
    title: str,
    titles: Mapping[str, str],
    *,
    key: str,
    default: str,
    help: str,
    wanted: str = "",
    needs: str = "",
) -> str:
    """A data set by its id. `?data=` on the address, or `wanted`, chooses one once, or is refused in words.

    Args:
        needs: what a set must have to be among `titles`, as a sentence that explains a refusal.
    """

    def refuse(name: str) -> str:
        return refuse_source(name, needs)

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
    """Where the settings of a new run are: open before there is one, folded to a line above a run that is shown."""
    if run:
        return st.expander("New run", icon=":material/tune:", expanded=False, key="new-run")
    return st.container(key="new-run")


def train_button(place: Any, key: str) -> bool:
    return bool(
        place.button(
            "Train",
            type="primary",
            icon=":material/play_arrow:",
            key=key,
            width="stretch",
            help="Start a new run with these settings.",
        )
    )


def take_over(run: str, *, task: str, keys: Any) -> None:
    """When a run is opened, let the controls show what it was made with, so that Train means "like this one".

    Args:
        keys: (preset, state, spec) → widget keys and what they are to show.
    """
    mark = f"{task}-taken-over"
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
    if state["preset"] in list_presets(task):
        found = keys(state["preset"], state, spec)
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
