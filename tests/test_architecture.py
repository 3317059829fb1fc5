"""The house's rules, read from the code: who imports whom, and what a page may pull in."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.helpers import ROOT, python

CORE = ROOT / "selfsup_core"
ORDER = (
    "data", "models", "objectives", "pseudo", "train", "evaluate", "project", "runs", "figures", "export", "lab",
)  # fmt: skip
# Anybody may import these; they import no package.
BASE = ("errors", "files", "registry", "settings")
HEAVY = ("torch", "sklearn", "transformers", "umap", "streamlit", "scipy", "pandas")
FOR_PAGES = (
    "selfsup_core.runs.spec", "selfsup_core.runs.queue", "selfsup_core.runs.folder",
    "selfsup_core.runs.control", "selfsup_core.runs.supervisor", "selfsup_core.runs.trash",
    "selfsup_core.runs.live", "selfsup_core.runs.frames", "selfsup_core.runs.access",
    "selfsup_core.cli", "selfsup_core.data.sources", "selfsup_core.models",
    "selfsup_core.objectives", "selfsup_core.evaluate.verdict", "selfsup_core.figures.standing", "selfsup_core.figures.data",
    "selfsup_core.data.own", "selfsup_core.data.uploads", "selfsup_core.data.mends",
    "selfsup_core.data.budget", "selfsup_core.export.datasets", "selfsup_core.runs.family",
    "selfsup_core.runs.estimate", "selfsup_core.cli_remote", "selfsup_core.cli_classify", "selfsup_core.cli_pseudo", "selfsup_core.models.remote",
    "selfsup_core.lab.process", "selfsup_core.lab.language", "selfsup_core.models.pretrained",
    "selfsup_core.figures.tokens", "selfsup_core.cli_language", "selfsup_core.figures.comparison",
    "selfsup_core.lab.catalogue", "selfsup_core.lab.loaded", "selfsup_core.lab.remote_reading",
    "selfsup_core.evaluate.comparing", "selfsup_core.models.hub", "selfsup_core.models.model_folder",
)  # fmt: skip


def imports(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def package(name: str) -> str:
    """`selfsup_core.data.splits` → `data`; "" for what is not the core."""
    parts = name.split(".")
    return parts[1] if parts[0] == "selfsup_core" and len(parts) > 1 else ""


FILES = sorted(CORE.rglob("*.py"))


def test_the_parser_sees_imports(tmp_path):
    (tmp_path / "a.py").write_text(
        "def f():\n  from selfsup_core.runs import spec\nimport torch.nn"
    )
    assert imports(tmp_path / "a.py") == {"selfsup_core.runs", "selfsup_core.runs.spec", "torch.nn"}
    assert package("selfsup_core.runs.spec") == "runs"
    assert len(FILES) > 40


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CORE)))
def test_core_knows_no_streamlit_and_no_page(path):
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"streamlit", "pages", "app", "server"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CORE)))
def test_imports_point_one_way(path):
    place = path.relative_to(CORE).parts
    found = {package(name) for name in imports(path)} & set(ORDER)
    if len(place) == 1:
        if path.stem in BASE:
            assert not found, f"{path.name} is below all packages"
        return
    assert place[0] in ORDER, f"{place[0]} has no place in the order"
    wrong = {other for other in found if ORDER.index(other) > ORDER.index(place[0])}
    assert not wrong, f"{place[0]} may not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("module", FOR_PAGES)
def test_what_a_page_imports_stands_where_the_test_looks(module):
    path = ROOT / Path(*module.split("."))
    assert path.with_suffix(".py").exists() or (path / "__init__.py").exists()


CODE = f"""
import importlib, json, sys
for name in sys.argv[1:]: importlib.import_module(name)
from selfsup_core.data.sources import SOURCES
from selfsup_core.runs.spec import RunSpec, list_presets, preset_spec
[preset_spec(name) for name in list_presets()]; list(SOURCES.items())
print(json.dumps(sorted(set(sys.modules) & set({HEAVY!r}))))
"""


def test_what_pages_import_brings_no_heavy_library():
    done = python(CODE, *FOR_PAGES)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_test_above_can_fail():
    assert "torch" in json.loads(python(CODE, "selfsup_core.train.loop").stdout)
