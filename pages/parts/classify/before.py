"""Shown before a classifier is trained: label counts, and how good the first proposals are likely to be."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.evaluate.words.few_rows import Warned
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.compose import warn_of_labels
from selfsup_core.runs.spec import RunSpec, make_spec


def show_label_counts(spec: RunSpec) -> None:
    """How many labels training, validation and test have, where they are few; before anything is trained."""
    with errors_shown():
        about = workspace() / "datasets" / spec.data.source / "dataset.json"
        made = about.stat().st_mtime_ns if about.exists() else 0  # a built-in set never changes
        if warned := count_labels(str(workspace()), json.dumps(spec.as_dict()), made):
            st.caption(f":orange[:material/warning:] {plain(warned['text'])}")


@st.cache_data(max_entries=100, show_spinner=False)
def count_labels(root: str, spec: str, made: int) -> Warned | None:
    """Args: made: when the data set was written; part of the cache key."""
    return warn_of_labels(Path(root), make_spec(json.loads(spec)))


def show_gauge(spec: RunSpec) -> None:
    """Estimate the quality of the first proposals from the labels alone; slow, so only on request."""
    if st.button(
        "How good will the proposals be?",
        icon=":material/speed:",
        key="advanced-gauge",
        help="Cross-validation on the labels that may be seen; nothing is trained or kept.",
    ):
        with errors_shown(), st.spinner("Cross-validating."):
            said = routes.lab().ask(Subject("classifier", ""), "gauge", {"spec": spec.as_dict()}).about
            {"good": st.success, "bad": st.warning}.get(said["tone"], st.info)(plain(said["text"]))
