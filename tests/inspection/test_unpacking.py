"""Unpacking in a process of its own: its stages are told, its problems raised, its death said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from selfsup_core.errors import DataError
from selfsup_core.inspection import unpacking
from selfsup_core.pretrained.language_models import PLACE

NAME = "smollm2-135m-instruct"


@pytest.fixture
def child(workspace: Path, tmp_path: Path, monkeypatch):
    """Stands for the child: writes the given lines and ends with a code."""
    monkeypatch.delenv(PLACE)  # where it has been unpacked for other tests
    monkeypatch.setattr(unpacking, "find_file", lambda model: tmp_path / "model.gguf")
    monkeypatch.setattr(unpacking, "prepare", lambda name, workspace, say: tmp_path / "ready")

    def becomes(*lines: object, code: int = 0) -> None:
        script = (
            f"import sys\nfor line in {[json.dumps(one) for one in lines]!r}: print(line)\nsys.exit({code})"
        )
        monkeypatch.setattr(unpacking, "COMMAND", (sys.executable, "-c", script))

    return becomes


def test_stages_are_told(child, workspace: Path, tmp_path: Path):
    child({"said": "Checking it."}, {"said": "Unpacking it."})
    said: list[str] = []
    assert unpacking.prepare_apart(NAME, workspace, said.append) == tmp_path / "ready"
    assert said == ["Checking it.", "Unpacking it."]


def test_a_problem_is_raised_and_a_death_is_said(child, workspace: Path):
    child({"problem": {"message": "It is damaged.", "code": "bad-digest", "remedy": "Install it again."}})
    with pytest.raises(DataError, match="damaged") as caught:
        unpacking.prepare_apart(NAME, workspace, lambda text: None)
    assert (caught.value.code, caught.value.remedy) == ("bad-digest", "Install it again.")
    child({"said": "Unpacking it."}, code=9)
    with pytest.raises(DataError, match="stopped early"):
        unpacking.prepare_apart(NAME, workspace, lambda text: None)


def test_the_child_writes_what_its_parent_reads(workspace: Path, monkeypatch, capsys):
    def prepare(name, workspace, say):
        say("Checking it.")
        print("a library's noise")
        raise DataError("It is damaged.", code="bad-digest")

    monkeypatch.setattr(unpacking, "prepare", prepare)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards
    unpacking.main(workspace, NAME)
    said, problem = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said == {"said": "Checking it."}
    assert problem["problem"]["message"] == "It is damaged."
