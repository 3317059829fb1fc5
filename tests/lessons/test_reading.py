import pytest

from selfsup_core.errors import StudioError
from selfsup_core.lessons.model import App, Choice, Draw, Formula, Question, Task, Text
from selfsup_core.lessons.reading import find_lesson, list_lessons
from tests.lessons.helpers import write_lesson

STEP = "## First\nSome *text*.\n"


def block(kind: str, text: str) -> str:
    return f"{STEP}\n```{kind}\n{text}\n```\n"


def test_the_lessons_that_come_with_the_program_can_be_read():
    lessons = list_lessons()
    assert list(lessons) == sorted(lessons)
    for lesson in lessons.values():
        parts = [part for _, _, part in lesson.to_do()]
        assert sum(isinstance(part, Question) for part in parts) >= 3, lesson.name
        assert any(isinstance(part, Task) for part in parts), lesson.name
        places = [place for place, _, _ in lesson.to_do()]
        assert len(places) == len(set(places))


def test_right_answers_do_not_all_have_one_place():
    """Else a reader learns to choose by place."""
    for lesson in list_lessons().values():
        rights = {part.right for _, _, part in lesson.to_do() if isinstance(part, Choice)}
        assert len(rights) > 1, lesson.name


def test_parts_come_in_the_order_of_the_file(tmp_path):
    lesson = write_lesson(
        tmp_path,
        STEP
        + "```app\npreset: vae\nset: {train.epochs: 3, model.widths: [8, 2]}\n```\nMore.\n"
        + "```python\nprint('## no step')\n```\n## Second\n"
        + '```formula\ntext: "{L}({x}, {x̂})"\nsymbols: {L: {called: loss, metric: val_loss}, '
        + "x: {called: in}, x̂: {called: out, value: output}}\n```\n",
    )
    first, second = lesson.steps
    assert (lesson.number, lesson.name, first.title, second.title) == (7, "07-made-up", "First", "Second")
    assert [type(part) for part in first.parts] == [Text, App, Text]
    assert "## no step" in first.parts[2].markdown
    assert first.parts[1].address() == {
        "preset": "vae",
        "set": ["train.epochs=3", "model.widths=[8,2]"],
    }
    formula = second.parts[0]
    assert isinstance(formula, Formula)
    assert formula.pieces() == [
        ("symbol", "L"),
        ("text", "("),
        ("symbol", "x"),
        ("text", ", "),
        ("symbol", "x̂"),
        ("text", ")"),
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("Text.\n", "text before the first step"),
        (block("tasks", "do: x"), "line 8: there is no block 'tasks'. Known blocks: app, formula"),
        (f"{STEP}```task\ndo: x\n", "line 7: the block is not closed"),
        (block("task", "do: x\ncheck: {kind: finnished}"), "line 9: task: There is no check of a task"),
        (block("task", "do: x\ncheck: {kind: finished, presett: vae}"), "line 10: task: There is no setting"),
        (
            block("task", "do: x\ncheck: {kind: metric, preset: vae}"),
            "line 10: task: check: give below, above",
        ),
        (block("task", "do: x\ncheck: {kind: finished, preset: vae2}"), "There is no preset 'vae2'"),
        (
            block("task", "do: x\ncheck: {kind: finished, preset: vae, set: {train.epoch: 1}}"),
            "Did you mean train.epochs?",
        ),
        (
            block("task", "check: {kind: finished}"),
            "line 9: task: do is missing. A block task has: do, check",
        ),
        (
            block("app", "preset: vae\nset: {train.epochs: 0}"),
            "train.epochs must be at least 1 and at most 100000; found 0",
        ),
        (block("app", "pge: data"), "line 9: app: There is no setting 'pge'. Did you mean page?"),
        (block("question", "ask: Why?\noptions: [a, b]\nright: 3\nwhy: so"), "right is 3, and there are 2"),
        (
            block("question", "ask: Why?\noptions: [a, {text: b, image: no.png, alt: b}]\nright: 1\nwhy: so"),
            "no image",
        ),
        (block("question", "ask: Why: because\noptions: [a, b]"), "line 9: question is not valid YAML"),
        (block("formula", 'text: "{x}"\nsymbols: {y: {called: y}}'), "{x} in the text has no entry"),
        (block("draw", "ask: x\nlow: 1\nof: {kind: finished}"), "low must be less than high"),
        (block("question", "- a"), "must be a mapping"),
    ],
)
def test_an_error_names_file_line_and_remedy(tmp_path, body, told):
    with pytest.raises(StudioError) as error:
        write_lesson(tmp_path, body)
    assert told in str(error.value)
    assert str(error.value).startswith("07-made-up.md")


def test_names_and_numbers_of_files_are_checked(tmp_path):
    with pytest.raises(StudioError, match="is not the name of a lesson"):
        write_lesson(tmp_path, STEP, "Lesson 7.md")
    (tmp_path / "lessons" / "en" / "Lesson 7.md").unlink()
    write_lesson(tmp_path, STEP)
    write_lesson(tmp_path, STEP, "07-twin.md")
    root = tmp_path / "lessons"
    with pytest.raises(StudioError, match="same number"):
        list_lessons(root=root)
    with pytest.raises(StudioError, match="no lessons in the language 'xx'"):
        list_lessons("xx", root)
    (root / "en" / "07-twin.md").unlink()
    with pytest.raises(StudioError, match=r"There is no lesson 9\. Known: 7\."):
        find_lesson(9, root=root)


def test_a_changed_file_is_read_again(tmp_path):
    import os

    lesson = write_lesson(tmp_path, STEP)
    path = tmp_path / "lessons" / "en" / "07-made-up.md"
    path.write_text(path.read_text().replace("First", "Changed"))
    os.utime(path, ns=(1, 1))
    assert lesson.steps[0].title == "First"
    assert find_lesson(7, root=tmp_path / "lessons").steps[0].title == "Changed"


def test_what_a_curve_asks_for_is_a_check(tmp_path):
    lesson = write_lesson(tmp_path, block("draw", "ask: Draw.\nof: {kind: finished, preset: vae, epochs: 4}"))
    (draw,) = [part for _, _, part in lesson.to_do()]
    assert isinstance(draw, Draw)
    assert (draw.of.kind, draw.of.epochs) == ("finished", 4)
