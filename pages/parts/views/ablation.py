"""Which augmentation helps? Short runs without each transformation and with each alone, in a table and as
bars.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared.forms import widget
from pages.parts.shared.workspace import errors_shown, plain, show_refusal
from pages.parts.views.job import show_job, start
from selfsup_core.evaluate.words.ablation import say_difference, say_share_of
from selfsup_core.figures.benefit import ablation_figure
from selfsup_core.inspection.asking import checked
from selfsup_core.runs.ablation import (
    Ablation,
    AblationConfig,
    asked_of,
    estimate_seconds,
    read_ablation,
    short_epochs,
    verdict_of,
)
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.waiting import in_words
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr, tr_later

ABOUT = tr_later(
    "The run is repeated briefly: with all its transformations, without each of them, with each alone, and "
    "with none. What is lost without a transformation is what it earns."
)


def show_ablation(folder: RunFolder, state: RunState) -> None:
    """Before, during and after the comparison."""
    with errors_shown():
        asked = asked_of(folder)

        def so_far() -> None:
            if (now := asked_of(folder)) and (found := read_ablation(folder, now))["done"]:
                show_found(found)

        if show_job(folder.id, "ablation", so_far):
            return
        st.markdown(ABOUT)
        config = choose(asked or AblationConfig(epochs=short_epochs(read_spec(folder.spec))))
        found = read_ablation(folder, config)
        left = found["total"] - found["done"]
        if left:
            seconds = estimate_seconds(folder, config)
            takes = (
                tr(", about {in_words} by the speed of this run").format(in_words=in_words(seconds))
                if seconds
                else ""
            )
            st.caption(
                tr(
                    "{left} of {total} short runs are missing{takes}. They wait in the queue one at a "
                    "time; the page Runs shows them when asked to. You can leave this page."
                ).format(left=left, total=found["total"], takes=takes)
            )
            label = tr("Continue") if asked == config else tr("Compare")
            if st.button(label, key="ablation-start", icon=":material/play_arrow:", type="primary"):
                start(folder.id, "ablation", config.model_dump())
            show_refusal("ablation")
        if asked and found["done"]:
            show_found(found)


def choose(usual: AblationConfig) -> AblationConfig:
    """Epochs and seeds; both have bounds, so that nothing wrong can be chosen."""
    with st.container(horizontal=True):
        values = {}
        for one in list_settings(AblationConfig):
            with st.container(width=160):
                values[one.path] = widget(one, getattr(usual, one.path), key=f"ablation-{one.path}")
    return checked(AblationConfig, values)


def show_found(found: Ablation) -> None:
    if said := verdict_of(found):
        st.info(plain(said))
    if any(row["accuracy"] is not None for row in found["rows"]):
        st.plotly_chart(ablation_figure(found), key="ablation-figure", config={"displayModeBar": False})
    st.dataframe(table_of(found), hide_index=True, key="ablation-table")
    st.caption(
        tr(
            "Accuracy of a linear classifier on the code (linear probe), on the same validation rows after "
            "{epochs} epochs, mean of {seeds} seeds; in brackets the 95% "
            "interval over seeds, by the deviation of all variants together. Differences are "
            "in points, against "
            "all transformations."
        ).format(epochs=found["epochs"], seeds=found["seeds"])
    )


def table_of(found: Ablation) -> Sequence[dict[str, str]]:
    return [
        {
            "Transformations": row["title"],
            "Linear classifier": say_share_of(row["accuracy"], row["margin"]),
            "Difference": say_difference(row["difference"], row["difference_margin"]),
            "Seeds": ", ".join(trial["status"] or "–" for trial in row["trials"])
            if row["accuracy"] is None
            else f"{len(row['trials'])}",
            "Time": in_words(row["seconds"]) if row["seconds"] else "–",
        }
        for row in found["rows"]
    ]
