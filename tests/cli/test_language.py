"""`language compare`, `measure`, `fetch` and masked models, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfsup_core.cli.language import language_app
from selfsup_core.errors import DataError, StudioError
from tests.models.tiny import tiny_bert, tiny_gpt


def call(workspace: Path, *arguments: str) -> str:
    done = CliRunner().invoke(language_app, [*arguments, "--workspace", str(workspace)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[str, str, str]:
    root = tmp_path_factory.mktemp("models")
    return (str(tiny_gpt(root / "gpt")), str(tiny_gpt(root / "other", seed=1)), str(tiny_bert(root / "bert")))


def test_compare(folders, workspace: Path):
    first, second, masked = folders
    found = json.loads(call(workspace, "compare", first, second, "the cat sat", "--json"))
    read = json.loads(call(workspace, "read", first, "the cat sat", "--json"))
    assert found["same_tokens"]
    assert found["totals"][0]["log_probability"] == pytest.approx(read["log_probability"])
    assert found["totals"][0]["perplexity"] == pytest.approx(read["perplexity"])
    shown = call(workspace, "compare", first, second, "the cat sat")
    assert (
        "Both models split the text into the same tokens. Measured on the 11 characters that both predict."
        in shown
    )
    assert "not comparable" in call(workspace, "compare", first, masked, "the cat sat")


def test_compare_with_a_remote_model_that_is_not_configured(folders, workspace: Path, monkeypatch):
    monkeypatch.delenv("SELFSUP_REMOTE_URL", raising=False)
    with pytest.raises(StudioError, match="No remote model is configured"):
        call(workspace, "compare", folders[0], "remote", "the")


def test_masked(folders, workspace: Path):
    shown = call(workspace, "read", folders[2], "the [MASK] sat")
    assert "pseudo-perplexity" in shown
    first = call(workspace, "next", folders[2], "the cat sat", "--place", "0")
    assert first != call(workspace, "next", folders[2], "the cat sat", "--place", "1")
    with pytest.raises(DataError, match="cannot continue a text"):
        call(workspace, "write", folders[2], "the")


def test_measure_and_models(folders, workspace: Path, monkeypatch):
    monkeypatch.setattr("selfsup_core.inspection.measure.LEAST_SECONDS", 0.02)
    shown = call(workspace, "measure", folders[0])
    assert "tokens per second" in shown
    listed = call(workspace, "models")
    assert "134.5 M" in listed
    assert "encoder" in listed


def test_fetch_says_what_is_no_id(workspace: Path):
    with pytest.raises(DataError, match="not an ID of the Hub"):
        call(workspace, "fetch", "no id")
