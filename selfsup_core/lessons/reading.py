"""Read a lesson's file: `assets/lessons/<language>/NN-name.md`.

    ---
    title: The autoencoder
    about: One sentence.
    ---
    ## A step
    Text in Markdown.

    ```task
    do: Train it.
    check: {kind: finished, preset: dense-64-32-16}
    ```

A heading of the second level begins a step; a fence that is called like a block of `model.BLOCKS` holds its
YAML.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from selfsup_core.errors import SettingError, StudioError
from selfsup_core.files import parse_yaml, read_file
from selfsup_core.lessons.model import BLOCKS, Choice, Head, Lesson, Part, Step, Text
from selfsup_core.places import ASSETS
from selfsup_core.runs.spec import InnerProblem
from selfsup_core.settings import Config, explain
from selfsup_core.translation import tr

LESSONS = ASSETS / "lessons"
LANGUAGE = "en"
NAME = re.compile(r"([0-9]{2})-([a-z0-9]+(?:-[a-z0-9]+)*)\.md")
PLAIN = ("", "text", "python", "sh")  # fences that are shown as they are
FENCE = "```"


class LessonError(StudioError):
    """A lesson's file is not as it should be."""

    code = "bad-lesson"


def list_lessons(language: str = LANGUAGE, root: Path | None = None) -> dict[int, Lesson]:
    """Number → lesson, in order. Raises LessonError that names file, line and field."""
    folder = (root or LESSONS) / language
    files = sorted(folder.glob("*.md"))
    if not files:
        raise LessonError(
            tr("There are no lessons in the language {language!r}.").format(language=language),
            code="no-lessons",
        )
    found: dict[int, Lesson] = {}
    for path in files:
        lesson = read_lesson(path)
        if lesson.number in found:
            raise LessonError(
                tr("{name} and {name_2}.md have the same number.").format(
                    name=path.name, name_2=found[lesson.number].name
                ),
                remedy=tr("Give one of them another number."),
            )
        found[lesson.number] = lesson
    return found


def find_lesson(number: int, language: str = LANGUAGE, root: Path | None = None) -> Lesson:
    """Raises LessonError: there is no lesson of this number."""
    lessons = list_lessons(language, root)
    if number not in lessons:
        known = ", ".join(str(one) for one in lessons)
        raise LessonError(
            tr("There is no lesson {number}. Known: {known}.").format(number=number, known=known),
            code="no-lesson",
        )
    return lessons[number]


def read_lesson(path: Path) -> Lesson:
    """One file, parsed again once it has changed. Raises LessonError."""
    return parse_file(path, path.stat().st_mtime_ns)


@cache
def parse_file(path: Path, changed: int) -> Lesson:
    """changed: its time, part of what is remembered."""
    named = NAME.fullmatch(path.name)
    if named is None:
        raise LessonError(
            tr("{name} is not the name of a lesson.").format(name=path.name),
            remedy=tr("Call it like 02-autoencoder.md."),
        )
    try:
        text = read_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError(tr("{name} cannot be read as a UTF-8 text.").format(name=path.name)) from error
    head, steps = parse_lesson(text, path)
    return Lesson(int(named[1]), path.stem, path.parent.name, head, steps)


def parse_lesson(text: str, path: Path) -> tuple[Head, tuple[Step, ...]]:
    """path: whose name errors give, and beside which images are."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        raise LessonError(
            tr("{name}, line 1: a lesson begins with its title between two lines of ---.").format(
                name=path.name
            ),
            remedy=tr("Give it these: {model_fields}.").format(model_fields=", ".join(Head.model_fields)),
        )
    end = [line.strip() for line in lines].index("---", 1)
    head = read_block("head", Head, lines[1:end], path.name, 1)
    return head, read_steps(lines, end + 1, path)


def read_steps(lines: list[str], begin: int, path: Path) -> tuple[Step, ...]:
    """begin: place of the first line after the head."""
    steps: list[tuple[str, list[Part]]] = []
    text: list[str] = []
    at = begin

    def close_text() -> None:
        markdown = "\n".join(text).strip()
        text.clear()
        if not markdown:
            return
        if not steps:
            raise LessonError(
                tr("{name}, line {at}: text before the first step.").format(name=path.name, at=at),
                remedy=tr("Begin each step with a line like “## Its title”."),
            )
        steps[-1][1].append(Text(markdown=markdown))

    while at < len(lines):
        line = lines[at]
        if line.startswith(FENCE):
            kind, close = line[len(FENCE) :].strip(), find_close(lines, at, path.name)
            if kind in PLAIN:
                text += lines[at : close + 1]
            elif kind not in BLOCKS:
                raise LessonError(
                    tr("{name}, line {at}: there is no block {kind!r}.").format(
                        name=path.name, at=at + 1, kind=kind
                    ),
                    remedy=tr("Known blocks: {blocks}.").format(blocks=", ".join(BLOCKS)),
                )
            else:
                close_text()
                if not steps:
                    raise LessonError(
                        tr("{name}, line {at}: a block before the first step.").format(
                            name=path.name, at=at + 1
                        )
                    )
                part = read_block(kind, BLOCKS[kind], lines[at + 1 : close], path.name, at + 1)
                check_images(part, path, at + 1)
                steps[-1][1].append(cast("Part", part))
            at = close + 1
            continue
        if line.startswith("## "):
            close_text()
            steps.append((line[3:].strip(), []))
        else:
            text.append(line)
        at += 1
    close_text()
    if not steps:
        raise LessonError(
            tr("{name} has no steps.").format(name=path.name),
            remedy=tr("Begin each with a line like “## Its title”."),
        )
    return tuple(Step(title, tuple(parts)) for title, parts in steps)


def find_close(lines: list[str], at: int, name: str) -> int:
    """The place of the line that closes the fence at a place."""
    for place in range(at + 1, len(lines)):
        if lines[place].strip() == FENCE:
            return place
    raise LessonError(
        tr("{name}, line {at}: the block is not closed.").format(name=name, at=at + 1),
        remedy=tr("Close it with {fence}.").format(fence=FENCE),
    )


def read_block(kind: str, config: type[Config], lines: list[str], name: str, before: int) -> Any:
    """The Config of a block.

    Args:
        name: of the file. before: how many lines of the file come before the block's first.

    Raises:
        LessonError: file, line and field, what was expected and what was found.
    """
    text = "\n".join(lines)
    known = tr("A block {kind} has: {model_fields}.").format(
        kind=kind, model_fields=", ".join(config.model_fields)
    )
    try:
        values = parse_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error)
        line = before + 1 + (mark.line if mark else 0)
        raise LessonError(
            tr("{name}, line {line}: {kind} is not valid YAML: {why}.").format(
                name=name, line=line, kind=kind, why=why
            ),
            remedy=tr("A text with a colon or a brace stands in quotes."),
        ) from error
    except (ValueError, RecursionError) as error:
        raise LessonError(
            tr("{name}, line {before}: {kind} is not valid YAML.").format(
                name=name, before=before + 1, kind=kind
            )
        ) from error
    if not isinstance(values, dict):
        raise LessonError(
            tr("{name}, line {before}: {kind} must be a mapping of fields.").format(
                name=name, before=before + 1, kind=kind
            ),
            remedy=known,
        )
    try:
        return config.model_validate(values)
    except ValidationError as error:
        place = line_of(text, place_of(error), before)
        raise LessonError(f"{name}, line {place}: {kind}: {say(error, config)}", remedy=known) from error
    except InnerProblem as problem:
        part, inner = problem.part, problem.error
        place = line_of(text, (part, *place_of(inner)), before)
        raise LessonError(
            f"{name}, line {place}: {kind}: {say(inner, problem.config, f'{part}.')}",
            remedy=tr("{part} has: {model_fields}.").format(
                part=part, model_fields=", ".join(problem.config.model_fields)
            ),
        ) from problem
    except SettingError as error:
        raise LessonError(
            f"{name}, line {before + 1}: {kind}: {error.message}", remedy=error.remedy
        ) from error


def place_of(error: ValidationError) -> tuple[int | str, ...]:
    """The field that is wrong first."""
    return tuple(error.errors(include_url=False)[0]["loc"])


def say(error: ValidationError, config: type[Config], prefix: str = "") -> str:
    """What is wrong first. prefix: where the config is in the block ("check.")."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "missing":
        return tr("{prefix}{map} is missing.").format(prefix=prefix, map=".".join(map(str, first["loc"])))
    if not first["loc"]:  # of several fields together
        return f"{prefix.rstrip('.')}: {first['msg'].removeprefix('Value error, ')}.".removeprefix(": ")
    return str(explain(error, config, prefix))


def line_of(text: str, path: tuple[int | str, ...], before: int) -> int:
    """The line of the file where a field of a block is; the block's first where it is missing."""
    node: Any = yaml.compose(text, yaml.SafeLoader)
    line = 0
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return before + 1 + line


def check_images(part: Config, path: Path, line: int) -> None:
    """Raises LessonError: an image that a block names is not beside the lesson."""
    if not isinstance(part, Choice):
        return
    for option in part.options:
        if option.image and not (path.parent / "images" / option.image).is_file():
            raise LessonError(
                tr("{name}, line {line}: there is no image {image!r}.").format(
                    name=path.name, line=line, image=option.image
                ),
                remedy=tr("Put it into the folder images beside the lesson."),
            )


def image_path(lesson: Lesson, image: str) -> Path:
    return LESSONS / lesson.language / "images" / image
