"""`pip wheel .` gives the library and the app in one file, with every asset that the routes serve."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

from selfsup_core import __version__
from tests.helpers import ROOT

OURS = {"selfsup_core", "pages", "tests"}


def test_the_wheel_holds_library_app_and_assets(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert __version__ in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        meta = next(name for name in names if name.endswith(".dist-info/METADATA"))
        about = archive.read(meta).decode().lower().replace("_", "-")
    for folder in ("assets", "pages"):
        files = subprocess.check_output(["git", "ls-files", folder], cwd=ROOT, text=True).split()
        assert files
        assert {f"selfsup_studio/{file}" for file in files} <= names
    assert {
        "selfsup_studio/app.py",
        "selfsup_studio/server.py",
        "selfsup_studio/.streamlit/config.toml",
    } <= names
    assert any(name.startswith("selfsup_core/runs/presets/") for name in names)
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f"requires-dist: {line}".lower().replace("_", "-") in about


def test_the_lock_holds_every_pin_with_hashes():
    """`make lock` writes it; a pin that is changed without it fails here."""
    locked = {}
    for block in re.split(r"\n(?=[A-Za-z])", (ROOT / "requirements.lock").read_text()):
        if pin := re.match(r"([\w.-]+)==(\S+)", block):
            locked[pin[1].lower().replace("_", "-")] = (pin[2], "--hash=sha256:" in block)
    pins = [line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line]
    assert len(pins) > 30
    for name, version in pins:
        assert locked.get(name.lower().replace("_", "-")) == (version, True), name
    assert all(has_hash for _, has_hash in locked.values())


def test_what_is_imported_is_declared():
    """Also what comes along with another package: that one may stop bringing it."""
    declared = {
        line.split("==")[0].lower().replace("_", "-")
        for name in ("requirements.txt", "requirements-assets.txt")
        for line in (ROOT / name).read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    brought_by = packages_distributions()
    files = [
        *(ROOT / "selfsup_core").rglob("*.py"),
        *(ROOT / "pages").rglob("*.py"),
        ROOT / "app.py",
        ROOT / "server.py",
    ]
    missing = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - OURS - sys.stdlib_module_names:
                dists = {dist.lower().replace("_", "-") for dist in brought_by.get(name, [name])}
                if not dists & declared:
                    missing.setdefault(name, path.relative_to(ROOT))
    assert not missing


def test_the_hooks_check_what_make_lint_does():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    for tool in ("ruff format", "ruff check", "lint-imports", "mypy", "biome"):
        assert f".venv/bin/{tool}" in hooks
