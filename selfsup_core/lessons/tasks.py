"""Judge the tasks of a lesson by a workspace's runs, and keep what is passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from selfsup_core.lessons.checks import Judged, judge
from selfsup_core.lessons.evidence import Evidence, Looking, gather
from selfsup_core.lessons.model import App, Draw, Lesson, Step, Task
from selfsup_core.lessons.progress import LessonProgress, Passed, change, progress_in
from selfsup_core.lessons.which import RunWish
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import value_at
from selfsup_core.translation import ENGLISH, recorded, speak


def judge_tasks(
    workspace: Path, lesson: Lesson, *, step: int = 0, looking: Looking | None = None
) -> dict[str, Judged]:
    """Place → what the check says; a task once passed stays so.

    Args:
        step: only its tasks; 0 for all. looking: the run and epoch on the screen.
    """
    progress = progress_in(workspace, lesson.number)
    if progress is None:
        progress = change(workspace, lesson.number, lambda opened: None)
    asked = {
        place: part
        for place, number, part in lesson.to_do()
        if isinstance(part, Task) and step in (0, number)
    }
    found = {
        place: Judged(True, recorded(kept["said"]), tuple(kept["runs"]))
        for place in asked
        if (kept := progress["passed"].get(place))
    }
    left = {place: part for place, part in asked.items() if place not in found}
    if left:
        evidence = gather(workspace, progress["opened"], looking)
        new = {place: judge(evidence, part.check) for place, part in left.items()}
        if done := [place for place, one in new.items() if one.is_passed]:
            with speak(ENGLISH):  # people of any language may read later what is kept
                in_english = {place: judge(evidence, left[place].check) for place in done}
            change(workspace, lesson.number, keeper(in_english))
        found |= new
    return {place: found[place] for place in asked}


def keeper(judged: dict[str, Judged]) -> Callable[[LessonProgress], None]:
    passed: dict[str, Passed] = {
        place: {"said": one.said, "runs": list(one.runs)} for place, one in judged.items()
    }
    return lambda progress: progress["passed"].update(passed)


def button_for(step: Step, wish: RunWish) -> App | None:
    """The button of a step that sets up a run with these settings; None where there is none."""
    return next((part for part in step.parts if isinstance(part, App) and sets_up(part, wish)), None)


def has_begun(workspace: Path, since: str) -> bool:
    """Whether a run was begun after a time, as a state writes times."""
    return any(state["created"] > since for state in list_states(workspace))


def sets_up(app: App, wish: RunWish) -> bool:
    if not app.preset or app.preset != wish.preset:
        return False
    spec = preset_spec(app.preset, ({"data.source": app.data} if app.data else {}) | app.set)
    wanted = wish.wanted() if wish.set else {}
    return wish.data in ("", spec.data.source) and all(
        value_at(spec, path) == value for path, value in wanted.items()
    )


def drawn_by_run(
    workspace: Path, part: Draw, since: str, kept: str = ""
) -> tuple[Judged, list[tuple[int, float]]]:
    """What the check of a curve says, and the real curve of the run that passes it: (epoch, value).

    Args:
        kept: id of the run that the curve was revealed beside; where it is gone, the earliest that passes.
    """
    evidence: Evidence = gather(workspace, since)
    judged = judge(evidence, part.of)
    by_id = {run.folder.id: run for run in evidence.runs}
    if kept in by_id:
        judged = replace(judged, is_passed=True, runs=(kept,))
    elif judged.is_passed:
        in_order = sorted(evidence.runs, key=lambda run: run.state["created"])
        alone = (judge(replace(evidence, runs=(run,)), part.of) for run in in_order)
        judged = next((one for one in alone if one.is_passed), judged)
    else:
        return judged, []
    values = [(row["epoch"], dict(row).get(part.metric)) for row in by_id[judged.runs[0]].rows]
    return judged, [
        (epoch, float(value))
        for epoch, value in values
        if isinstance(value, (int, float)) and epoch <= part.epochs
    ]
