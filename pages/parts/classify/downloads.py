"""After a run with pseudo-labels: the own data with all labels, and what is known of each pseudo-label."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.export.completed import export_completed
from selfsup_core.export.pseudo_labels import describe_scope, export_pseudo_labels
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr, tr_later

NAMES_OF_KINDS = {"csv": "CSV", "parquet": tr_later("Parquet")}
COLUMNS = tr_later(
    "Each row comes with its number in the data set (row, counted from 0), the class proposed for it (label, "
    "empty where nobody proposes one), how sure that is (confidence, from 0 to 1), whether training used it "
    "(kept) and since which round (first_round), its weight in training (weight), who proposed the class "
    "(proposers), the run and the round that it is from (run, epoch), and what the trained classifier "
    "predicts, how sure (prediction, prediction_confidence)."
)


@st.fragment
def show_downloads(folder: RunFolder) -> None:
    """The whole data set with its labels completed; below it, all that is known of each pseudo-label."""
    kinds: dict[str, Any] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
    with errors_shown():
        with st.container(horizontal=True):
            for kind, mime in kinds.items():
                content, scope = export_completed(workspace(), folder.id, kind)
                st.download_button(
                    tr("Your data with labels, {names_of_kinds}").format(names_of_kinds=NAMES_OF_KINDS[kind]),
                    content,
                    f"{folder.id}-labeled.{kind}",
                    mime,
                    key=f"review-completed-{kind}",
                    icon=":material/download:",
                    type="primary" if kind == "csv" else "secondary",
                    on_click="ignore",
                )
        st.caption(
            tr(
                "{scope} Column label_from says which, so that you can keep only those that you trust; "
                "prediction and prediction_confidence (from 0 to 1) are the trained "
                "classifier's. Labels by hand "
                "are those of now, also without training again."
            ).format(scope=scope)
        )
        with st.expander(tr("Details of the pseudo-labels"), icon=":material/table:", key="review-details"):
            with st.container(horizontal=True):
                for kind, mime in kinds.items():
                    st.download_button(
                        tr("Rows without a given label, {names_of_kinds}").format(
                            names_of_kinds=NAMES_OF_KINDS[kind]
                        ),
                        export_pseudo_labels(workspace(), folder.id, kind),
                        f"{folder.id}-pseudo-labels.{kind}",
                        mime,
                        key=f"review-{kind}",
                        icon=":material/download:",
                        on_click="ignore",
                    )
            st.caption(describe_scope(workspace(), folder.id))
            st.caption(COLUMNS)
