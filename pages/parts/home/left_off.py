"""Where one left off: the newest run of one's own, and the lesson that was opened last."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.lessons.model import Lesson
from selfsup_core.lessons.progress import read_progress, standing_of
from selfsup_core.lessons.reading import list_lessons
from selfsup_core.runs.examples import list_examples
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.short_runs import is_aside
from selfsup_core.runs.state import RunState
from selfsup_core.translation import tr, tr_later

MOST_NAME = 24  # characters: a button has one line on a phone
WORDS = {
    "queued": tr_later("is waiting"),
    "starting": tr_later("is starting"),
    "running": tr_later("is training"),
    "paused": tr_later("is paused"),
    "interrupted": tr_later("was interrupted"),
    "failed": tr_later("failed"),
    "stopped": tr_later("was stopped"),
    "finished": tr_later("is finished"),
}


def newest_run() -> RunState | None:
    """The newest run that is not one of the examples."""
    examples = list_examples()
    for state in list_states(workspace()):
        if state["run"] not in examples and not is_aside(state):
            return state
    return None


def last_lesson() -> tuple[int, int] | None:
    """(number, step) of the lesson that was begun last and is not done. Raises StudioError."""
    lessons, progress = list_lessons(), read_progress(workspace())["lessons"]
    begun = [
        (found["opened"], number)
        for number, lesson in lessons.items()
        if (found := progress.get(str(number))) and not standing_of(lesson, found).is_done
    ]
    if not begun:
        return None
    number = max(begun)[1]
    return number, standing_of(lessons[number], progress[str(number)]).step


def show_left_off(resume: Callable[[Lesson, int], None]) -> None:
    """A line with up to two ways on; nothing for somebody who is here for the first time.

    Args:
        resume: opens a step of a lesson beside the app.
    """
    with errors_shown():
        run, lesson = newest_run(), last_lesson()
        if run is None and lesson is None:
            return
        with st.container(horizontal=True, vertical_alignment="center", key="left-off"):
            st.markdown(tr("**Go on where you left off**"), width="content")
            if lesson is not None:
                show_lesson(*lesson, resume)
            if run is not None:
                show_run(run)


def show_lesson(number: int, step: int, resume: Callable[[Lesson, int], None]) -> None:
    lesson = list_lessons()[number]
    if st.button(
        tr("Lesson {number}, step {step}: {title}").format(
            number=number, step=step, title=plain(lesson.head.title)
        ),
        key="left-off-lesson",
        icon=":material/school:",
        help=tr("Resume this lesson beside the app."),
    ):
        resume(lesson, step)


def show_run(state: RunState) -> None:
    page, mode = PAGES.get(state.get("task", ""), AUTOENCODER)
    name = state["name"] or state["run"]
    name = plain(name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…")
    if st.button(
        f"{name} {tr(WORDS[state['status']])}",
        key="left-off-run",
        icon=":material/monitoring:",
        help=tr("Open this run."),
    ):
        st.switch_page(page, query_params={"run": state["run"]} | ({"do": mode} if mode else {}))
