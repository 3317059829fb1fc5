"""The guides are true: their examples run, their commands are known, their messages are said by the code, and
their links lead somewhere.
"""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from playwright._impl._driver import compute_driver_executable

from selfsup_core.cli.main import app
from selfsup_core.lessons import reading, tasks
from selfsup_core.lessons.guides import GuideError, find_guide, linked, list_guides
from selfsup_core.lessons.model import Task
from selfsup_core.translation import ENGLISH, known_languages, read_catalog
from tests.helpers import ROOT, parse, python
from tests.lessons.helpers import pass_check

GUIDES = list_guides()
EXTEND = GUIDES["extend"].body
BLOCK = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
SCRIPT = re.compile(r"```js\n// (\S+)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")
QUOTED = re.compile(r"^> (.+)$", re.MULTILINE)
STARTS = ("python ", "podman ", "sudo ", "make ")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "assets" / "docs").rglob("*.md"))]


def test_the_examples_pass_their_tests(tmp_path: Path):
    """The code registers itself when a plugin imports it, as if it were in the folder that it names."""
    blocks = BLOCK.findall(EXTEND)
    code = [(name, text) for name, text in blocks if name.startswith("selfsup_core/")]
    tests = [(name, text) for name, text in blocks if name.startswith("tests/")]
    kinds = {Path(name).parts[1] for name, _ in code}
    assert kinds == {"objectives", "pseudo", "data", "tasks", "inspection"}
    assert len(code) == len(tests)
    for name, _ in code:
        assert (ROOT / name).parent.is_dir(), f"there is no folder for {name}"
        assert not (ROOT / name).exists(), f"{name} already exists"
    for name, text in tests:
        (tmp_path / Path(name).name).write_text(text, "utf-8")
    plugin = "from tests.conftest import workspace\n\n" + "\n".join(text for _, text in code)
    (tmp_path / "conftest.py").write_text(plugin, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(tests)} passed" in done.stdout


def test_the_panel_is_shown_and_passes_its_test(tmp_path: Path):
    """In a copy of the app's modules, where sets.js names the panel as the guide says."""
    shutil.copytree(ROOT / "assets" / "web", tmp_path / "assets" / "web")
    (tmp_path / "tests" / "web").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "web" / "page.js", tmp_path / "tests" / "web")
    files = dict(SCRIPT.findall(EXTEND))
    assert [Path(name).parts[0] for name in files] == ["assets", "tests"]
    for name, text in files.items():
        assert not (tmp_path / name).exists(), f"{name} already exists"
        (tmp_path / name).write_text(text, "utf-8")
    panel, test = (tmp_path / name for name in files)
    sets = tmp_path / "assets" / "web" / "stage" / "sets.js"
    named = f'import {panel.stem} from "./panels/{panel.name}"\n' + sets.read_text("utf-8")
    sets.write_text(named.replace("autoencoder: [", f"autoencoder: [{panel.stem}, "), "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    command = [compute_driver_executable()[0], "--test", str(test)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lesson_opens_and_its_task_fails_and_is_passed(workspace: Path, tmp_path: Path):
    (text,) = re.findall(r"````md\n(.*?)````", EXTEND, re.DOTALL)
    (name,) = re.findall(r"a whole lesson, `(\S+)`", EXTEND)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / name).write_text(text, "utf-8")
    ((number, lesson),) = reading.list_lessons(root=tmp_path).items()
    assert number not in reading.list_lessons(), "another number is needed"
    ((place, _, task),) = [todo for todo in lesson.to_do() if isinstance(todo[2], Task)]
    assert not tasks.judge_tasks(workspace, lesson)[place].is_passed
    pass_check(workspace, task.check)
    assert tasks.judge_tasks(workspace, lesson)[place].is_passed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path):
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@cache
def texts_of_the_code() -> str:
    """All texts of the app's Python and JavaScript, a line each, values as an ellipsis."""
    found: list[str] = []
    paths = [ROOT / "server.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "selfsup_core").rglob("*.py")]
    for path in paths:
        for node in ast.walk(parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [node.value, re.sub(r"\{[^{}]*\}", "…", node.value)]
            elif isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
                )
    for path in (ROOT / "assets" / "web").rglob("*.js"):
        found += re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text("utf-8"))
    return "\n".join(" ".join(text.split()) for text in found)


@pytest.mark.parametrize("name", GUIDES)
def test_every_quoted_message_is_one_of_the_app(name: str):
    quoted = QUOTED.findall(GUIDES[name].body)
    missing = [text for text in quoted if text not in texts_of_the_code()]
    assert missing == [], f"{name}.md quotes what the app does not say"
    if name == "troubleshooting":
        assert len(quoted) >= 20


@cache
def texts_in(code: str) -> str:
    """All messages of a language's catalog, a line each, values as an ellipsis."""
    said = (str(message.string) for message in read_catalog(code))
    return "\n".join(re.sub(r"\{[^{}]*\}", "…", " ".join(text.split())) for text in said)


def examples_of(text: str) -> list[str]:
    """Blocks of code, without what their lines explain after a #; the list of folders is prose."""
    blocks = re.findall(r"^(`{3,4})(\w*)\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)
    plain = [body for _, kind, body in blocks if kind or "app.py  " not in body]
    return [re.sub(r"(?m)\s+#.*$|cookie_secret = .*$", "", body) for body in plain]


@pytest.mark.parametrize("code", [code for code in known_languages() if code != ENGLISH])
def test_guides_of_another_language_say_the_same(code: str):
    """They are all there, quote what the app says in that language, and have the same parts and examples."""
    others = list_guides(code)
    assert others.keys() == GUIDES.keys()
    for name, guide in others.items():
        english = GUIDES[name].body
        assert examples_of(guide.body) == examples_of(english), name
        for parts in (r"^(#+) ", r"^(\|) ", r"^(>) "):
            found = [re.findall(parts, text, re.MULTILINE) for text in (guide.body, english)]
            assert found[0] == found[1], f"{name}: {parts}"
        missing = [text for text in QUOTED.findall(guide.body) if text not in texts_in(code)]
        assert missing == [], f"{name}.md quotes what the app does not say in {code}"
        named = [set(re.findall(r"`([^`\n]+)`", text)) for text in (guide.body, english)]
        if name not in ("teach", "features", "extend"):
            assert named[0] == named[1], name


def commands_of(text: str) -> list[list[str]]:
    """Lines of its plain code blocks, without what a line explains after a #."""
    lines = [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith(STARTS)]


# Importing the server changes what pages of this process believe.
TAKES = """
import json, sys
import server

for words in json.loads(sys.argv[1]):
    sys.argv = ["server.py", *words]
    server.read_arguments()
"""


def test_the_server_takes_every_command_of_the_guides_and_of_the_service():
    found = [service()]
    for guide in GUIDES.values():
        within = [shlex.split(one) for one in re.findall(r"`(python [^`\n]*)`", guide.body)]
        for words in commands_of(guide.body) + within:
            if "server.py" in words:
                found.append(words[words.index("server.py") + 1 :])
            elif words[:1] == ["podman"] and words[-1] != ".":
                found.append(words[words.index("selfsup-studio") + 1 :])
    assert len(found) > 8
    done = python(TAKES, json.dumps(found))
    assert done.returncode == 0, done.stderr
    assert python(TAKES, json.dumps([["--adress", "0.0.0.0"]])).returncode == 2


def service() -> list[str]:
    """What the service of systemd gives to server.py."""
    (unit,) = re.findall(r"```ini\n(.*?)```", GUIDES["deploy"].body, re.DOTALL)
    parsed = configparser.ConfigParser(strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(unit)
    assert parsed["Service"]["Environment"].startswith("SELFSUP_WORKSPACE=")
    interpreter, script, *given = shlex.split(parsed["Service"]["ExecStart"])
    assert interpreter.startswith(parsed["Service"]["WorkingDirectory"])
    assert script == "server.py"
    return given


def test_the_command_line_knows_every_command_of_the_guides():
    """Groups, commands and options; what is only named in a comment is not looked at."""
    root: Any = typer.main.get_command(app)
    found = [
        words[3:] for words in commands_of(GUIDES["commands"].body) if words[1:3] == ["-m", "selfsup_core"]
    ]
    assert len(found) > 40
    for words in found:
        command, rest = root, list(words)
        while hasattr(command, "commands"):
            name = rest.pop(0)
            assert name in command.commands, " ".join(words)
            command = command.commands[name]
        options = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        unknown = [word for word in rest if word.startswith("--") and word not in options]
        assert not unknown, " ".join(words)


def test_makefile_and_lessons_that_the_guides_name_are_there():
    goals = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lessons = reading.list_lessons()
    for guide in GUIDES.values():
        assert set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z-]+)`", guide.body)) <= goals
        assert {int(number) for number in re.findall(r"[Ll]esson (\d+)\b", guide.body)} <= set(lessons) | {30}


def test_a_workshop_takes_ninety_minutes_and_its_lessons_fit():
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", GUIDES["teach"].body, re.MULTILINE)
    times = [int(minute) for minute, _ in rows]
    lessons = reading.list_lessons()
    for (_, what), begin, end in zip(rows, times, [*times[1:], 90], strict=True):
        for number in re.findall(r"Lesson (\d+)", what):
            assert lessons[int(number)].head.minutes <= end - begin, what
    assert times == sorted(times)
    assert times[0] == 0
    assert times[-1] < 90


def test_guides_are_listed_in_order_and_links_between_them_are_addresses():
    assert list(GUIDES)[:5] == ["teach", "extend", "deploy", "troubleshooting", "commands"]
    shown = linked(GUIDES["teach"], "learn?guide=")
    assert "](learn?guide=troubleshooting)" in shown
    assert ".md)" not in shown


def test_a_guide_that_is_not_there_or_has_no_title_is_refused(tmp_path: Path):
    with pytest.raises(GuideError, match=r"no guide 'nothing'\. Known: teach, "):
        find_guide("nothing")
    with pytest.raises(GuideError, match="no guides in the language 'xx'"):
        list_guides("xx")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "bare.md").write_text("No title.", "utf-8")
    with pytest.raises(GuideError, match=r"bare.md must begin with its title"):
        list_guides(root=tmp_path)
