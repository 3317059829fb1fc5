"""Learn, and a lesson beside a page: opened, left and resumed, its tasks judged by the runs of the
workspace.
"""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from selfsup_core.lessons.guides import list_guides
from selfsup_core.lessons.model import App
from selfsup_core.lessons.progress import path_of, progress_in
from selfsup_core.lessons.reading import find_lesson, list_lessons
from selfsup_core.runs.assignments import write_assignment
from selfsup_core.runs.folder import update_state
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import value_at
from tests.lessons.helpers import place_run

# What app.py does around each page; `AppTest` itself runs pages without it.
SCRIPT = """
import streamlit as st
from pages.parts.lessons.opened import keep_in_address
from pages.parts.lessons.panel import show_lesson
from pages.parts.shared.address import begin_address, end_address

page = st.session_state.get("page", "autoencoder")
begin_address(page)
try:
    show_lesson(page)
    st.title(f"The page {page}")
finally:
    keep_in_address()
    end_address(page)
"""
LATER = "2990-01-01T00:00:00Z"
MSE = {"objective__loss": "mse"}


@pytest.fixture
def beside(studio):
    """`beside(lesson="2", step="3")`: that lesson beside a page."""

    def open_lesson(**query: str) -> AppTest:
        studio("pages/learn.py")
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_lesson


def said(app):
    """All that the page says, in its order."""
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(one.value) for kind in kinds for one in kind)


def button(app, key):
    return next(one for one in app.button if one.key == key)


def ends_with(app, what, ending):
    return next(one for one in what(app) if (one.key or "").endswith(ending))


def test_learn_lists_the_lessons_and_how_far_each_has_come(studio):
    app = studio("pages/learn.py")
    text = said(app)
    for lesson in list_lessons().values():
        assert lesson.head.about in text
    assert text.count("not started") == len(list_lessons())


def test_a_lesson_opens_the_page_that_it_drives_with_everything_set_up(studio, workspace):
    app = studio("pages/learn.py")
    button(app, "lesson-open-2").click().run()
    assert not app.exception
    assert app.title[0].value == "Autoencoder"
    assert app.query_params["lesson"] == "2"
    assert app.query_params["step"] == "1"
    assert app.query_params["data"] == "digits"
    assert "objective.loss=mse" in app.query_params["set"]
    assert progress_in(workspace, 2)["step"] == 1


def test_it_stays_open_from_page_to_page_and_can_be_left_and_resumed(beside, studio):
    app = beside(lesson="2", step="2")
    button(app, "lesson-next").click().run()
    assert app.query_params["step"] == "3"
    button(app, "lesson-back").click().run()
    assert app.query_params["step"] == "2"
    button(app, "lesson-next").click().run()
    title = find_lesson(2).steps[2].title
    for name in ("lesson", "step"):
        del app.query_params[name]  # as a link of the row of pages does
    app.session_state["page"] = "runs"
    app.run()
    assert app.title[0].value == "The page runs"
    assert app.query_params["lesson"] == "2"
    assert title in said(app)
    button(app, "lesson-leave").click().run()
    assert "lesson" not in app.query_params
    assert title not in said(app)
    app = studio("pages/learn.py")
    assert "step 3 of 5" in said(app)
    button(app, "lesson-open-2").click().run()
    assert app.query_params["step"] == "3"


def test_an_address_of_before_does_not_turn_the_lesson_back(beside):
    """A request that was on its way when Next was pressed brings it."""
    app = beside(lesson="2", step="2")
    button(app, "lesson-next").click().run()
    app.query_params["step"] = "2"
    app.session_state["page"] = "runs"  # where no earlier address is put back
    app.run()
    assert app.query_params["step"] == "3"
    assert find_lesson(2).steps[2].title in said(app)
    button(app, "lesson-leave").click().run()
    app.query_params["lesson"], app.query_params["step"] = "2", "3"
    app.session_state["page"] = "data"
    app.run()
    assert "lesson" not in app.query_params
    assert find_lesson(2).steps[2].title not in said(app)


def test_what_a_lesson_opens_a_page_with_survives_a_request_of_the_page_before(beside):
    app = beside(lesson="2", step="2")
    target = {"preset": "vae", "data": "digits", "lesson": "2", "step": "2"}
    app.session_state["lesson-switched"] = ("autoencoder", target, time.monotonic())
    app.run()
    assert app.query_params["preset"] == "vae"
    app.session_state["lesson-switched"] = ("autoencoder", target, time.monotonic() - 60)
    del app.query_params["preset"]
    app.session_state["page"] = "autoencoder"
    app.run()
    assert "lesson-switched" not in app.session_state


def test_a_task_says_what_is_missing_until_a_run_passes_it(beside, workspace):
    app = beside(lesson="2", step="2")
    assert "**Not done yet.** Press **Fill in the settings**, then **Train**." in said(app)
    assert "You have done all of this step" not in said(app)
    place_run(workspace, losses=tuple([0.2] * 21))
    app.run()
    assert "Press **Fill in the settings**" in said(app)
    assert "has Loss BCE" in said(app)
    run = place_run(workspace, losses=tuple([0.2] * 21), **MSE)
    app.run()
    assert "Not done yet" not in said(app)
    assert "**Passed.**" in said(app)
    assert progress_in(workspace, 2)["passed"]["2.task.1"]["runs"] == [run.id]


def test_of_two_runs_it_says_which_is_there_and_leads_to_both(beside, workspace):
    app = beside(lesson="3", step="2")
    assert "**Not done yet.** Press **Set up MSE**, then **Train**." in said(app)
    first = place_run(workspace, metric="val_mse", **MSE)
    app.run()
    assert "**1 of 2 done.** Press **Set up BCE**, then **Train**." in said(app)
    assert "the task needs" not in said(app), "the run that is right is not complained about"
    second = place_run(workspace, metric="val_mse")
    app.run()
    assert "**Passed.**" in said(app)
    ways = [one.label for one in app.button if (one.key or "").startswith("lesson-both")]
    assert ways == [
        "Open the run with Loss MSE (squared error)",
        "Open the run with Loss BCE (cross-entropy)",
        "Both side by side",
    ]
    button(app, f"lesson-both-2-task-1-{first.id}").click().run()
    assert app.query_params["run"] == first.id
    assert app.query_params["lesson"] == "3"
    second.path.rename(workspace / "elsewhere")
    app.run()
    assert "Both side by side" not in [one.label for one in app.button]


def test_each_state_of_a_task_is_said_once(beside, workspace):
    app = beside(lesson="2", step="2")
    fill = ends_with(app, lambda a: a.button, "app-1")
    assert "filled in." not in said(app)
    assert fill.proto.type == "primary"
    fill.click().run()
    assert "**Not done yet.** The settings are filled in. Press **Train**." in said(app)
    assert "Press **Fill in" not in said(app).replace(find_lesson(2).steps[1].parts[-1].do, "")
    assert said(app).count("filled in.") == 1
    app.session_state["page"] = "compare"
    app.run()
    assert "filled in." not in said(app)
    app.session_state["page"] = "autoencoder"
    run = place_run(
        workspace, losses=tuple([0.2] * 3), status="running", created=LATER, train__epochs=40, **MSE
    )
    app.run()
    assert "**Not done yet.** Wait for the run: “Digits" in said(app)
    assert "is at epoch 2 of 20." in said(app)
    assert "filled in." not in said(app)
    assert ends_with(app, lambda a: a.button, "app-1").proto.type == "secondary"
    update_state(run, epoch=20)
    app.run()
    assert "**Passed.**" in said(app)
    assert "filled in." not in said(app)
    assert ends_with(app, lambda a: a.button, "app-1").proto.type == "secondary"


def test_each_state_of_two_runs_is_said_once(beside, workspace):
    app = beside(lesson="3", step="3")
    assert "**Not done yet.** Still missing: the model Dense network" in said(app)
    assert "of 2 done" not in said(app)
    first = place_run(workspace, metric="val_mse", status="running", **MSE)
    app.run()
    assert "**Not done yet.** Wait for the run: “Digits" in said(app)
    update_state(first, status="finished")
    app.run()
    assert "**1 of 2 done.** Press **Set up 64 numbers**, then **Train**." in said(app)
    place_run(workspace, metric="val_mse", status="running", model__widths=[64], **MSE)
    app.run()
    assert "**1 of 2 done.** Wait for the run: “Digits" in said(app)
    assert said(app).count("of 2 done") == 1


def test_the_step_names_its_panel_to_the_live_view(beside):
    app = beside(lesson="1", step="3")
    assert app.session_state["lesson-look"] == "map"
    button(app, "lesson-leave").click().run()
    assert app.session_state["lesson-look"] == ""


def test_terms_of_a_lesson_are_explained(beside):
    app = beside(lesson="3", step="4")
    found = [one for one in app.markdown if "compares each autoencoder with PCA" in one.value]
    assert "[[" not in said(app)
    assert "**PCA**: Principal component analysis" in found[0].help


def test_a_lesson_leads_to_the_next_one(beside):
    app = beside(lesson="1", step="4")
    assert not any(one.key == "lesson-next" for one in app.button)
    after = button(app, "lesson-after")
    assert after.label.startswith("Next lesson: 2 · The autoencoder")
    button(app, "lesson-left-2").click().run()
    assert app.query_params["step"] == "2"
    app = beside(lesson=str(max(list_lessons())), step=str(len(list_lessons()[max(list_lessons())].steps)))
    assert button(app, "lesson-after").label == "All lessons"


def test_a_link_to_another_lesson_keeps_the_way_back(beside):
    app = beside(lesson="3", step="3")
    app.query_params["lesson"], app.query_params["step"] = "10", "4"
    app.session_state["address-wish"] = True  # as a link of the live view sets it
    app.run()
    assert find_lesson(10).steps[3].title in said(app)
    button(app, "lesson-next").click().run()
    way = button(app, "lesson-return")
    assert way.label == "Back to lesson 3, step 3"
    way.click().run()
    assert (app.query_params["lesson"], app.query_params["step"]) == ("3", "3")
    assert not any(one.key == "lesson-return" for one in app.button)


def test_pictures_of_a_prediction_stay_once_it_is_revealed(beside):
    app = beside(lesson="1", step="3")
    pictures = [one.proto.imgs[0].caption for one in app.get("image")]
    assert pictures == ["A", "B"]
    ends_with(app, lambda a: a.radio, "predict-1").set_value(1).run()
    ends_with(app, lambda a: a.button, "predict-1-reveal").click().run()
    assert [one.proto.imgs[0].caption for one in app.get("image")] == ["A", "B"]


def test_a_curve_is_drawn_before_it_is_revealed(beside, workspace):
    app = beside(lesson="2", step="2")
    reveal = "draw-1-reveal"
    assert ends_with(app, lambda a: a.button, reveal).disabled
    ends_with(app, lambda a: a.number_input, "draw-1-end").set_value(0.05).run()
    assert progress_in(workspace, 2)["drawn"]["2.draw.1"][-1] == 0.05
    place_run(workspace, losses=tuple([0.25] * 21), **MSE)
    app.run()
    ends_with(app, lambda a: a.button, reveal).click().run()
    assert "Quite different: on average your curve is 0.1 away" in said(app)
    assert progress_in(workspace, 2)["shown"] == ["2.draw.1"]
    place_run(workspace, losses=tuple([0.15] * 21), **MSE)
    app.run()
    assert "on average your curve is 0.1 away" in said(app)


def test_a_prediction_is_revealed_once_one_was_made(beside, workspace):
    app = beside(lesson="2", step="3")
    why = find_lesson(2).steps[2].parts[1].why
    assert ends_with(app, lambda a: a.button, "predict-1-reveal").disabled
    ends_with(app, lambda a: a.radio, "predict-1").set_value(1).run()
    assert why not in said(app)
    ends_with(app, lambda a: a.button, "predict-1-reveal").click().run()
    assert why in said(app)
    assert "your prediction" in said(app)


def test_a_question_is_answered_until_it_is_right(beside, workspace):
    app = beside(lesson="2", step="5")
    question = find_lesson(2).steps[4].parts[0]
    wrong = 1 if question.right != 1 else 2
    ends_with(app, lambda a: a.radio, "question-1").set_value(wrong).run()
    assert f"Not quite. {question.options[wrong - 1].why} Try another answer." in said(app)
    ends_with(app, lambda a: a.radio, "question-1").set_value(question.right).run()
    assert f"Correct. {question.why}" in said(app)
    assert "Something is still to be done in these steps" in said(app)
    assert [one.label for one in app.button if (one.key or "").startswith("lesson-left")] == [
        "Step 2",
        "Step 3",
        "Step 4",
    ]


def test_starting_again_forgets_the_answers(beside, studio, workspace):
    app = beside(lesson="2", step="5")
    ends_with(app, lambda a: a.radio, "question-1").set_value(1).run()
    app = studio("pages/learn.py")
    assert button(app, "lesson-again-2").label == "Forget them and start again", "in what asks first"
    button(app, "lesson-again-2").click().run()
    assert app.query_params["step"] == "1"
    assert progress_in(workspace, 2)["chosen"] == {}


APPS = [
    pytest.param(part, id=f"{lesson.number}-{number}-{part.label}")
    for lesson in list_lessons().values()
    for number, step in enumerate(lesson.steps, 1)
    for part in step.parts
    if isinstance(part, App)
]


@pytest.mark.parametrize("part", APPS)
def test_a_page_takes_all_that_a_step_sets_up(studio, part):
    app = studio(f"pages/{part.page}.py")
    for name, value in part.address().items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert [one.value for one in app.error] == []
    written = app.query_params.get("set", [])
    written = [written] if isinstance(written, str) else written
    if not part.preset:
        assert sorted(written) == sorted(part.address().get("set", []))
        return
    usual = preset_spec(part.preset, {"data.source": part.data})
    asked = preset_spec(part.preset, {"data.source": part.data} | part.set)
    for path in part.set:
        if value_at(usual, path) != value_at(asked, path):
            assert write_assignment(path, value_at(asked, path)) in written


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"lesson": "99"}, "There is no lesson 99. Known: "),
        ({"lesson": "two"}, "lesson 'two', not a number"),
        ({"lesson": "2", "step": "9"}, "Lesson 2 has no step '9'. It has 5 steps"),
        ({"lesson": "2", "step": "0"}, "Lesson 2 has no step '0'"),
    ],
)
def test_an_address_is_shown_or_refused(beside, asked, told):
    app = beside(**asked)
    assert told in said(app).replace("\\", "")
    button(app, "lesson-go-on").click().run()
    assert "lesson" not in app.query_params
    assert not app.error


def test_a_damaged_file_of_progress_is_said(beside, studio, workspace):
    workspace.mkdir(parents=True, exist_ok=True)
    path_of(workspace).write_text("{")
    app = studio("pages/learn.py")
    assert "lessons.json is damaged" in said(app).replace("\\", "")
    app = beside(lesson="2")
    assert "lessons.json is damaged" in said(app).replace("\\", "")
    assert app.title[0].value == "The page autoencoder"


def test_guides_are_listed_read_and_left_and_a_wrong_one_is_refused(studio):
    guides = list_guides()
    app = studio("pages/learn.py", guide="nothing")
    assert "There is no guide 'nothing'" in app.error[0].value
    app.button(key="guide-back").click().run()
    assert not app.error
    for guide in guides.values():
        assert guide.about.split(":")[0].split("`")[0] in said(app)
    app.button(key="guide-open-teach").click().run()
    assert app.query_params["guide"] == "teach"
    assert [title.value for title in app.title] == ["Teach with it"]
    assert "learn?guide=troubleshooting" in said(app)
