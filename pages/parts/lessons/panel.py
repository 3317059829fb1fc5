"""The open lesson beside the page that it drives: one step, with ways back, on and out."""

from __future__ import annotations

import streamlit as st

from pages.parts.lessons import opened
from pages.parts.lessons.parts import SAID, show_step
from pages.parts.shared import routes
from pages.parts.shared.address import own_address
from pages.parts.shared.assets import assets_path
from pages.parts.shared.choice import refuse_asked
from pages.parts.shared.explained import LOOK
from pages.parts.shared.go import rerun
from pages.parts.shared.live import component
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.lessons.model import Draw, Formula, Lesson, Task
from selfsup_core.lessons.progress import Standing, is_step_done, progress_in, standing_of
from selfsup_core.lessons.reading import find_lesson, list_lessons
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr

EVERY = 2.0  # seconds after which tasks are judged again, and numbers read
LIVE = (Draw, Formula, Task)  # parts that change without a click
top_component = component("selfsup_lesson_top", "lessons/top.js")


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
    st.session_state[LOOK] = ""
    if place is None:
        return
    number, step = place
    with errors_shown():
        lesson = find_lesson(number)
        st.session_state[LOOK] = lesson.steps[step - 1].look
        st.html(ASSETS / "lesson.css")
        is_live = any(isinstance(part, LIVE) for part in lesson.steps[step - 1].parts)
        with st.container(key="lesson-panel"):
            st.fragment(run_every=EVERY if is_live else None)(draw)(lesson, step, page)


def draw(lesson: Lesson, step: int, page: str) -> None:
    """One step; it is drawn again by itself, so that a run that ends passes its task."""
    with own_address(page), errors_shown():
        shown = lesson.steps[step - 1]
        if progress_in(workspace(), lesson.number) is None:  # forgotten in another tab
            opened.go_to(lesson.number, step)
            rerun()
        title = tr("Lesson {number} · step {step} of {count}").format(
            number=lesson.number, step=step, count=len(lesson.steps)
        )
        with st.expander(title, expanded=True, icon=":material/school:", key="lesson-body"):
            show_way_back()
            st.markdown(f"##### {plain(shown.title)}")
            show_step(lesson, step, page)
            standing = standing_of(lesson, progress_in(workspace(), lesson.number))
            if step == len(lesson.steps):
                show_left(lesson, step, standing)
            show_ways(lesson, step, standing, page)
        begin_at_top(lesson.number, step)
        opened.keep_in_address()


def begin_at_top(number: int, step: int) -> None:
    """Of a new step; of one that goes on, what is said of the newest answer comes into view."""
    said = st.session_state.pop(SAID, "")
    if routes.is_mounted:
        data = {"assets": assets_path(), "place": f"{number}.{step}", "said": said}
        with st.container(key="lesson-top"):
            top_component(key="lesson-top-of", data=data)


def show_way_back() -> None:
    """To the lesson that a link has left."""
    place = opened.came_from()
    if place is None:
        return
    number, step = place
    if st.button(
        tr("Back to lesson {number}, step {step}").format(number=number, step=step),
        icon=":material/undo:",
        key="lesson-return",
    ):
        turn(number, step)


def show_ways(lesson: Lesson, step: int, standing: Standing, page: str) -> None:
    """In reach of whoever reads the middle of a step; that it is done is said here, too."""
    is_last = step == len(lesson.steps)
    is_done = is_step_done(lesson, step, progress_in(workspace(), lesson.number))
    with st.container(key="lesson-ways", gap="xsmall"):
        if is_last and standing.is_done:
            st.caption(tr(":green[:material/check_circle: You have done all of this lesson.]"))
        elif is_done and any(number == step for _, number, _ in lesson.to_do()):
            st.caption(tr(":green[:material/check_circle: You have done all of this step.]"))
        if is_last:
            show_next_lesson(lesson, standing, page)
        show_turns(lesson, step, is_done=is_done)


def show_turns(lesson: Lesson, step: int, *, is_done: bool) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if st.button(tr("Back"), icon=":material/arrow_back:", key="lesson-back", disabled=step == 1):
            turn(lesson.number, step - 1)
        if st.button(
            tr("Close the lesson"),
            key="lesson-leave",
            type="tertiary",
            help=tr("What you have done is kept. Resume it on the page Learn."),
        ):
            opened.leave()
            rerun()
        if step < len(lesson.steps) and st.button(
            tr("Next"),
            icon=":material/arrow_forward:",
            key="lesson-next",
            type="primary" if is_done else "secondary",
        ):
            turn(lesson.number, step + 1)


def turn(number: int, step: int) -> None:
    opened.go_to(number, step)
    rerun()


def show_left(lesson: Lesson, step: int, standing: Standing) -> None:
    """At the end of a lesson, ways to the other steps in which something is still to be done."""
    left = [one for one in standing.missing if one != step]
    if not left:
        return
    st.info(tr("Something is still to be done in these steps:"), icon=":material/flag:")
    with st.container(horizontal=True, gap="xsmall"):
        for one in left:
            if st.button(tr("Step {step}").format(step=one), key=f"lesson-left-{one}"):
                turn(lesson.number, one)


def show_next_lesson(lesson: Lesson, standing: Standing, page: str) -> None:
    """To the list of lessons after the last one."""
    lessons = list_lessons()
    after = next((number for number in lessons if number > lesson.number), None)
    kind = "primary" if standing.is_done else "secondary"
    label = tr("All lessons")
    if after is not None:
        title = plain(lessons[after].head.title)
        label = tr("Next lesson: {number} · {title}").format(number=after, title=title)
    if not st.button(label, icon=":material/arrow_forward:", key="lesson-after", type=kind, width="stretch"):
        return
    if after is None:
        opened.leave()
        st.switch_page("pages/learn.py")
    opened.open_step(lessons[after], 1, page)
