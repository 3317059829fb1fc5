"""What is known of a run before it begins, under the controls of a training page."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from pages.parts.shared.workspace import plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.fitted import Fitted, fit_length
from selfsup_core.runs.outlook import foresee
from selfsup_core.runs.spec import RunSpec, make_spec


def show_outlook(spec: RunSpec) -> bool:
    """What limits the outcome, or why nothing can be trained; False in that case."""
    try:
        said = foreseen(str(workspace()), json.dumps(spec.as_dict()), made_at(spec.data.source))
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    for text in said:
        st.caption(f":orange[:material/warning:] {plain(text)}")
    return True


def made_at(source: str) -> int:
    """When a data set was written; 0 for a built-in set, which never changes."""
    about = workspace() / "datasets" / source / "dataset.json"
    return about.stat().st_mtime_ns if about.exists() else 0


def fitted_for(spec: RunSpec, preset: str) -> Fitted | None:
    """What a recipe's settings become on few rows, and why."""
    return fit(str(workspace()), json.dumps(spec.as_dict()), preset, made_at(spec.data.source))


@st.cache_data(max_entries=100, show_spinner=False)
def fit(root: str, spec: str, preset: str, made: int) -> Fitted | None:
    """Args: made: when the data set was written; part of the cache key."""
    return fit_length(Path(root), make_spec(json.loads(spec)), preset)


@st.cache_data(max_entries=100, show_spinner=False)
def foreseen(root: str, spec: str, made: int) -> list[str]:
    """Args: made: when the data set was written; part of the cache key."""
    return foresee(Path(root), make_spec(json.loads(spec)))
