"""Shown before pseudo-labels are trained with: how good the first proposals are likely to be."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr


def show_gauge(spec: RunSpec) -> None:
    """Estimate the quality of the first proposals from the labels alone; slow, so only on request."""
    if st.button(
        tr("How good will the proposals be?"),
        icon=":material/speed:",
        key="advanced-gauge",
        help=tr("Cross-validation on the labels that may be seen; nothing is trained or kept."),
    ):
        with errors_shown(), st.spinner(tr("Cross-validating.")):
            said = routes.lab().ask(Subject("classifier", ""), "gauge", {"spec": spec.as_dict()}).about
            {"good": st.success, "bad": st.warning}.get(said["tone"], st.info)(plain(said["text"]))
