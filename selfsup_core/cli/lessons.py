"""`lessons …`: the lessons, and whether the runs of a workspace pass their tasks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.settings import Config

lessons_app = typer.Typer(help="Lessons, and how far each has come.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the lesson; see `lessons list`.")]
Language = Annotated[str, typer.Option(help="Folder below assets/lessons.")]


@lessons_app.command("list")
def list_command(language: Language = "en", workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List the lessons and how far each has come."""
    from selfsup_core.lessons.progress import read_progress, standing_of
    from selfsup_core.lessons.reading import list_lessons

    progress = read_progress(place(workspace))["lessons"]
    found: list[dict[str, Any]] = []
    for number, lesson in list_lessons(language).items():
        standing = standing_of(lesson, progress.get(str(number)))
        found.append(
            {
                "lesson": number,
                "title": lesson.head.title,
                "about": lesson.head.about,
                "minutes": lesson.head.minutes,
                "steps": standing.steps,
                "standing": standing.words(),
                "done": standing.done,
                "to_do": standing.to_do,
            }
        )
    rows = [("LESSON", "STANDING", "DONE", "TITLE")]
    rows += [(str(o["lesson"]), o["standing"], f"{o['done']}/{o['to_do']}", o["title"]) for o in found]
    show(found, as_json, table(rows))


@lessons_app.command("show")
def show_command(number: Number, language: Language = "en", as_json: AsJson = False) -> None:
    """Print a lesson: its text, and what it asks for with the answers."""
    from selfsup_core.lessons.model import Choice, Text
    from selfsup_core.lessons.reading import find_lesson

    lesson = find_lesson(number, language)
    steps = [
        {"title": step.title, "parts": [{"part": part.name} | plain(part) for part in step.parts]}
        for step in lesson.steps
    ]
    lines = [f"{lesson.number} · {lesson.head.title}", lesson.head.about]
    for at, step in enumerate(lesson.steps, 1):
        lines += ["", f"{at}. {step.title}", ""]
        for part in step.parts:
            if isinstance(part, Text):
                lines += [part.markdown, ""]
            elif isinstance(part, Choice):
                lines += [f"[{part.name}] {part.ask}"]
                lines += [
                    f"  {'*' if place == part.right else '-'} {option.text}"
                    for place, option in enumerate(part.options, 1)
                ]
                lines += [f"  {part.why}", ""]
            else:
                lines += [f"[{part.name}] {headline(part)}", ""]
    about = {"lesson": lesson.number, "name": lesson.name, **lesson.head.model_dump(), "steps": steps}
    show(about, as_json, "\n".join(lines).rstrip())


def plain(part: Config) -> dict[str, Any]:
    """A part as JSON has it, its check with all settings of its kind."""
    found: dict[str, Any] = part.model_dump(mode="json", serialize_as_any=True)
    return found


def headline(part: Any) -> str:
    """The line of a part that has no answers."""
    fields = {"task": "do", "draw": "ask", "formula": "text", "app": "label"}
    return str(getattr(part, fields[part.name]))


@lessons_app.command("guide")
def guide_command(
    name: Annotated[str, typer.Argument(help="Name of the guide; the list of guides without it.")] = "",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """List the guides (teaching, adding parts, deployment, messages …), or print one as Markdown."""
    from selfsup_core.lessons.guides import find_guide, list_guides

    if name:
        guide = find_guide(name, language)
        show(asdict(guide), as_json, f"# {guide.title}\n\n{guide.body}")
        return
    guides = list_guides(language)
    rows = [("GUIDE", "TITLE"), *((one.name, one.title) for one in guides.values())]
    found = [{"guide": one.name, "title": one.title, "about": one.about} for one in guides.values()]
    show(found, as_json, table(rows))


@lessons_app.command("check")
def check_command(
    number: Number,
    run: Annotated[str, typer.Option(help="Run that is looked at, for tasks that ask for that.")] = "",
    epoch: Annotated[int | None, typer.Option(help="Its epoch; the newest unless given.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="Key of the map that is looked at; a second one is beside it."),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Judge the tasks of a lesson by the runs of the workspace; exit code 1 while one is not passed.

    Opens the lesson if it was not: only runs begun since then count.
    """
    from selfsup_core.lessons.evidence import Looking
    from selfsup_core.lessons.reading import find_lesson
    from selfsup_core.lessons.tasks import judge_tasks

    looking = Looking(run, epoch, tuple(maps or ())) if run or maps else None
    judged = judge_tasks(place(workspace), find_lesson(number), looking=looking)
    found = [
        {"task": at, "passed": one.is_passed, "said": one.said, "runs": list(one.runs)}
        for at, one in judged.items()
    ]
    rows = [("TASK", "PASSED", "WHY")]
    rows += [(at, "yes" if one.is_passed else "no", one.said) for at, one in judged.items()]
    show(found, as_json, table(rows))
    if not all(one.is_passed for one in judged.values()):
        raise typer.Exit(1)
