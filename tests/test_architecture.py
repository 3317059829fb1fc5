"""What a page may pull in: opening the app must stay quick, so no page imports a heavy library. And how long
a file may be.

Who may import whom is held by import-linter: `make lint`, contracts in pyproject.toml.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from importlib import import_module
from pathlib import Path

from tests.helpers import ROOT, parse, python

MOST_LINES = 400
REASON = re.compile(r"\bLong, because \w+")

HEAVY = ("torch", "sklearn", "transformers", "umap", "streamlit", "scipy", "pandas")


def modules_that_pages_import() -> list[str]:
    """Core modules that pages, routes and the command line import when they are imported themselves."""
    found: set[str] = set()
    files = [ROOT / "app.py", ROOT / "server.py", *(ROOT / "pages").rglob("*.py")]
    files += (ROOT / "selfsup_core" / "cli").glob("*.py")
    for file in files:
        for node in parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("selfsup_core"):
                found.add(node.module or "")
    return sorted(found | {"selfsup_core.cli.main"})


CODE = f"""
import importlib, json, sys
for name in sys.argv[1:]: importlib.import_module(name)
from selfsup_core.data.sources import SOURCES
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec
[preset_spec(name) for name in list_presets()]; list(SOURCES.items())
print(json.dumps(sorted(set(sys.modules) & set({HEAVY!r}))))
"""


def test_what_pages_import_brings_no_heavy_library():
    modules = modules_that_pages_import()
    assert len(modules) > 30
    done = python(CODE, *modules)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_test_above_can_fail():
    assert "torch" in json.loads(python(CODE, "selfsup_core.train.loop").stdout)


def test_scripts_that_no_test_runs_find_what_they_import():
    """Whoever moves a function sees here that a script beside the pictures and examples still imports it."""
    scripts = [*(ROOT / "assets").rglob("*.py"), ROOT / "tests" / "fixtures" / "make.py"]
    assert len(scripts) >= 3
    wanted = {
        (node.module, name.name)
        for path in scripts
        for node in ast.walk(parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("selfsup_core")
        for name in node.names
    }
    lacking = [
        f"{module}.{name}" for module, name in sorted(wanted) if not hasattr(import_module(module), name)
    ]
    assert not lacking


def head_of(path: Path) -> str:
    """The docstring of a module, or the comment that a script begins with."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return ast.get_docstring(parse(text)) or ""
    lines = itertools.takewhile(lambda line: line.startswith("//"), text.splitlines())
    return " ".join(line.removeprefix("//").strip() for line in lines)


def is_defended(path: Path) -> bool:
    """Whether a file is short, or says at its head why it is long."""
    is_long = len(path.read_text("utf-8").splitlines()) > MOST_LINES
    return not is_long or bool(REASON.search(head_of(path)))


def test_a_long_file_says_why_it_is_long():
    files = [
        file for folder in ("selfsup_core", "pages", "benchmarks") for file in (ROOT / folder).rglob("*.py")
    ]
    files += [*ROOT.glob("*.py"), *(ROOT / "assets" / "web").rglob("*.js")]
    assert len(files) > 500
    undefended = [str(file.relative_to(ROOT)) for file in files if not is_defended(file)]
    assert not undefended, "split them, or begin a sentence of their docstring with 'Long, because'"


def test_a_long_file_without_a_reason_is_found(tmp_path: Path):
    body = "x = 1\n" * MOST_LINES
    heads = {
        "a.py": '"""About."""\n',
        "b.py": '"""About.\n\nLong, because it is one table.\n"""\n',
        "c.js": "// About.\n",
    }
    for name, head in heads.items():
        (tmp_path / name).write_text(head + body)
    (tmp_path / "d.js").write_text("// About. Long, because\n// it is one closure.\n" + body)
    (tmp_path / "e.py").write_text(body)
    found = {path.name: is_defended(path) for path in tmp_path.iterdir()}
    assert found == {"a.py": False, "b.py": True, "c.js": False, "d.js": True, "e.py": True}


def test_each_line_of_the_list_of_thorough_tests_is_the_beginning_of_a_tests_name():
    lines = (ROOT / "tests" / "thorough.txt").read_text().splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        file, name = line.split("::")
        assert f"def {name.split('[')[0]}" in (ROOT / "tests" / file).read_text(), line
