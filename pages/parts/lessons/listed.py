"""One line of the list of lessons."""

from __future__ import annotations

import streamlit as st

from pages.parts.lessons.opened import open_step
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.lessons.model import Lesson
from selfsup_core.lessons.progress import LessonProgress, Standing, restart, standing_of
from selfsup_core.translation import tr

COLORS = {"not started": "gray", "done": "green"}


def show_listed(lesson: Lesson, progress: LessonProgress | None, *, is_next: bool) -> None:
    """Args: is_next: it is the one to go on with."""
    standing = standing_of(lesson, progress)
    with st.container(border=True, key=f"lesson-row-{lesson.number}"):
        words, state, ways = st.columns((4.2, 2.2, 2.6), vertical_alignment="center")
        words.markdown(f"**{lesson.number} · {plain(lesson.head.title)}**  \n{plain(lesson.head.about)}")
        with state.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(standing.words(), color=COLORS.get(standing.words(), "blue"))
            st.caption(tr("about {minutes} minutes").format(minutes=lesson.head.minutes), width="content")
        with ways.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_buttons(lesson, standing, is_next=is_next)


def show_buttons(lesson: Lesson, standing: Standing, *, is_next: bool) -> None:
    number = lesson.number
    if standing.step:
        show_again(lesson)
    label = tr("Start") if not standing.step else tr("Review") if standing.is_done else tr("Resume")
    if st.button(
        label,
        key=f"lesson-open-{number}",
        type="primary" if is_next else "secondary",
        icon=":material/play_arrow:",
        help=tr("{label} lesson {number}: {title}").format(
            label=label, number=number, title=lesson.head.title
        ),
    ):
        open_step(lesson, standing.step or 1)


def show_again(lesson: Lesson) -> None:
    """A way to begin anew, which asks first."""
    number = lesson.number
    with st.popover(tr("Start again"), icon=":material/restart_alt:", key=f"lesson-anew-{number}"):
        st.markdown(
            tr("Your answers and finished tasks of this lesson are forgotten, and its tasks need new runs.")
        )
        if st.button(tr("Forget them and start again"), key=f"lesson-again-{number}"):
            restart(workspace(), number)
            open_step(lesson, 1)
