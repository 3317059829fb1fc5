"""`classify predict` and `classify export`, from the shell."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selfsup_core.cli.classify import classify_app
from selfsup_core.data.dataset import load_dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError, RunError
from selfsup_core.runs.spec import read_spec
from selfsup_core.wording import percent
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
    assert percent(found[0]["probability"], 1) in shown, "a share is written as on the pages"
    out = tmp_path / "out"
    assert "is in" in call(workspace, "export", folder.id, "--out", str(out))
    again = json.loads(call(workspace, "predict", str(out), "a cat on the mat", str(lines), "--json"))
    assert again == found
    with pytest.raises(DataError, match="already exists"):
        call(workspace, "export", folder.id, "--out", str(out))
    first = json.loads(call(workspace, "predict", folder.id, "a cat", "--epoch", "0", "--json"))
    assert first[0]["probability"] < 0.6


def test_a_csv_file_is_read_as_a_table_and_comes_back_with_predictions(workspace: Path, tmp_path: Path):
    make_pets(workspace)
    folder = make_run(workspace, head_spec(data__source="my-pets", data__vocabulary=50, train__epochs=10))
    run_here(folder)
    table = tmp_path / "new.csv"
    table.write_text('id,note,words\n1,x,"the dog, it sat"\n2,y,log on the log\n3,z,das hier ist deutsch\n')
    found = json.loads(call(workspace, "predict", folder.id, str(table), "--json"))
    assert [one["item"] for one in found] == ["the dog, it sat", "log on the log", "das hier ist deutsch"]
    assert [one["label"] for one in found[:2]] == ["dogs", "logs"]
    assert found[0]["cells"] == {"id": "1", "note": "x", "words": "the dog, it sat"}
    assert "language" in found[2]["far"]
    assert found[1]["far"] == ""
    out = tmp_path / "out.csv"
    shown = call(workspace, "predict", folder.id, str(table), "--column", "words", "--out", str(out))
    assert "WARNING" in shown
    with out.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["id"], line["words"], line["class"]) for line in lines[:2]] == [
        ("1", "the dog, it sat", "dogs"),
        ("2", "log on the log", "logs"),
    ]
    assert lines[2]["warning"]
    with pytest.raises(DataError, match="no column 'nothing'"):
        call(workspace, "predict", folder.id, str(table), "--column", "nothing")
    with pytest.raises(DataError, match="already exists"):
        call(workspace, "predict", folder.id, str(table), "--out", str(out))
    why = call(workspace, "why", folder.id, "--file", str(table), "--sample", "2", "--json")
    assert json.loads(why)["label"] == "logs"


def test_no_such_run(workspace: Path):
    with pytest.raises(RunError):
        call(workspace, "predict", "nothing", "a text")


def test_try_it_with_rows_that_it_was_not_trained_on(workspace: Path):
    make_pets(workspace)
    folder = make_run(workspace, head_spec(data__source="my-pets", data__vocabulary=50, train__epochs=10))
    run_here(folder)
    found = json.loads(call(workspace, "try", folder.id, "--count", "6", "--json"))
    dataset = load_dataset(workspace / "datasets" / "my-pets")
    data = read_spec(folder.spec).data
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    assert len(found) == 6
    assert {one["row"] for one in found} <= set(split.validation.tolist())
    assert [one["true"] for one in found] == [dataset.label_names()[one["row"]] for one in found]
    again = json.loads(call(workspace, "try", folder.id, "--count", "6", "--seed", "1", "--json"))
    assert [one["row"] for one in again] != [one["row"] for one in found]
    assert "TRUE CLASS" in call(workspace, "try", folder.id)
