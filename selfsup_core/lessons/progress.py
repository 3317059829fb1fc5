"""How far a person has come: one small JSON file of the workspace, written whole.

It holds choices and what passed, so that a lesson can be left and resumed; answers are no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired

from filelock import FileLock
from typing_extensions import TypedDict

from selfsup_core.files import read_checked, write_json
from selfsup_core.lessons.model import Choice, Draw, Lesson, Part, Predict, Task
from selfsup_core.runs.state import TIME
from selfsup_core.translation import tr

FILE = "lessons.json"
VERSION = 1


class Passed(TypedDict):
    """said: by the check when it was passed. runs: by which ids."""

    said: str
    runs: list[str]


class LessonProgress(TypedDict):
    """One lesson. All but the first two are by place, such as "3.task.1".

    Attributes:
        opened: when; runs begun before do not count.
        step: where it was left, from 1.
        passed: tasks. chosen: number of the chosen answer, from 1, of predictions and questions.
        shown: predictions whose answer has been revealed. drawn: a value per epoch of a drawn curve.
        compared: id of the run that a drawn curve was revealed beside.
    """

    opened: str
    step: int
    passed: dict[str, Passed]
    chosen: dict[str, int]
    shown: list[str]
    drawn: dict[str, list[float]]
    compared: NotRequired[dict[str, str]]


class Progress(TypedDict):
    """version: of this file. lessons: by number, as text."""

    version: int
    lessons: dict[str, LessonProgress]


def path_of(workspace: Path) -> Path:
    return workspace / FILE


def read_progress(workspace: Path) -> Progress:
    """All lessons that were opened. Raises DamagedFile."""
    found = read_checked(path_of(workspace), Progress)
    return found if found is not None else {"version": VERSION, "lessons": {}}


def progress_in(workspace: Path, number: int) -> LessonProgress | None:
    """None for a lesson that was not opened. Raises DamagedFile."""
    return read_progress(workspace)["lessons"].get(str(number))


def fresh() -> LessonProgress:
    return {
        "opened": time.strftime(TIME, time.gmtime()),
        "step": 1,
        "passed": {},
        "chosen": {},
        "shown": [],
        "drawn": {},
        "compared": {},
    }


def change(workspace: Path, number: int, act: Callable[[LessonProgress], None]) -> LessonProgress:
    """Open a lesson unless it is, and change its progress. Two tabs do not lose each other's changes.

    Raises:
        DamagedFile: the file is damaged, and stays as it is.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    with FileLock(workspace / f".{FILE}.lock"):
        everything = read_progress(workspace)
        lesson = everything["lessons"].setdefault(str(number), fresh())
        act(lesson)
        write_json(path_of(workspace), everything, durable=True)
    return lesson


def restart(workspace: Path, number: int) -> LessonProgress:
    """Forget everything of a lesson and open it again: only runs begun from now on count."""
    return change(workspace, number, lambda lesson: lesson.update(fresh()))


def is_settled(place: str, part: Part, progress: LessonProgress) -> bool:
    """Whether what a part asks for has been done: a task passed, a question answered correctly, a prediction
    made and revealed, a curve drawn.
    """
    if isinstance(part, Task):
        return place in progress["passed"]
    if isinstance(part, Draw):
        return place in progress["drawn"] and place in progress["shown"]
    if isinstance(part, Predict):
        return place in progress["chosen"] and place in progress["shown"]
    if isinstance(part, Choice):
        return progress["chosen"].get(place) == part.right
    return True


def is_step_done(lesson: Lesson, step: int, progress: LessonProgress | None) -> bool:
    """Whether all that a step asks for has been done; also of one that asks for nothing."""
    asked = [(place, part) for place, number, part in lesson.to_do() if number == step]
    return not asked or (
        progress is not None and all(is_settled(place, part, progress) for place, part in asked)
    )


@dataclass(frozen=True)
class Standing:
    """How far a lesson has come. step: 0 while it was not opened. missing: numbers of the steps in which
    something is still to be done.
    """

    step: int
    steps: int
    done: int
    to_do: int
    missing: tuple[int, ...]

    @property
    def is_done(self) -> bool:
        return self.step > 0 and not self.missing

    def words(self) -> str:
        """ "not started", "step 3 of 6", "done" """
        if not self.step:
            return tr("not started")
        return (
            "done" if self.is_done else tr("step {step} of {steps}").format(step=self.step, steps=self.steps)
        )


def standing_of(lesson: Lesson, progress: LessonProgress | None) -> Standing:
    asked = list(lesson.to_do())
    count = len(lesson.steps)
    if progress is None:
        return Standing(0, count, 0, len(asked), tuple(dict.fromkeys(step for _, step, _ in asked)))
    open_steps = [step for place, step, part in asked if not is_settled(place, part, progress)]
    step = max(1, min(progress["step"], count))  # the lesson may have become shorter
    return Standing(step, count, len(asked) - len(open_steps), len(asked), tuple(dict.fromkeys(open_steps)))
