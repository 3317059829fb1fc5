"""What a page may pull in: opening the app must stay quick, so no page imports a heavy library.

Who may import whom is held by import-linter: `make lint`, contracts in pyproject.toml.
"""

from __future__ import annotations

import ast
import json
from importlib import import_module

from tests.helpers import ROOT, python

HEAVY = ("torch", "sklearn", "transformers", "umap", "streamlit", "scipy", "pandas")


def modules_that_pages_import() -> list[str]:
    """Core modules that pages, routes and the command line import when they are imported themselves."""
    found: set[str] = set()
    files = [ROOT / "app.py", ROOT / "server.py", *(ROOT / "pages").rglob("*.py")]
    files += (ROOT / "selfsup_core" / "cli").glob("*.py")
    for file in files:
        for node in ast.parse(file.read_text("utf-8")).body:
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
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("selfsup_core")
        for name in node.names
    }
    lacking = [
        f"{module}.{name}" for module, name in sorted(wanted) if not hasattr(import_module(module), name)
    ]
    assert not lacking
