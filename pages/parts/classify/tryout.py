"""Rows that a classifier was not trained on, to try it with one click."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.samples import picture_url
from pages.parts.shared.tables import show_table
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import StudioError
from selfsup_core.export.new_samples import Prediction
from selfsup_core.inspection.held_out import HeldOut, held_out
from selfsup_core.inspection.questions.classifier import Predictions
from selfsup_core.inspection.subject import Subject
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import ROW

COUNT = 8
LETTERS = 300
DRAW = "use-draw"
PICTURES = ("image", "sound")
TOOK = {
    "text": tr_later(
        "The first answer takes a few seconds while the classifier loads; then hundreds of texts per "
        "second, or about ten with a fine-tuned transformer."
    ),
}
QUICK = tr_later(
    "The first answer takes a few seconds while the classifier loads; after that it is immediate."
)


def show_tryout(run: str, source: str, kind: str) -> Predictions | None:
    """Show the rows, and buttons that classify them or draw others. Returns the predictions of a click."""
    try:
        missing = find_source(source, workspace()).missing()
    except StudioError:
        missing = "deleted"
    if missing:
        st.caption(
            tr(
                "The data set that it was trained on is not on this machine, so there are no "
                "examples to show."
            )
        )
        return None
    made = None
    with errors_shown():
        seed = int(st.session_state.setdefault(DRAW, 0))
        rows = draw(str(workspace()), run, COUNT, seed)
        dataset = open_source(source, workspace())
        st.markdown(tr("**Try it on {count} rows that it was not trained on**").format(count=len(rows)))
        show_rows(run, source, dataset, rows)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                tr("Classify these"),
                type="primary",
                icon=":material/category_search:",
                key="use-try",
                help=tr("Predict the class of each row above and compare it with the label."),
            ):
                with st.spinner(tr("Classifying …")):
                    values = {"rows": [one["row"] for one in rows]}
                    made = dict(routes.lab().ask(Subject("classifier", run), "predict", values).about)
            st.button(
                tr("Draw other rows"),
                icon=":material/shuffle:",
                key="use-draw-again",
                help=tr("Show other validation rows."),
                on_click=draw_again,
            )
        st.caption(
            tr("Validation rows of {title}. {took}").format(
                title=plain(dataset.title), took=tr(TOOK.get(kind, QUICK))
            )
        )
    return made


@st.cache_data(max_entries=100, ttl=600, show_spinner="Drawing rows …")
def draw(root: str, run: str, count: int, seed: int) -> list[HeldOut]:
    """Args: root: of the workspace; part of the cache key."""
    return held_out(workspace(), run, count, seed)


def draw_again() -> None:
    st.session_state[DRAW] = int(st.session_state.get(DRAW, 0)) + 1


def picture_of(dataset: Dataset, row: int) -> str:
    return picture_url(np.asarray(dataset.x[row], np.float32) * dataset.scale)


def show_rows(run: str, source: str, dataset: Dataset, rows: list[HeldOut]) -> None:
    """The rows that would be classified, without their labels."""
    if dataset.kind in PICTURES:
        with st.container(horizontal=True, gap="small"):
            for one in rows:
                st.image(
                    np.clip(np.asarray(dataset.x[one["row"]], np.float32) * dataset.scale, 0, 1),
                    width=88,
                    alt=tr("Row {row}").format(row=one["row"]),
                )
    elif dataset.kind == "table":
        numbers = [one["row"] for one in rows]
        show_table(source, dataset, numbers, run=run, has_labels=False)
    else:
        st.dataframe(
            [{tr(ROW): one["row"], tr("Text"): one["name"][:LETTERS]} for one in rows],
            hide_index=True,
            column_config={tr(ROW): st.column_config.NumberColumn(width=90)},
        )


def found_columns(source: str, kind: str, one: Prediction) -> dict[str, object]:
    """Further cells of a prediction for a row of the run's own data: picture and label."""
    if "true" not in one:
        return {}
    cells: dict[str, object] = {}
    if kind in PICTURES:
        cells[tr("Picture")] = picture_of(open_source(source, workspace()), one["row"])
    return cells | {tr("Label"): one["true"] or "–"}


def describe_hits(found: list[Prediction]) -> str:
    """How many predictions are right, of rows whose label is known; "" where none is."""
    known = [one for one in found if one.get("true")]
    hits = sum(one["true"] == one["label"] for one in known)
    return (
        tr("{hits} of {count} predictions match the label.").format(hits=hits, count=len(known))
        if known
        else ""
    )
