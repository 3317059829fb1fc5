"""Pseudo-labels as a file: all rows, with where they are from, in both formats, and by the command."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from selfsup_core.cli.main import app
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.sources import open_source
from selfsup_core.errors import RunError, SettingError
from selfsup_core.export.pseudo_labels import export_pseudo_labels
from selfsup_core.runs.frames import read_frame
from tests.helpers import make_run, run_here
from tests.tasks.test_pseudo import make_table, save_table, spec_of


@pytest.fixture
def run(workspace: Path):
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=2))
    assert run_here(folder)["status"] == "finished"
    return folder


def test_both_formats_hold_what_the_run_has_kept(run):
    arrays = read_frame(run.path / "pseudo.safetensors")
    text = export_pseudo_labels(run.workspace, run.id, "csv", truth=True).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [int(line["row"]) for line in lines] == arrays["rows"].tolist()
    assert [line["kept"] == "True" for line in lines] == (arrays["weight"] > 0).tolist()
    assert {line["proposers"] for line in lines} == {"The student itself"}
    assert {line["run"] for line in lines} == {run.id}
    assert [line["truth"] for line in lines] == ["abc"[int(line["row"]) % 3] for line in lines]
    table = parquet.read_table(io.BytesIO(export_pseudo_labels(run.workspace, run.id, "parquet")))
    assert table.column("label").to_pylist() == [line["label"] for line in lines]
    assert "truth" not in table.column_names


def test_a_file_of_a_table_can_be_added_again_with_its_labels(run, tmp_path: Path):
    rows = read_frame(run.path / "pseudo.safetensors")["rows"]
    there = open_source("my-clouds", run.workspace)
    for kind in ("csv", "parquet"):
        path = tmp_path / f"labels.{kind}"
        path.write_bytes(export_pseudo_labels(run.workspace, run.id, kind, truth=True))
        made = build_dataset([path], ImportConfig(), "my-x")
        np.testing.assert_array_equal(made.x, there.x[rows])
        assert made.columns == there.columns
        labels = [
            line["label"] for line in csv.DictReader(io.StringIO((tmp_path / "labels.csv").read_text()))
        ]
        assert made.label_names() == labels


def test_the_command_lists_and_refuses(run, tmp_path: Path):
    there = ["--workspace", str(run.workspace)]
    told = CliRunner().invoke(app, ["pseudo", "list", run.id, "--most", "3", "--json", *there])
    lines = json.loads(told.stdout)
    assert len(lines) == 3
    assert lines[0]["confidence"] >= lines[1]["confidence"] >= lines[2]["confidence"]
    out = tmp_path / "labels.csv"
    assert CliRunner().invoke(app, ["pseudo", "export", run.id, "--out", str(out), *there]).exit_code == 0
    before = out.read_bytes()
    assert CliRunner().invoke(app, ["pseudo", "export", run.id, "--out", str(out), *there]).exit_code != 0
    assert out.read_bytes() == before
    with pytest.raises(SettingError, match=r"csv or parquet; found 'xlsx'"):
        export_pseudo_labels(run.workspace, run.id, "xlsx")


def test_all_rows_without_a_label_are_in_the_file_and_those_outside_of_training_are_not_kept(
    workspace: Path, tmp_path: Path
):
    full = make_table(workspace, "my-clouds")
    y = np.asarray(full.y).copy()
    y[np.arange(len(y)) % 4 > 0] = -1
    x = np.round(np.asarray(full.x), 2).astype(np.float32)
    save_table(workspace, "my-part", x, y, full.classes)
    folder = make_run(workspace, spec_of("my-part", train__epochs=1, data__labels_per_class=0))
    run_here(folder)
    content = export_pseudo_labels(workspace, folder.id).decode()
    lines = list(csv.DictReader(io.StringIO(content)))
    assert sorted(int(line["row"]) for line in lines) == np.flatnonzero(y < 0).tolist()
    outside = [line for line in lines if line["part"] != "training"]
    assert {line["part"] for line in outside} == {"validation", "test"}
    assert {line["kept"] for line in outside} == {"False"}
    assert all(line["label"] in full.classes and float(line["confidence"]) > 0 for line in outside)
    written = [line[full.columns[0]].lstrip("'") for line in lines]
    assert [float(cell) for cell in written] == [float(f"{x[int(line['row']), 0]:.2f}") for line in lines]
    assert max(map(len, written)) <= len("-12.34"), "as uploaded, not as float64 of float32"
    out = tmp_path / "all.csv"
    there = ["--workspace", str(workspace)]
    told = CliRunner().invoke(app, ["pseudo", "export", folder.id, "--out", str(out), *there]).output
    assert f"{len(outside)} unlabeled validation and test rows" in " ".join(told.split())


def test_a_run_without_any_is_named(workspace: Path):
    folder = make_run(workspace)
    with pytest.raises(RunError, match="has no pseudo-labels"):
        export_pseudo_labels(workspace, folder.id)


def test_labels_by_hand_and_the_gauge_on_the_command_line(run):
    there = ["--workspace", str(run.workspace), "--json"]
    told = CliRunner().invoke(app, ["pseudo", "label", "my-clouds", "7", "c", *there])
    assert json.loads(told.stdout) == {"labels": [[7, 2]]}
    CliRunner().invoke(app, ["pseudo", "label", "my-clouds", "7", "-", *there])
    assert CliRunner().invoke(app, ["pseudo", "label", "my-clouds", "7", "z", *there]).exit_code != 0
    said = CliRunner().invoke(
        app,
        [
            "pseudo",
            "gauge",
            "pseudo-table",
            "--set",
            "data.source=my-clouds",
            "--set",
            "data.labels_per_class=6",
            *there,
        ],
    )
    assert json.loads(said.stdout)["accuracy"] > 0.5
    why = CliRunner().invoke(app, ["classify", "why", run.id, "--row", "3", *there])
    assert json.loads(why.stdout)["kind"] == "table"
