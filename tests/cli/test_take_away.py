"""`runs pack`, `runs unpack` and the other commands that take a run away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfsup_core.runs.folder import RunFolder
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("take-away") / "workspace", train__epochs=2)
    run_here(folder)
    return folder


def test_a_run_moves_to_another_workspace(finished: RunFolder, tmp_path: Path):
    out = tmp_path / "run.zip"
    done = cli("runs", "pack", finished.id, str(out), "--json", workspace=finished.workspace)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == finished.id
    done = cli("runs", "unpack", str(out), "--json", workspace=tmp_path / "other")
    assert json.loads(done.stdout) == {"run": finished.id, "is_new": True, "note": ""}
    done = cli("runs", "unpack", str(out), workspace=tmp_path / "other")
    assert "is already here, with the same files" in done.stdout


def test_what_cannot_be_packed_or_opened_is_said(finished: RunFolder, tmp_path: Path):
    missing = str(tmp_path / "no" / "run.zip")
    done = cli("runs", "pack", finished.id, missing, workspace=finished.workspace)
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
    done = cli("runs", "unpack", missing, "--json", workspace=tmp_path / "other")
    assert json.loads(done.stdout)["error"]["code"] == "no-file"


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (("report", "--language", "zh"), "r.html"),
        (("card", "--out"), "model.zip"),
        (("onnx",), "n.onnx"),
        (("metrics",), "m.csv"),
        (("animate",), "a.gif"),
    ],
)
def test_each_part_of_a_run_is_written(finished: RunFolder, tmp_path: Path, command, file: str):
    name, *option = command
    out = tmp_path / file
    done = cli("runs", name, finished.id, *option, str(out), "--json", workspace=finished.workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["written"] == str(out)
    assert out.stat().st_size > 0
    if "zh" in option:
        assert '<html lang="zh">' in out.read_text("utf-8")[:100]


def test_a_card_of_ones_own_is_kept(finished: RunFolder, tmp_path: Path):
    (tmp_path / "card.md").write_text("# Mine", "utf-8")
    text = ("--text", str(tmp_path / "card.md"), "--json")
    done = cli("runs", "card", finished.id, *text, workspace=finished.workspace)
    assert json.loads(done.stdout) == {"run": finished.id, "card": "# Mine", "edited": True}
    (tmp_path / "card.md").write_text("", "utf-8")
    assert "## Limits" in cli("runs", "card", finished.id, *text, workspace=finished.workspace).stdout
