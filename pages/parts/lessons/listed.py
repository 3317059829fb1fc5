"""One line of the list of lessons."""

from __future__ import annotations

import streamlit as st

from pages.parts.lessons import opened
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.lessons.model import Lesson
from selfsup_core.lessons.progress import LessonProgress, Standing, restart, standing_of

COLORS = {"not started": "gray", "done": "green"}


def show_listed(lesson: Lesson, progress: LessonProgress | None) -> None:
    standing = standing_of(lesson, progress)
    with st.container(border=True, key=f"lesson-row-{lesson.number}"):
        words, state, ways = st.columns((5, 1.6, 2.2), vertical_alignment="center")
        words.markdown(f"**{lesson.number} · {plain(lesson.head.title)}**  \n{plain(lesson.head.about)}")
        state.badge(standing.words(), color=COLORS.get(standing.words(), "blue"))
        state.caption(f"about {lesson.head.minutes} minutes")
        with ways.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_buttons(lesson, standing)


def show_buttons(lesson: Lesson, standing: Standing) -> None:
    number = lesson.number
    if standing.step and st.button(
        "",
        icon=":material/restart_alt:",
        key=f"lesson-again-{number}",
        help="Start again: forget answers and tasks of this lesson",
    ):
        restart(workspace(), number)
        open_step(lesson, 1)
    label = "Start" if not standing.step else "Review" if standing.is_done else "Resume"
    if st.button(
        label,
        key=f"lesson-open-{number}",
        type="secondary" if standing.is_done else "primary",
        icon=":material/play_arrow:",
        help=f"{label} lesson {number}: {lesson.head.title}",
    ):
        open_step(lesson, standing.step or 1)


def open_step(lesson: Lesson, step: int) -> None:
    """Open the lesson beside the page that the step begins on."""
    opened.go_to(lesson.number, step)
    page, address = opened.start_address(lesson, step)
    if page:
        st.switch_page(f"pages/{page}.py", query_params=address)
    rerun()
