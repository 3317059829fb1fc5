"""`classify predict` and `classify export`, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfsup_core.cli.classify import classify_app
from selfsup_core.errors import DataError, RunError
from tests.helpers import make_run, run_here
from tests.tasks.classify_helpers import CLASSES, head_spec, make_pets


def call(workspace: Path, *arguments: str) -> str:
    done = CliRunner().invoke(classify_app, [*arguments, "--workspace", str(workspace)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_predict_and_export(workspace: Path, tmp_path: Path):
    make_pets(workspace)
    spec = head_spec(data__source="my-pets", data__vocabulary=50, train__epochs=10)
    folder = make_run(workspace, spec)
    assert run_here(folder)["status"] == "finished"
    lines = tmp_path / "new.txt"
    lines.write_text("the dog sat\nlog on the log\n")
    found = json.loads(call(workspace, "predict", folder.id, "a cat on the mat", str(lines), "--json"))
    assert [one["label"] for one in found] == list(CLASSES)
    for one in found:
        assert one["probability"] == max(one["probabilities"].values())
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    shown = call(workspace, "predict", folder.id, "a cat on the mat")
    assert "cats" in shown
    assert "PROBABILITY" in shown
    out = tmp_path / "out"
    assert "is in" in call(workspace, "export", folder.id, "--out", str(out))
    again = json.loads(call(workspace, "predict", str(out), "a cat on the mat", str(lines), "--json"))
    assert again == found
    with pytest.raises(DataError, match="is there already"):
        call(workspace, "export", folder.id, "--out", str(out))
    first = json.loads(call(workspace, "predict", folder.id, "a cat", "--epoch", "0", "--json"))
    assert first[0]["probability"] < 0.6


def test_no_such_run(workspace: Path):
    with pytest.raises(RunError):
        call(workspace, "predict", "nothing", "a text")
