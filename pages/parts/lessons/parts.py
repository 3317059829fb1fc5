"""How each kind of part of a step looks in the panel."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.lessons import opened
from pages.parts.lessons.curve import show_draw
from pages.parts.lessons.formula import show_formula
from pages.parts.shared.address import wish
from pages.parts.shared.epochs import PARAM as EPOCH
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.lessons.evidence import Looking
from selfsup_core.lessons.model import (
    App,
    Choice,
    Draw,
    Formula,
    Lesson,
    Part,
    Predict,
    Question,
    Task,
    Text,
)
from selfsup_core.lessons.progress import LessonProgress, change
from selfsup_core.lessons.reading import image_path
from selfsup_core.lessons.tasks import judge_tasks
from selfsup_core.settings import whole_number
from selfsup_core.translation import join_sentences, tr


def show_part(lesson: Lesson, at: str, part: Part, progress: LessonProgress, page: str) -> None:
    """Args: at: place of the part ("3.task.1"). page: that is shown beside it."""
    # Of a lesson that was started again the widgets are others, which begin empty.
    opened_at = "".join(filter(str.isdigit, progress["opened"]))
    key = f"lesson-{lesson.number}-{opened_at}-{at}".replace(".", "-")
    if isinstance(part, Text):
        st.markdown(part.markdown)
    elif isinstance(part, App):
        show_app(part, key, page)
    elif isinstance(part, Formula):
        show_formula(part, key, maps_open(page))
    elif isinstance(part, Draw):
        show_draw(lesson, at, part, progress, key)
    elif isinstance(part, Task):
        show_task(lesson, at, part, page)
    elif isinstance(part, Predict):
        show_predict(lesson, at, part, progress, key)
    else:
        show_question(lesson, at, part, progress, key)


def looking(page: str) -> Looking | None:
    """What is on the screen: the run and epoch of the address, or maps."""
    run = st.query_params.get("run", "")
    if run:
        return Looking(run, whole_number(st.query_params.get(EPOCH, "")))
    maps = maps_open(page)
    return Looking(maps=maps) if maps else None


def maps_open(page: str) -> tuple[str, ...]:
    """Keys of the map of the page Latent space and of the one beside it."""
    key, second = st.session_state.get("space-key"), st.session_state.get("space-second")
    if page != "latent" or not key:
        return ()
    return (key, second["key"]) if second else (key,)


def show_app(part: App, key: str, page: str) -> None:
    if not st.button(
        part.label, key=key, icon=":material/tune:", help=tr("Opens the page {page}.").format(page=part.page)
    ):
        return
    number, step = st.session_state[opened.OPEN]
    address: dict[str, Any] = {**part.address(), **opened.address_of(number, step)}
    if part.page != (page or "home"):
        opened.switch_to(part.page, address)
    wish(address)
    rerun()


def show_task(lesson: Lesson, at: str, part: Task, page: str) -> None:
    """A task, judged anew each time that it is drawn."""
    step = int(at.split(".")[0])
    judged = judge_tasks(workspace(), lesson, step=step, looking=looking(page))[at]
    with st.container(border=True, key=f"lesson-task-{at.replace('.', '-')}"):
        st.markdown(tr(":material/flag: **Your task**  \n{do}").format(do=part.do))
        if judged.is_passed:
            st.success(plain(judged.said), icon=":material/check_circle:")
            if part.seen:
                st.markdown(part.seen)
            return
        st.markdown(
            tr(":orange[:material/pending: **Not passed yet.**] {said}").format(said=plain(judged.said))
        )
        if part.hint:
            st.caption(tr("Hint: {hint}").format(hint=part.hint))


def choose_option(lesson: Lesson, at: str, part: Choice, progress: LessonProgress, key: str) -> int | None:
    """A row of answers; the number of the chosen one, from 1, which is kept."""
    st.markdown(f"**{part.ask}**")
    if any(option.image for option in part.options):
        for column, option in zip(st.columns(len(part.options)), part.options, strict=True):
            if option.image:
                column.image(str(image_path(lesson, option.image)), width="stretch", alt=option.alt)
    before = progress["chosen"].get(at)
    chosen = st.radio(
        part.ask,
        range(1, len(part.options) + 1),
        index=None if before is None or before > len(part.options) else before - 1,
        format_func=lambda number: part.options[number - 1].text,
        key=key,
        label_visibility="collapsed",
    )
    if chosen is not None and chosen != before:
        change(workspace(), lesson.number, lambda found: found["chosen"].update({at: chosen}))
    return chosen


def show_predict(lesson: Lesson, at: str, part: Predict, progress: LessonProgress, key: str) -> None:
    """Any answer will do; what is right is said once one is chosen and asked for."""
    with st.container(border=True, key=f"{key}-box"):
        st.markdown(tr(":material/psychology: **Predict**"))
        if at in progress["shown"]:
            st.markdown(f"**{part.ask}**")
            chosen = progress["chosen"].get(at, 0)
            show_answers(part, chosen)
            st.markdown(part.why)
            return
        chosen = choose_option(lesson, at, part, progress, key)
        if st.button(
            tr("Reveal"), key=f"{key}-reveal", disabled=chosen is None, icon=":material/visibility:"
        ):
            change(workspace(), lesson.number, lambda found: found["shown"].append(at))
            rerun()


def show_answers(part: Choice, chosen: int) -> None:
    """All answers, with a sign on the right one and on the one that was chosen."""
    for number, option in enumerate(part.options, 1):
        sign = ":green[:material/check:]" if number == part.right else ":gray[:material/close:]"
        mine = tr(" · *your prediction*") if number == chosen else ""
        words = f"**{option.text}**" if number == part.right else option.text
        st.markdown(f"{sign} {words}{mine}")


def show_question(lesson: Lesson, at: str, part: Question, progress: LessonProgress, key: str) -> None:
    """May be answered until the answer is right."""
    with st.container(border=True, key=f"{key}-box"):
        st.markdown(tr(":material/quiz: **Question**"))
        chosen = choose_option(lesson, at, part, progress, key)
        if chosen is None:
            return
        if chosen == part.right:
            st.success(join_sentences([tr("Correct."), part.why]), icon=":material/check_circle:")
        else:
            st.warning(tr("Not quite. Try another answer."), icon=":material/undo:")
