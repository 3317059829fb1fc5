"""Which lesson is open: the address says it, and the session keeps it while one goes from page to page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from pages.parts.shared.address import STALE_SECONDS, is_wish, whole_address, wish
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import workspace
from selfsup_core.errors import StudioError
from selfsup_core.lessons.model import App, Lesson
from selfsup_core.lessons.progress import change, progress_in
from selfsup_core.lessons.reading import LessonError, find_lesson
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr

LESSON, STEP = "lesson", "step"  # of the address
# Of the session: (number, step) of the open lesson, and of all that it has shown.
OPEN, SHOWN = "lesson-open", "lessons-shown"
CAME_FROM = (
    "lesson-came-from"  # of the session: (number, step) that was open when a link opened another lesson
)
SWITCHED = "lesson-switched"  # of the session: (page, address, when) that the lesson has opened


def follow_address() -> tuple[int, int] | None:
    """(number, step) of the open lesson, None for none: what the address asks for, or what the session has.

    A request that was on its way brings an address of before, and a fragment may write it down again. So
    what this session has shown already is asked for only by Back and Forward.

    Raises:
        LessonError: the address asks for a lesson or step that is not there.
        DamagedFile: the file of progress is damaged.
    """
    asked = st.query_params.get(LESSON, "")
    kept: tuple[int, int] | None = st.session_state.get(OPEN)
    if not asked:
        return kept
    number = whole_number(asked)
    if number is None:
        raise LessonError(tr("The address asks for lesson {asked!r}, not a number.").format(asked=asked[:40]))
    lesson = find_lesson(number)
    step = st.query_params.get(STEP, "")
    if step and not 1 <= (whole_number(step) or 0) <= len(lesson.steps):
        raise LessonError(
            tr("Lesson {number} has no step {step!r}. It has {count} steps, from 1.").format(
                number=number, step=step[:40], count=len(lesson.steps)
            )
        )
    wanted = number, whole_number(step) or resume_step(number, len(lesson.steps))
    if wanted in st.session_state.get(SHOWN, ()) and not is_wish():
        return kept
    if kept != wanted:
        if kept is not None and kept[0] != number:
            st.session_state.setdefault(CAME_FROM, kept)
        go_to(*wanted)
    return wanted


def keep_in_address() -> None:
    """After a page or the panel has run: links between pages lose what the address says of the lesson.

    Not before it: the browser would put it down as an address of the page that is left. Back and Forward keep
    the address that they lead to, since a new one would cut off what comes after it.
    """
    kept: tuple[int, int] | None = st.session_state.get(OPEN)
    if is_wish():
        return
    if kept is not None:
        write(*kept)
    elif STEP in st.query_params and st.session_state.get(SHOWN):
        drop()  # left, and brought back by a request that was on its way


def resume_step(number: int, steps: int) -> int:
    """Where a lesson was left, 1 for one that was not opened."""
    progress = progress_in(workspace(), number)
    return min(progress["step"], steps) if progress else 1


def go_to(number: int, step: int) -> None:
    """Open a step: address, session and progress say so. Raises StudioError."""
    change(workspace(), number, lambda progress: progress.update(step=step))
    st.session_state[OPEN] = (number, step)
    if came_from() is None:
        st.session_state.pop(CAME_FROM, None)
    st.session_state[SHOWN] = {*st.session_state.get(SHOWN, ()), (number, step)}
    write(number, step)


def came_from() -> tuple[int, int] | None:
    """(number, step) that a link has left for the lesson that is open; None where no other lesson was."""
    place: tuple[int, int] | None = st.session_state.get(CAME_FROM)
    now = st.session_state.get(OPEN)
    return place if place and now and place[0] != now[0] else None


def open_step(lesson: Lesson, step: int, page: str = "") -> NoReturn:
    """Open a lesson beside the page that the step begins on.

    Args:
        page: that is shown; "" where it is no page that a lesson drives.
    """
    st.session_state.pop(CAME_FROM, None)
    go_to(lesson.number, step)
    wanted, address = start_address(lesson, step)
    if wanted and wanted == page:
        wish(address)
    elif wanted:
        switch_to(wanted, address)
    rerun()


def start_address(lesson: Lesson, step: int) -> tuple[str, dict[str, str | list[str]]]:
    """(page, address) that a step begins on: of its own button, or of the last one before it; "" for any
    page.
    """
    apps = [part for shown in lesson.steps[:step] for part in shown.parts if isinstance(part, App)]
    own = next((part for part in lesson.steps[step - 1].parts if isinstance(part, App)), None)
    part = own or (apps[-1] if apps else None)
    if part is None:
        return "", {}
    return part.page, {**part.address(), **address_of(lesson.number, step)}


def switch_to(page: str, address: Mapping[str, str | list[str]]) -> NoReturn:
    """Open a page with an address, and have it stay: the panel asks for itself every few seconds, and such a
    request on its way brings the address of the page before.
    """
    st.session_state[SWITCHED] = (page, dict(address), time.monotonic())
    st.switch_page(f"pages/{page}.py", query_params=dict(address))


def keep_switched(page: str) -> None:
    """Before a page runs: put back what the lesson has just opened it with."""
    wanted, address, at = st.session_state.get(SWITCHED, ("", {}, 0.0))
    if not wanted:
        return
    now = whole_address()
    is_old = time.monotonic() - at > STALE_SECONDS * 2
    if wanted != (page or "home") or is_old or is_wish() or "run" in now:
        st.session_state.pop(SWITCHED)
    elif not now.keys() >= address.keys():
        st.query_params.from_dict(address)


def write(number: int, step: int) -> None:
    """In one change of the address: each is a place that the browser's Back leads to."""
    now = whole_address() | {name: [said] for name, said in address_of(number, step).items()}
    if now != whole_address():
        st.query_params.from_dict(now)


def leave() -> None:
    """Close the lesson; its progress stays."""
    st.session_state.pop(OPEN, None)
    st.session_state.pop(CAME_FROM, None)
    drop()


def drop() -> None:
    """Take the lesson out of the address."""
    st.query_params.from_dict({name: v for name, v in whole_address().items() if name not in (LESSON, STEP)})


def address_of(number: int, step: int) -> dict[str, str]:
    return {LESSON: str(number), STEP: str(step)}


def read_open() -> tuple[tuple[int, int] | None, StudioError | None]:
    """The open lesson, or what is wrong with the one that the address asks for; then none is open."""
    try:
        return follow_address(), None
    except StudioError as error:
        st.session_state.pop(OPEN, None)
        return None, error
