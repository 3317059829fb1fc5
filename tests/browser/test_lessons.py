"""Every lesson from the list to its last question, on one page: each task fails first and is then passed.

Runs are put into the workspace as they look on disk, but for one that the page itself trains, as a person
does it; with `--thorough` it trains one of each kind of page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from selfsup_core.lessons.model import App, Draw, Lesson, Predict, Question, Step, Task
from selfsup_core.lessons.progress import path_of, progress_in, standing_of
from selfsup_core.lessons.reading import list_lessons
from selfsup_core.lessons.tasks import judge_tasks
from tests.browser.conftest import Pages, Server, axe_in, fits, serious, settle, wait_stage
from tests.helpers import wait_for
from tests.lessons.helpers import draw_ahead, pass_check, place_run

LESSONS = list_lessons()
OPEN = re.compile(r"Not done yet\.|of 2 done\.")
TRAINED = {(2, 2)}  # lesson and step whose run the page itself trains
# With `--thorough`: an autoencoder, maps, a language model, pseudo-labels, views, a classifier.
TRAINED_TOO = {(4, 3), (5, 3), (6, 2), (6, 4), (7, 3), (8, 1), (9, 3), (10, 2), (11, 2)}


def panel(page: Page) -> Locator:
    return page.locator(".st-key-lesson-panel")


def press(page: Page, name: str) -> None:
    panel(page).get_by_role("button", name=name, exact=True).click()


def choose_answer(box: Locator, text: str) -> None:
    box.get_by_text(text, exact=True).click()


@pytest.fixture(scope="module")
def walked(known_pages: Pages, server: Server) -> Iterator[Page]:
    """One page for all lessons: loading the app anew for each costs more than the walk."""
    path_of(server.workspace).unlink(missing_ok=True)
    page = known_pages.lend()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    yield page
    known_pages.take_back()


@pytest.mark.browser
@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_is_walked_through(
    walked: Page,
    known_pages: Pages,
    watch: Callable[..., None],
    server: Server,
    keep: Callable[[Page, str], None],
    request: pytest.FixtureRequest,
    number: int,
):
    lesson, page = LESSONS[number], walked
    known_pages.watch = watch
    trained = TRAINED | TRAINED_TOO if request.config.option.thorough else TRAINED
    begin(page, server, number)
    expect(panel(page).get_by_text(f"Lesson {number} · step 1 of")).to_be_visible()
    place_run(server.workspace, "contractive")
    assert not any(one.is_passed for one in judge_tasks(server.workspace, lesson).values())
    for step, shown in enumerate(lesson.steps, 1):
        expect(panel(page).get_by_role("heading", name=shown.title)).to_be_in_viewport()
        expect(page).to_have_url(re.compile(rf"lesson={number}&step={step}\b"))
        for place, part in ((at, part) for at, one, part in lesson.to_do() if one == step):
            do_part(page, server, lesson, place, part, is_trained=(number, step) in trained)
        if (number, step) == (1, 2):
            keep(page, f"lesson-{number}")
            assert serious(page, context=".st-key-lesson-panel") == []
            fits(page)
        if step < len(lesson.steps):
            press(page, "Next")
    expect(panel(page).get_by_text("You have done all of this lesson.")).to_be_visible()
    standing = standing_of(lesson, progress_in(server.workspace, number))
    assert (standing.words(), standing.done) == ("done", standing.to_do)
    if number != max(LESSONS):
        expect(panel(page).get_by_role("button", name=f"Next lesson: {number + 1} ·")).to_be_in_viewport()
        return
    press(page, "All lessons")
    expect(panel(page)).to_have_count(0)
    for one in LESSONS:
        if progress_in(server.workspace, one):
            row = page.locator(f".st-key-lesson-row-{one}")
            expect(row.get_by_text("done", exact=True)).to_be_visible()


def begin(page: Page, server: Server, number: int) -> None:
    """From the end of the lesson before, or from the list."""
    following = panel(page).get_by_role("button", name=f"Next lesson: {number} ·")
    if following.count():
        following.click()
        return
    page.goto(f"{server.url}/learn")
    start = page.locator(f".st-key-lesson-row-{number}").get_by_role("button", name=re.compile("Start"))
    expect(start).to_be_visible()
    if number == 1:
        axe_in(page)
        fits(page)
    start.click()


def do_part(
    page: Page, server: Server, lesson: Lesson, place: str, part: object, *, is_trained: bool
) -> None:
    box = panel(page).locator(f'[class*="-{place.replace(".", "-")}-box"]')
    if isinstance(part, Draw):
        draw_curve(page, box, part.epochs)
    elif isinstance(part, Task):
        pass_task(page, server, lesson, place, part, is_trained=is_trained)
        for at, _, other in lesson.to_do():
            is_here = isinstance(other, Draw) and at.split(".")[0] == place.split(".")[0]
            if is_here and at not in progress_in(server.workspace, lesson.number)["shown"]:
                reveal_curve(page, at)
    elif isinstance(part, Predict):
        choose_answer(box, part.options[a_wrong_one(part) - 1].text)
        box.get_by_role("button", name="Reveal").click()
        expect(box.get_by_text("your prediction")).to_be_visible()
        expect(box.get_by_text(part.why)).to_be_visible()
    elif isinstance(part, Question):
        wrong = part.options[a_wrong_one(part) - 1]
        choose_answer(box, wrong.text)
        expect(box.get_by_text(f"Not quite. {wrong.why} Try another answer.")).to_be_visible()
        choose_answer(box, part.options[part.right - 1].text)
        expect(box.get_by_text(f"Correct. {part.why}")).to_be_visible()


def a_wrong_one(part: Predict | Question) -> int:
    return next(n for n in range(1, len(part.options) + 1) if n != part.right)


def pass_task(
    page: Page, server: Server, lesson: Lesson, place: str, part: Task, *, is_trained: bool
) -> None:
    box = panel(page).locator(f".st-key-lesson-task-{place.replace('.', '-')}")
    step = int(place.split(".")[0])
    judged = judge_tasks(server.workspace, lesson)[place]
    if part.check.kind == "looked":
        look_at_epoch_0(page, box)
    elif part.check.kind == "mapped":
        expect(box.get_by_text(OPEN)).to_be_visible()
        if not is_trained and part.check.map == "umap":
            draw_ahead(server.workspace, part.check)
        pass_map(page, lesson.steps[step - 1], part)
    elif not judged.is_passed:  # by a run of a task before it
        expect(box.get_by_text(OPEN)).to_be_visible()
        expect(box.get_by_text(judged.lack[:50] or judged.said[:50] or "Press ")).to_be_visible()
        if is_trained:
            train(page, lesson.steps[step - 1])
        else:
            pass_check(server.workspace, part.check)
    expect(box.get_by_text(OPEN)).to_have_count(0)
    passed = wait_for(
        lambda: progress_in(server.workspace, lesson.number)["passed"].get(place), "the task to be kept"
    )
    expect(box.get_by_text(passed["said"][:40])).to_be_visible()
    if part.check.kind == "compared":
        expect(box.get_by_role("button", name="Both side by side")).to_be_visible()
        fits(page)  # the buttons say what tells the runs from each other


def train(page: Page, step: Step) -> None:
    """All that the step sets up, one after the other, as a person does it; its panel comes into view."""
    for app in (part for part in step.parts if isinstance(part, App)):
        panel(page).get_by_role("button", name=app.label, exact=True).first.click()
        expect(panel(page).get_by_text("The settings are filled in.")).to_be_visible()
        settle(page)
        page.get_by_role("button", name="Train", exact=True).click()
        wait_stage(page, "status", lambda status: status == "finished", 300)
        if step.look:
            expect(page.locator(".stage-panels > section").first).to_be_in_viewport()
            expect(page.locator(".stage-panels > section").first).to_have_attribute(
                "data-testid", f"stage-panel-{step.look}"
            )


def pass_map(page: Page, step: Step, task: Task) -> None:
    """Draw the map of the step, and ask the panel on trust."""
    app = next(part for part in step.parts if isinstance(part, App))
    press(page, app.label)
    trust = page.get_by_role("radio", name="Can I trust this map?")
    expect(page.get_by_text("Tools for the map appear here")).to_have_count(0, timeout=180_000)
    expect(trust).to_be_visible(timeout=180_000)
    settle(page)
    if not trust.is_checked():  # it stays open from map to map
        trust.click()
    expect(page.get_by_test_id("stMetric").filter(has_text="Kept neighbors")).to_be_visible()
    if task.check.beside:
        page.get_by_role("button", name="Compare with another seed").click()


def look_at_epoch_0(page: Page, box: Locator) -> None:
    expect(box.get_by_text("shows its newest epoch")).to_be_visible()
    looked = page.get_by_test_id("stage-panel-reconstructions")
    expect(page.locator(".stage-panels > section").first).to_have_attribute(
        "data-testid", "stage-panel-reconstructions"
    )
    expect(looked).to_be_in_viewport()
    slider = page.get_by_role("slider", name="Epoch", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    # The symbols follow the cursor: before training the output is gray.
    formula = panel(page).get_by_test_id("lesson-formula")
    formula.get_by_role("button", name="h", exact=True).first.click()
    expect(formula.get_by_text("epoch 0")).to_be_visible()
    assert formula.locator(".lesson-number").count() == 16
    formula.get_by_role("button", name="Next sample").click()
    expect(formula.get_by_text("Sample 2 of 6")).to_be_visible()


def draw_curve(page: Page, box: Locator, epochs: int) -> None:
    canvas = box.locator("canvas")
    expect(canvas).to_have_attribute("data-drawn", "0")
    expect(box.get_by_role("button", name="Reveal")).to_be_disabled()
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(canvas).to_have_attribute("aria-valuetext", re.compile("at epoch 1 of"))
    frame = canvas.bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 50, frame["y"] + 40)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] - 12, frame["y"] + 140, steps=6)
    page.mouse.up()
    expect(canvas).to_have_attribute("data-drawn", str(epochs + 1))


def reveal_curve(page: Page, place: str) -> None:
    box = panel(page).locator(f'[class*="-{place.replace(".", "-")}-box"]')
    box.get_by_role("button", name="Reveal").click()
    expect(box.get_by_text("away from the real one")).to_be_visible()
    expect(box.get_by_text("the run's", exact=True)).to_be_visible()


@pytest.mark.browser
def test_a_lesson_is_a_sheet_on_a_phone_and_follows_from_page_to_page(
    open_page: Callable[..., Page], server: Server, keep: Callable[[Page, str], None]
):
    page = open_page(390, 844, "dark")
    page.goto(f"{server.url}/autoencoder?preset=dense-64-32-16&data=digits&lesson=2&step=3")
    title = panel(page).get_by_role("heading", name="Look at the very beginning")
    expect(title).to_be_visible()
    frame = panel(page).bounding_box()
    assert frame is not None
    assert frame["y"] > 844 * 0.5
    assert round(frame["y"] + frame["height"]) == 844
    axe_in(page)
    fits(page)
    keep(page, "lesson-phone")
    panel(page).get_by_text("Lesson 2 · step 3 of 5").click()
    expect(title).to_be_hidden()
    page.goto(f"{server.url}/runs?lesson=2&step=3")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(title).to_be_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page).to_have_url(re.compile(r"/data\?.*lesson=2&step=3"))
    expect(title).to_be_visible()
