"""Every benchmark at toy size: it runs, and gives finite numbers under the names of its columns."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import discover
from benchmarks.browser import find_browser
from tests.helpers import ROOT

KNOWN = discover()
QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}


def marked(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.browser) if KNOWN[name].has_browser else name


def run(out: Path, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BENCH_")}
    return subprocess.run(
        [sys.executable, "-m", "tests.zygote", "-m", "benchmarks", *arguments, "--toy", "--out", str(out)],
        cwd=ROOT,
        env=environment | QUIET,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What each benchmark gave at toy size, all in one process: their imports take longer than they do."""
    has_browser = find_browser() is not None
    names = [name for name in KNOWN if has_browser or not KNOWN[name].has_browser]
    out = tmp_path_factory.mktemp("toys") / "out.json"
    done = run(out, *names, "--device", "cpu", timeout=900)
    made = {one["name"]: one for one in json.loads(out.read_bytes())["benchmarks"]}
    assert set(made) == set(names), done.stdout[-2000:] + done.stderr[-2000:]
    return made


@pytest.mark.parametrize("name", [marked(name) for name in KNOWN])
def test_it_gives_finite_numbers_under_its_columns(name: str, toys: dict[str, dict]):
    if name not in toys:
        assert not os.environ.get("CI"), "Chromium is missing"
        pytest.skip("no Chromium on this machine")
    made = toys[name]
    assert made["error"] == ""
    found = {column: value for row in made["rows"] for column, value in row["figures"].items()}
    left_out = {column for row in made["rows"] for column in row["left_out"]}
    assert all(math.isfinite(value) for value in found.values()), found
    wanted = set(made["columns"])
    assert wanted - left_out <= set(found)
    if name != "gpu":  # whose checks have figures of their own
        assert set(found) <= wanted
    assert found or left_out == wanted


def test_a_failure_is_named_and_stops_nothing(tmp_path: Path):
    """Two benchmarks, of which the first cannot find its interpreter."""
    done = run(tmp_path / "out.json", "others", "opening", "--python", str(tmp_path / "no-python"))
    assert done.returncode == 1
    assert "FAILED others" in done.stdout
    made = json.loads((tmp_path / "out.json").read_bytes())["benchmarks"]
    assert [bool(one["error"]) for one in made] == [True, False]
    assert made[1]["rows"]


def test_help_names_every_benchmark_and_option():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name, benchmark in KNOWN.items():
        assert f"  {name} " in done.stdout
        assert benchmark.about in done.stdout
    for option in ("--toy", "BENCH_TOY", "--seeds", "BENCH_PYTHON", "--out"):
        assert option in done.stdout


def test_an_unknown_name_is_refused(tmp_path: Path):
    done = run(tmp_path / "out.json", "nothing")
    assert done.returncode == 2
    assert "Known: classify" in done.stderr
