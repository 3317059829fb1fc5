"""What the three training pages share: the data set of the address, the Train button, and a form that follows an opened run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.choice import choose_one
from pages.parts.shared.workspace import errors_shown, plain, start, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.spec import RunSpec, list_presets, read_spec


def choose_source(
    place: Any, title: str, titles: Mapping[str, str], *, key: str, default: str, help: str, wanted: str = ""
) -> str:
    """A data set by its id. `?data=` on the address, or `wanted`, chooses one once; one that is gone is let go."""
    asked, mark = wanted or st.query_params.get("data", ""), f"{key}-taken"
    if asked in titles and (st.session_state.get(mark) != asked or key not in st.session_state):
        st.session_state[mark] = st.session_state[key] = asked
    if asked and asked not in titles and st.session_state.get(mark) != asked:
        st.session_state[mark] = asked
        st.warning(
            f"The address asks for the data set {plain(asked)}, which is not on this machine or does not fit here.",
            icon=":material/link_off:",
        )
    if st.session_state.get(key) not in titles:
        st.session_state[key] = default if default in titles else next(iter(titles))
    return str(choose_one(place, title, titles, key=key, help=help))


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
        st.rerun()
