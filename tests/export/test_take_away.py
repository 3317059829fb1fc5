"""The list of what can be taken away; what a process of its own refuses is said here in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.errors import RunError
from selfsup_core.export import take_away
from selfsup_core.export.take_away import OFFERS, apart, read_answer
from selfsup_core.runs.recipes import preset_spec
from tests.helpers import make_run


def test_a_process_of_its_own_refuses_in_the_same_words(workspace: Path, tmp_path: Path):
    folder = make_run(workspace, preset_spec("gpt-characters"))
    with pytest.raises(RunError, match="kept no weights") as error:
        OFFERS["onnx"].make(folder, tmp_path / "n.onnx")
    assert error.value.code == "no-weights"
    assert not list(tmp_path.glob("*.onnx"))


def test_a_process_that_takes_too_long_is_ended(workspace: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(take_away, "SECONDS", 0.01)
    with pytest.raises(RunError, match="so it was ended"):
        apart("runs", "onnx")(make_run(workspace), tmp_path / "n.onnx")


def test_an_answer_that_is_none_is_read_as_nothing():
    assert read_answer("Traceback …") == read_answer("[1]") == {}
    assert len({offer.title for offer in OFFERS.values()}) == len(OFFERS)
