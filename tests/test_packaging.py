"""`pip wheel .` gives the library and the app in one file, with every asset that the routes serve."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from selfsup_core import __version__
from tests.helpers import ROOT, parse

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


def read_lock(name: str) -> dict[str, str]:
    """Package → version of a lock file, in which each has a hash."""
    locked = {}
    for block in re.split(r"\n(?=[A-Za-z])", (ROOT / name).read_text()):
        if pin := re.match(r"([\w.-]+)==(\S+)", block):
            assert "--hash=sha256:" in block, pin[1]
            locked[pin[1].lower().replace("_", "-")] = pin[2]
    return locked


@pytest.mark.parametrize(("name", "least"), [("requirements", 30), ("requirements-dev", 20)])
def test_the_lock_holds_every_pin_with_hashes(name: str, least: int):
    """`make lock` writes it; a pin that is changed without it fails here."""
    locked = read_lock(f"{name}.lock")
    lines = (ROOT / f"{name}.txt").read_text().splitlines()
    pins = [line.split(";")[0].split("==") for line in lines if "==" in line]
    assert len(pins) > least
    for package, version in pins:
        assert locked.get(package.lower().replace("_", "-")) == version, package
    assert read_lock("requirements.lock").items() <= read_lock("requirements-dev.lock").items()


class Answers(BaseHTTPRequestHandler):
    """A list of weaknesses that can be reached."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.mark.skipif(shutil.which("bash") is None, reason="a script for Linux and macOS")
@pytest.mark.parametrize(
    ("answers", "finds", "strict", "code", "said"),
    [
        (False, True, True, 0, "were not audited: http://127.0.0.1"),
        (True, True, False, 0, "have known weaknesses"),
        (True, True, True, 1, "have known weaknesses"),
        (True, False, True, 0, ""),
    ],
    ids=["unreachable", "found", "strict", "clean"],
)
def test_ci_audits_where_it_can(answers: bool, finds: bool, strict: bool, code: int, said: str):
    server = HTTPServer(("127.0.0.1", 0), Answers)
    if answers:
        threading.Thread(target=server.handle_request, daemon=True).start()
    else:
        server.server_close()
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "audit")],
        env=os.environ
        | {
            "AUDIT_LIST": f"http://127.0.0.1:{server.server_port}/",
            "AUDIT": "strict" if strict else "",
            "MAKE": "false" if finds else "true",
            "PYTHON": sys.executable,
            "no_proxy": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    server.server_close()
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout
    assert bool(said) == bool(done.stdout)


def test_what_is_imported_is_declared():
    """Also what comes along with another package: that one may stop bringing it."""
    declared = {
        line.split("==")[0].lower().replace("_", "-")
        for name in (
            "requirements.txt",
            "requirements-formats.txt",
            "requirements-assets.txt",
            "requirements-onnx.txt",
            "requirements-sweep.txt",
            "requirements-ray.txt",
            "requirements-trackers.txt",
        )
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
        for node in ast.walk(parse(path.read_text("utf-8"))):
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
