"""What is known of a run before it begins, under the controls of a training page."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from pages.parts.shared.workspace import plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.outlook import foresee
from selfsup_core.runs.spec import RunSpec, make_spec


def show_outlook(spec: RunSpec) -> bool:
    """What limits the outcome, or why nothing can be trained; False in that case."""
    about = workspace() / "datasets" / spec.data.source / "dataset.json"
    made = about.stat().st_mtime_ns if about.exists() else 0  # a built-in set never changes
    try:
        said = foreseen(str(workspace()), json.dumps(spec.as_dict()), made)
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    for text in said:
        st.caption(f":orange[:material/warning:] {plain(text)}")
    return True


@st.cache_data(max_entries=100, show_spinner=False)
def foreseen(root: str, spec: str, made: int) -> list[str]:
    """Args: made: when the data set was written; part of the cache key."""
    return foresee(Path(root), make_spec(json.loads(spec)))
