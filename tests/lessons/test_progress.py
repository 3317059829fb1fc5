import threading

import pytest

from selfsup_core.files import DamagedFile
from selfsup_core.lessons.model import Task
from selfsup_core.lessons.progress import (
    change,
    is_step_done,
    path_of,
    progress_in,
    read_progress,
    restart,
    standing_of,
)
from selfsup_core.lessons.tasks import drawn_by_run, judge_tasks
from selfsup_core.translation import speak
from tests.lessons.helpers import place_run, write_lesson

BODY = """## One
```draw
ask: Draw.
epochs: 1
of: {kind: finished, preset: dense-64-32-16}
```
```task
do: Train.
check: {kind: finished, preset: dense-64-32-16}
```
## Two
```predict
ask: Which?
options: [a, b]
right: 1
why: So.
```
```question
ask: Which?
options: [a, b]
right: 2
why: So.
```
"""


def test_a_lesson_goes_from_not_started_to_done(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    assert standing_of(lesson, progress_in(workspace, 7)).words() == "not started"
    assert not judge_tasks(workspace, lesson)["1.task.1"].is_passed
    assert standing_of(lesson, progress_in(workspace, 7)).words() == "step 1 of 2"

    place_run(workspace)
    assert judge_tasks(workspace, lesson, step=2) == {}
    assert judge_tasks(workspace, lesson)["1.task.1"].is_passed

    def answer(progress):
        progress["step"] = 2
        progress["drawn"]["1.draw.1"] = [0.5, 0.4]
        progress["chosen"] |= {"2.predict.1": 2, "2.question.1": 1}
        progress["shown"] += ["1.draw.1", "2.predict.1"]

    assert not is_step_done(lesson, 1, progress_in(workspace, 7))
    standing = standing_of(lesson, change(workspace, 7, answer))
    assert is_step_done(lesson, 1, progress_in(workspace, 7))
    assert not is_step_done(lesson, 2, progress_in(workspace, 7)), "its question is answered wrongly"
    assert (standing.words(), standing.done, standing.missing) == ("step 2 of 2", 3, (2,))
    done = change(workspace, 7, lambda progress: progress["chosen"].update({"2.question.1": 2}))
    assert standing_of(lesson, done).is_done
    assert standing_of(lesson, progress_in(workspace, 7)).words() == "done"


def test_what_is_passed_stays_passed_when_its_run_is_gone(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    change(workspace, 7, lambda progress: None)
    run = place_run(workspace)
    said = judge_tasks(workspace, lesson)["1.task.1"]
    assert said.runs == (run.id,)
    run.state.unlink()
    assert judge_tasks(workspace, lesson)["1.task.1"] == said


def test_starting_again_forgets_and_asks_for_new_runs(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    place_run(workspace, created="2026-01-01T10:00:00Z")
    change(workspace, 7, lambda progress: progress.update(opened="2026-01-01T09:00:00Z", step=2))
    assert judge_tasks(workspace, lesson)["1.task.1"].is_passed
    restart(workspace, 7)
    assert standing_of(lesson, progress_in(workspace, 7)).step == 1
    assert not judge_tasks(workspace, lesson)["1.task.1"].is_passed


def test_the_real_curve_is_that_of_the_run_that_passes(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    (draw,) = [part for _, _, part in lesson.to_do() if part.name == "draw"]
    judged, curve = drawn_by_run(workspace, draw, "")
    assert (judged.is_passed, curve) == (False, [])
    place_run(workspace, losses=(0.7, 0.5, 0.3))
    judged, curve = drawn_by_run(workspace, draw, "")
    assert judged.is_passed
    assert curve == [(0, 0.7), (1, 0.5)]  # as far as the axis goes


def test_a_revealed_curve_stays_beside_its_run(tmp_path, workspace):
    (draw,) = [part for _, _, part in write_lesson(tmp_path, BODY).to_do() if part.name == "draw"]
    first = place_run(workspace, losses=(0.7, 0.5, 0.3), created="2026-01-01T10:00:00Z")
    second = place_run(workspace, losses=(0.7, 0.4, 0.3), created="2026-01-01T11:00:00Z")
    assert drawn_by_run(workspace, draw, "")[1] == [(0, 0.7), (1, 0.5)], "the earliest"
    judged, curve = drawn_by_run(workspace, draw, "", second.id)
    assert (judged.runs, curve) == ((second.id,), [(0, 0.7), (1, 0.4)])
    second.path.rename(workspace / "gone")
    judged, curve = drawn_by_run(workspace, draw, "", second.id)
    assert (judged.runs, curve) == ((first.id,), [(0, 0.7), (1, 0.5)])
    first.path.rename(workspace / "gone-too")
    judged, curve = drawn_by_run(workspace, draw, "", second.id)
    assert (judged.is_passed, curve) == (False, [])


def test_two_tabs_do_not_lose_each_others_changes(workspace):
    def count(progress):
        progress["chosen"]["1.question.1"] = progress["chosen"].get("1.question.1", 0) + 1

    tabs = [threading.Thread(target=change, args=(workspace, 2, count)) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert progress_in(workspace, 2)["chosen"]["1.question.1"] == 8


@pytest.mark.parametrize("content", ["{", '{"version": 1, "lessons": {"2": {"step": "x"}}}', "[]"])
def test_a_damaged_file_is_named_and_left_alone(workspace, content):
    workspace.mkdir()
    path_of(workspace).write_text(content)
    with pytest.raises(DamagedFile, match=r"lessons\.json is damaged"):
        read_progress(workspace)
    with pytest.raises(DamagedFile):
        change(workspace, 2, lambda progress: None)
    assert path_of(workspace).read_text() == content


def test_a_lesson_that_became_shorter_opens_at_its_end(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    progress = change(workspace, 7, lambda found: found.update(step=9))
    assert standing_of(lesson, progress).step == 2
    assert [part.name for _, _, part in lesson.to_do() if isinstance(part, Task)] == ["task"]


def test_what_a_passed_task_says_is_read_in_any_language(tmp_path, workspace):
    lesson = write_lesson(tmp_path, BODY)
    judge_tasks(workspace, lesson)
    place_run(workspace)
    with speak("zh"):
        first, later = (judge_tasks(workspace, lesson)["1.task.1"] for _ in range(2))
    assert first.is_passed
    assert "has been trained" not in first.said
    assert later.said == first.said
    assert "has been trained" in judge_tasks(workspace, lesson)["1.task.1"].said
