"""The lessons that come with the program: every task fails before its run, and is passed by it."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.glossary import find_terms, look_up
from selfsup_core.lessons.evidence import Looking
from selfsup_core.lessons.model import App, Question, Task
from selfsup_core.lessons.progress import change
from selfsup_core.lessons.reading import list_lessons
from selfsup_core.lessons.tasks import button_for, judge_tasks
from selfsup_core.places import WEB
from selfsup_core.projection.config import MapConfig
from selfsup_core.translation import ENGLISH, known_languages
from tests.lessons.helpers import pass_check, pass_mapped, place_map, place_run

LESSONS = list_lessons()


@pytest.mark.parametrize("number", LESSONS)
def test_each_task_fails_and_is_passed(workspace, number):
    lesson = LESSONS[number]
    change(workspace, number, lambda progress: None)
    for place, _, part in lesson.to_do():
        if not isinstance(part, Task):
            continue
        if part.check.kind == "looked":
            run = place_run(workspace, part.check.preset, data__source=part.check.data)
            right = Looking(run.id, part.check.first)
            assert not judge_tasks(workspace, lesson, looking=Looking(run.id, None))[place].is_passed
            assert judge_tasks(workspace, lesson, looking=right)[place].is_passed
            continue
        if part.check.kind == "mapped":
            other = Looking(maps=(place_map(workspace, "wine"),))
            assert not judge_tasks(workspace, lesson)[place].is_passed
            assert not judge_tasks(workspace, lesson, looking=other)[place].is_passed
            right = pass_mapped(workspace, part.check)
            assert judge_tasks(workspace, lesson, looking=right)[place].is_passed
            continue
        judged = judge_tasks(workspace, lesson)[place]
        # An earlier step's run may pass it already.
        if not judged.is_passed:
            assert judged.said.endswith(".")
            pass_check(workspace, part.check)
        assert judge_tasks(workspace, lesson)[place].is_passed, place


@pytest.mark.parametrize("number", LESSONS)
def test_nothing_is_passed_by_a_run_of_something_else(workspace, number):
    lesson = LESSONS[number]
    change(workspace, number, lambda progress: None)
    place_run(workspace, "contractive")
    assert not any(one.is_passed for one in judge_tasks(workspace, lesson).values())


@pytest.mark.parametrize("number", LESSONS)
def test_what_a_step_sets_up_is_what_its_task_asks_for(workspace, number):
    """The button of a step with one task leads to a run that passes its settings."""
    lesson = LESSONS[number]
    for step in lesson.steps:
        apps = [part for part in step.parts if isinstance(part, App) and (part.preset or part.map)]
        tasks = [part for part in step.parts if isinstance(part, Task) and part.check.kind != "looked"]
        assert apps or not tasks, f"{lesson.name}, {step.title}: nothing sets the app up for its task"
        for task in tasks:
            if task.check.kind == "mapped":
                assert any(draws(app, task.check) for app in apps), (lesson.name, step.title)
                continue
            wishes = [task.check.first, task.check.second] if task.check.kind == "compared" else [task.check]
            for wish in wishes[-1:]:
                assert button_for(step, wish) in apps, (lesson.name, step.title)


def test_a_button_of_the_step_is_found_for_the_run_that_is_missing():
    step = LESSONS[3].steps[1]
    check = next(part.check for part in step.parts if isinstance(part, Task))
    assert [button_for(step, wish).label for wish in (check.first, check.second)] == [
        "Set up MSE",
        "Set up BCE",
    ]
    assert button_for(LESSONS[3].steps[3], check.first) is None


@pytest.mark.parametrize("code", known_languages())
def test_a_step_names_a_panel_that_the_live_view_has(code):
    panels = "".join(path.read_text("utf-8") for path in (WEB / "stage" / "panels").glob("*.js"))
    looked = {
        (number, at): step.look
        for number, lesson in list_lessons(code).items()
        for at, step in enumerate(lesson.steps, 1)
        if step.look
    }
    assert all(f'id: "{panel}"' in panels for panel in looked.values())
    assert looked[1, 3] == "map"
    english = {
        (n, at): step.look for n, o in LESSONS.items() for at, step in enumerate(o.steps, 1) if step.look
    }
    assert looked == english


@pytest.mark.parametrize("code", known_languages())
def test_the_same_terms_are_explained_in_each_language(code):
    def terms(lesson):
        return [
            {look_up(term)[0] for part in step.parts for _, term in find_terms(part.model_dump_json())}
            for step in lesson.steps
        ]

    english = {number: terms(lesson) for number, lesson in list_lessons(ENGLISH).items()}
    assert {number: terms(lesson) for number, lesson in list_lessons(code).items()} == english
    assert {"PCA", "k-NN"} <= english[1][2]


@pytest.mark.parametrize("code", known_languages())
def test_each_wrong_answer_says_why_it_is_wrong(code):
    asked = {
        (number, place): part
        for number, lesson in list_lessons(code).items()
        for place, _, part in lesson.to_do()
        if isinstance(part, Question)
    }
    for place, part in asked.items():
        wrong = [option for at, option in enumerate(part.options, 1) if at != part.right]
        assert all(option.why for option in wrong), place
        assert not part.options[part.right - 1].why, place
    assert {place: (len(part.options), part.right) for place, part in asked.items()} == {
        (number, place): (len(part.options), part.right)
        for number, lesson in LESSONS.items()
        for place, _, part in lesson.to_do()
        if isinstance(part, Question)
    }


def draws(app, check):
    return (app.data, app.map) == (check.data, check.map) and all(
        app.set.get(name, MapConfig.model_fields[name].default) == value for name, value in check.set.items()
    )
