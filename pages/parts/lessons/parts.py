"""How each kind of part of a step looks in the panel."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import streamlit as st

from pages.parts.lessons import opened
from pages.parts.lessons.curve import show_draw
from pages.parts.lessons.formula import show_formula
from pages.parts.shared.address import wish
from pages.parts.shared.epochs import PARAM as EPOCH
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.evaluate.words.glossary import define, unmark
from selfsup_core.lessons.checks import Judged
from selfsup_core.lessons.checks.compared import ComparedConfig, say_apart
from selfsup_core.lessons.evidence import Looking
from selfsup_core.lessons.link import AUTOENCODER, PAGE_OF_TASK
from selfsup_core.lessons.model import (
    PAGES,
    App,
    Choice,
    Draw,
    Formula,
    Lesson,
    Part,
    Predict,
    Question,
    Step,
    Task,
    Text,
    places_of,
)
from selfsup_core.lessons.progress import LessonProgress, change, fresh, is_step_done, progress_in
from selfsup_core.lessons.reading import image_path
from selfsup_core.lessons.tasks import button_for, has_begun, judge_tasks
from selfsup_core.lessons.which import say_missing as say_wanted
from selfsup_core.runs.folder import find_run, open_run, read_state
from selfsup_core.runs.state import TIME
from selfsup_core.settings import whole_number
from selfsup_core.translation import join_sentences, tr

FILLED = "lesson-filled"  # of the session: (key of the button that has last filled in settings, when)
SAID = "lesson-said"  # of the session: key of what is said of an answer given just now, and the answer


@dataclass(frozen=True)
class Shown:
    """The step that is shown.

    Attributes:
        number: of the step. page: that is shown beside it. judged: its tasks by their places.
        filled: its button whose settings the page has, until a run is begun; None for none.
    """

    lesson: Lesson
    number: int
    progress: LessonProgress
    page: str
    judged: Mapping[str, Judged]
    filled: App | None

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.number - 1]

    def wanted(self) -> list[App]:
        """Buttons that set up what a task still lacks."""
        return [button for one in self.judged.values() if (button := button_of(self.step, one))]


def show_step(lesson: Lesson, number: int, page: str) -> None:
    """All parts of a step. Raises StudioError."""
    judged = judge_tasks(workspace(), lesson, step=number, looking=looking(page))
    progress = progress_in(workspace(), lesson.number) or fresh()
    shown = Shown(lesson, number, progress, page, judged, filled_in(lesson, number, progress, page))
    for at, part in places_of(number, shown.step):
        show_part(shown, at, part)


def filled_in(lesson: Lesson, number: int, progress: LessonProgress, page: str) -> App | None:
    """The button of a step that was pressed last, while its settings are on the page."""
    key, since = st.session_state.get(FILLED, ("", ""))
    if "run" in st.query_params or not key:
        return None
    for at, part in places_of(number, lesson.steps[number - 1]):
        if isinstance(part, App) and key_of(lesson, at, progress) == key:
            is_here = part.page == (page or "home")
            return part if is_here and not has_begun(workspace(), since) else None
    return None


def key_of(lesson: Lesson, at: str, progress: LessonProgress) -> str:
    """Of a part's widgets. Of a lesson that was started again they are others, which begin empty."""
    opened_at = "".join(filter(str.isdigit, progress["opened"]))
    return f"lesson-{lesson.number}-{opened_at}-{at}".replace(".", "-")


def show_part(shown: Shown, at: str, part: Part) -> None:
    """Args: at: place of the part ("3.task.1")."""
    lesson, progress = shown.lesson, shown.progress
    key = key_of(lesson, at, progress)
    if isinstance(part, Text):
        show_text(part.markdown)
    elif isinstance(part, App):
        show_app(shown, part, key)
    elif isinstance(part, Formula):
        show_formula(part, key, maps_open(shown.page))
    elif isinstance(part, Draw):
        show_draw(lesson, at, part, progress, key)
    elif isinstance(part, Task):
        show_task(shown, at, part)
    elif isinstance(part, Predict):
        show_predict(lesson, at, part, progress, key)
    else:
        show_question(lesson, at, part, progress, key)


def show_text(text: str) -> None:
    """Markdown of a lesson; its "?" holds what the marked terms mean."""
    st.markdown(unmark(text), help=define(text, strong="**{}**") or None)


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


def show_app(shown: Shown, part: App, key: str) -> None:
    """A button that fills in the settings of a page, and afterwards says so, unless its task does."""
    kind: Literal["primary", "secondary"] = "primary" if is_next(shown, part, key) else "secondary"
    if not st.button(tr(part.label), key=key, icon=":material/tune:", type=kind):
        if shown.filled is part and all(part is not one for one in shown.wanted()):
            st.caption(
                tr("The settings are filled in. Press **Train**.")
                if part.preset
                else tr("Done: this is set up on the page {page}.").format(page=tr(PAGES[part.page]))
            )
        return
    st.session_state[FILLED] = (key, time.strftime(TIME, time.gmtime()))
    address: dict[str, Any] = {**part.address(), **opened.address_of(*st.session_state[opened.OPEN])}
    open_at(part.page, address, shown.page)


def is_next(shown: Shown, part: App, key: str) -> bool:
    """Whether a button is what a step needs next: it sets up what a task lacks, or nothing else does."""
    if shown.filled is part or is_step_done(shown.lesson, shown.number, shown.progress):
        return False
    if any(part is one for one in shown.wanted()):
        return True
    is_only = sum(isinstance(one, App) for one in shown.step.parts) == 1
    waits = [one for one in shown.judged.values() if not one.is_passed and not one.waits]
    is_pressed = st.session_state.get(FILLED, ("", ""))[0] == key
    return is_only and not is_pressed and (bool(waits) or not shown.judged)


def open_at(wanted: str, address: dict[str, Any], page: str) -> NoReturn:
    """Args: page: that is shown."""
    if wanted != (page or "home"):
        opened.switch_to(wanted, address)
    wish(address)
    rerun()


def show_task(shown: Shown, at: str, part: Task) -> None:
    """A task, judged anew each time that it is drawn."""
    judged = shown.judged[at]
    with st.container(border=True, key=f"lesson-task-{at.replace('.', '-')}"):
        show_text(tr(":material/flag: **Your task**  \n{do}").format(do=part.do))
        if judged.is_passed:
            st.success(
                tr("**Passed.** {said}").format(said=plain(judged.said)), icon=":material/check_circle:"
            )
            if part.seen:
                show_text(part.seen)
            if isinstance(part.check, ComparedConfig):
                show_both(part.check, judged, at, shown.page)
            return
        say_missing(shown, judged)
        if part.hint and not judged.waits:
            st.caption(tr("Hint: {hint}").format(hint=part.hint))


def say_missing(shown: Shown, judged: Judged) -> None:
    """What to do next: to press the button of the step, to train, or to wait for the run."""
    button = button_of(shown.step, judged)
    so_far = tr("**Not done yet.**")
    if judged.done:
        so_far = tr("**{done} of {needed} done.**").format(done=judged.done, needed=judged.needed)
    lack = plain(judged.lack or judged.said)
    if judged.waits:
        wait = tr("Wait for the run: {lack}").format(lack=lack)
        st.markdown(join_sentences([f":material/hourglass_top: {so_far}", wait]))
        return
    if button is None:
        todo = lack
        if judged.needed > 1 and judged.missing is not None:
            todo = plain(say_wanted(judged.missing))
    elif button is shown.filled:
        todo = tr("The settings are filled in. Press **Train**.")
    else:
        todo = tr("Press **{label}**, then **Train**.").format(label=tr(button.label))
    st.markdown(join_sentences([f":material/pending: {so_far}", todo]))
    if judged.lack and button is not shown.filled and plain(judged.lack) != todo:
        st.caption(plain(judged.lack))


def button_of(step: Step, judged: Judged) -> App | None:
    """The button of a step that sets up what a task lacks."""
    return None if judged.missing is None else button_for(step, judged.missing)


def show_both(check: ComparedConfig, judged: Judged, at: str, page: str) -> None:
    """Ways to the two runs that a task has compared, and to both beside each other."""
    found = [folder.id for run in judged.runs if (folder := find_run(workspace(), run))]
    if len(found) < len(judged.runs):
        return
    key = f"lesson-both-{at.replace('.', '-')}"
    lesson = opened.address_of(*st.session_state[opened.OPEN])
    with st.container(horizontal=True, gap="xsmall"):
        for run, told in zip(found, say_apart(check.first, check.second), strict=True):
            if st.button(tr("Open the run {told}").format(told=told), key=f"{key}-{run}"):
                task = read_state(open_run(workspace(), run)).get("task", "")
                wanted, mode = PAGE_OF_TASK.get(task, AUTOENCODER)
                open_at(wanted, {"run": run, **({"do": mode} if mode else {}), **lesson}, page)
        if st.button(tr("Both side by side"), icon=":material/compare:", key=key):
            open_at("compare", {"runs": ",".join(found), **lesson}, page)


def choose_option(lesson: Lesson, at: str, part: Choice, progress: LessonProgress, key: str) -> int | None:
    """A row of answers; the number of the chosen one, from 1, which is kept."""
    st.markdown(f"**{part.ask}**")
    show_images(lesson, part)
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
        st.session_state[SAID] = f"{key}-said {chosen}"
    return chosen


def show_images(lesson: Lesson, part: Choice) -> None:
    """The pictures of the answers, called by letters."""
    if not any(option.image for option in part.options):
        return
    for number, (column, option) in enumerate(
        zip(st.columns(len(part.options)), part.options, strict=True), ord("A")
    ):
        if option.image:
            picture = str(image_path(lesson, option.image))
            column.image(picture, chr(number), width="stretch", alt=option.alt)


def show_predict(lesson: Lesson, at: str, part: Predict, progress: LessonProgress, key: str) -> None:
    """Any answer will do; what is right is said once one is chosen and asked for."""
    with st.container(border=True, key=f"{key}-box"):
        st.markdown(tr(":material/psychology: **Predict**"))
        if at in progress["shown"]:
            st.markdown(f"**{part.ask}**")
            show_images(lesson, part)
            chosen = progress["chosen"].get(at, 0)
            show_answers(part, chosen)
            with st.container(key=f"{key}-said"):
                show_text(part.why)
            return
        chosen = choose_option(lesson, at, part, progress, key)
        if st.button(
            tr("Reveal"), key=f"{key}-reveal", disabled=chosen is None, icon=":material/visibility:"
        ):
            change(workspace(), lesson.number, lambda found: found["shown"].append(at))
            st.session_state[SAID] = f"{key}-said shown"
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
        with st.container(key=f"{key}-said"):
            say_answer(part, chosen)


def say_answer(part: Question, chosen: int) -> None:
    if chosen == part.right:
        st.success(join_sentences([tr("Correct."), unmark(part.why)]), icon=":material/check_circle:")
        return
    why = unmark(part.options[chosen - 1].why)
    said = [tr("Not quite."), why, tr("Try another answer.")]
    st.warning(join_sentences([one for one in said if one]), icon=":material/undo:")
