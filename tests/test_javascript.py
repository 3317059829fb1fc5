"""Unit tests of the JavaScript in assets/web, by the Node that Playwright brings: no other is needed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.helpers import ROOT

NODE = compute_driver_executable()[0]
FILES = sorted((ROOT / "tests" / "web").glob("*.test.js"))
# The files are ES modules, which Node finds out by itself and would mention.
QUIET = ("--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--disable-warning=ExperimentalWarning")


def run_node(*arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    done = subprocess.run(
        [NODE, *QUIET, *arguments], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_units(path):
    run_node("--test", str(path))


def test_every_module_can_be_loaded_and_finds_what_it_imports():
    """A wrong name in an import is an error only when the module is loaded, in a browser or here."""
    web = ROOT / "assets" / "web"
    loads = "".join(f"await import({path.as_uri()!r});\n" for path in sorted(web.rglob("*.js")))
    run_node("--input-type=module", "--eval", loads)


def imports_of(path: Path) -> set[Path]:
    names = re.findall(r'^(?:import|export)\b[^"]*"(\.{1,2}/.*?)"', path.read_text(), re.MULTILINE)
    return {(path.parent / name).resolve() for name in names}


def test_the_page_latent_space_asks_for_all_its_modules_at_once():
    main = ROOT / "assets/web/space/main.js"
    named = imports_of(main)
    needed = set().union(*map(imports_of, named))
    assert needed <= named, sorted(path.name for path in needed - named)
