"""The open lesson beside the page that it drives: one step, with ways back, on and out."""

from __future__ import annotations

import streamlit as st

from pages.parts.lessons import opened
from pages.parts.lessons.parts import show_part
from pages.parts.shared.address import own_address
from pages.parts.shared.choice import refuse_asked
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.lessons.model import Draw, Formula, Lesson, Task, places_of
from selfsup_core.lessons.progress import progress_in, standing_of
from selfsup_core.lessons.reading import find_lesson
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr

EVERY = 2.0  # seconds after which tasks are judged again, and numbers read
LIVE = (Draw, Formula, Task)  # parts that change without a click


def show_lesson(page: str) -> None:
    """Show the open lesson, if there is one, before the page.

    Args:
        page: whose address it is.
    """
    opened.keep_switched(page)
    place, error = opened.read_open()
    if error:
        st.query_params.pop(opened.STEP, None)
        refuse_asked(opened.LESSON, str(error))
    if place is None:
        return
    number, step = place
    with errors_shown():
        lesson = find_lesson(number)
        st.html(ASSETS / "lesson.css")
        is_live = any(isinstance(part, LIVE) for part in lesson.steps[step - 1].parts)
        with st.container(key="lesson-panel"):
            st.fragment(run_every=EVERY if is_live else None)(draw)(lesson, step, page)


def draw(lesson: Lesson, step: int, page: str) -> None:
    """One step; it is drawn again by itself, so that a run that ends passes its task."""
    with own_address(page), errors_shown():
        shown = lesson.steps[step - 1]
        progress = progress_in(workspace(), lesson.number)
        if progress is None:  # forgotten in another tab
            opened.go_to(lesson.number, step)
            rerun()
        title = tr("Lesson {number} · step {step} of {count}").format(
            number=lesson.number, step=step, count=len(lesson.steps)
        )
        with st.expander(title, expanded=True, icon=":material/school:", key="lesson-body"):
            st.markdown(f"##### {plain(shown.title)}")
            for at, part in places_of(step, shown):
                show_part(lesson, at, part, progress, page)
            if step == len(lesson.steps):
                show_end(lesson, step)
            show_ways(lesson, step)
        opened.keep_in_address()


def show_ways(lesson: Lesson, step: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", key="lesson-ways"):
        if st.button(tr("Back"), icon=":material/arrow_back:", key="lesson-back", disabled=step == 1):
            turn(lesson.number, step - 1)
        if st.button(
            tr("Leave"), key="lesson-leave", type="tertiary", help=tr("Close it; the Learn page resumes it.")
        ):
            opened.leave()
            rerun()
        is_last = step == len(lesson.steps)
        if st.button(
            tr("Next"), icon=":material/arrow_forward:", key="lesson-next", type="primary", disabled=is_last
        ):
            turn(lesson.number, step + 1)


def turn(number: int, step: int) -> None:
    opened.go_to(number, step)
    rerun()


def show_end(lesson: Lesson, step: int) -> None:
    """What is still to be done, or that all is."""
    progress = progress_in(workspace(), lesson.number)
    standing = standing_of(lesson, progress)
    if standing.is_done:
        st.success(tr("You have done all of this lesson."), icon=":material/check_circle:")
        return
    left = [one for one in standing.missing if one != step]
    if left:
        words = ", ".join(str(one) for one in left)
        st.info(
            tr("Something is still to be done in step {words}.").format(words=words), icon=":material/flag:"
        )
