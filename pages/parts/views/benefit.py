"""Did it help? Accuracy against labels per class, beside what needs no views, and the verdict in words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared.explained import offer_lesson
from pages.parts.shared.forms import widget
from pages.parts.shared.workspace import errors_shown, plain, show_refusal
from pages.parts.views.job import show_job, start
from selfsup_core.errors import StudioError
from selfsup_core.evaluate.benefit import TITLES, Benefit
from selfsup_core.evaluate.words.benefit import explain_spread, say_judged, say_share, title_of
from selfsup_core.figures.benefit import benefit_figure
from selfsup_core.inspection.asking import checked
from selfsup_core.lessons.explained import explain_verdict
from selfsup_core.runs.benefit import BenefitConfig, asked_of, count_done, estimate_benefit, read_benefit
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.waiting import in_words
from selfsup_core.settings import list_settings
from selfsup_core.translation import join_sentences, recorded, tr, tr_later

ABOUT = tr_later(
    "Is the learned encoder better than what does without it, and with how many labels? Compared are a "
    "linear classifier on its code (linear probe), the encoder fine-tuned, its "
    "**supervised twin** (the same "
    "network trained on the labels alone), and linear classifiers on an autoencoder's "
    "code, PCA and the raw "
    "input. All get the same labels, drawn anew several times, and classify the same test rows."
)


def show_benefit(folder: RunFolder, state: RunState) -> None:
    """Before, during and after the comparison."""
    found = read_benefit(folder)
    if show_job(folder.id, "benefit"):
        return
    if found:
        show_found(found)
        with st.popover(tr("Compare again"), icon=":material/tune:"):
            offer(folder, tr("Compare with these settings"))
        show_refusal("benefit")
        return
    st.markdown(tr(ABOUT))
    done, total = count_done(folder)
    if done:
        st.caption(
            tr("Stopped after {done} of {total} draws of labels. What is done is kept.").format(
                done=done, total=total
            )
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width="content")
        with st.popover(tr("Advanced"), icon=":material/tune:"):
            config = choose(asked_of(folder))
        if config:
            with place:
                press(folder, config, tr("Continue") if done else tr("Compare"))
    show_refusal("benefit")
    if config and not done:
        say_time(folder, config)


def offer(folder: RunFolder, label: str) -> None:
    if config := choose(BenefitConfig()):
        say_time(folder, config)
        press(folder, config, label)


def press(folder: RunFolder, config: BenefitConfig, label: str) -> None:
    if st.button(label, key="benefit-start", icon=":material/play_arrow:", type="primary"):
        start(folder.id, "benefit", config.model_dump())


def choose(usual: BenefitConfig) -> BenefitConfig | None:
    """What is measured; None, and a sentence, where it cannot be."""
    settings = list_settings(BenefitConfig)
    values = {
        one.path: widget(one, getattr(usual, one.path), key=f"advanced-benefit-{one.path}")
        for one in settings
    }
    if isinstance(values["labels"], str):
        st.error(
            tr("Labels per class are whole numbers, as in 1, 5, 50, 0; found {labels}.").format(
                labels=plain(repr(values["labels"]))
            ),
            icon=":material/error:",
        )
        return None
    try:
        return checked(BenefitConfig, values)
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def say_time(folder: RunFolder, config: BenefitConfig) -> None:
    with errors_shown():
        seconds = estimate_benefit(folder, config)
        if seconds:
            st.caption(
                tr("It takes about {in_words}, by the speed of this run. You can leave this page.").format(
                    in_words=in_words(seconds)
                )
            )


def show_found(found: Benefit) -> None:
    """The verdict, lines with bands, the same as a table, and each number of labels as a sentence."""
    verdict = found["verdict"]
    tone = {"helped": st.success, "hurt": st.error}.get(verdict["outcome"], st.info)
    tone(plain(recorded(verdict["text"])))
    offer_lesson(explain_verdict("views", verdict["outcome"]), "benefit")
    st.plotly_chart(benefit_figure(found), key="benefit-figure", config={"displayModeBar": False})
    st.dataframe(table_of(found), hide_index=True, key="benefit-table")
    for one in found["judged"]:
        st.markdown(f"- {plain(say_judged(one, found['points']))}")
    said = tr(
        "On {rows:,} test rows, at epoch {epoch}. {explain_spread} Settings of "
        "each classifier were chosen on validation rows, whose labels come on top."
    ).format(rows=found["rows"], epoch=found["epoch"], explain_spread=explain_spread(found))
    st.caption(plain(join_sentences([said, *map(recorded, found["notes"])])))


def table_of(found: Benefit) -> Sequence[dict[str, str]]:
    """A row for each method, a column for each number of labels per class."""
    rows = []
    for method, title in TITLES.items():
        mine = {p["labels"]: p for p in found["points"] if p["method"] == method}
        if mine:
            rows.append(
                {tr("Labels per class"): tr(title)} | {title_of(n): say_share(p) for n, p in mine.items()}
            )
    return rows
