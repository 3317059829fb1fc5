"""A person's own table comes back whole: own columns, all rows, and each label with where it is from."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import RunError, SettingError
from selfsup_core.export.completed import choose, complete_table, export_completed, own_columns
from selfsup_core.export.datasets import export_dataset
from selfsup_core.export.pseudo_labels import read_pseudo_labels
from selfsup_core.pseudo.hand import add_hand_label
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.tasks.test_pseudo import spec_of

CLASSES = ("ale", "bock", "cider")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on a CSV file with the label's column between two others, and labels in every fifth row."""
    place = tmp_path_factory.mktemp("completed")
    generator = np.random.default_rng(0)
    lines = ["width,topic,height"]
    for row in range(200):
        number = row % 3
        x, y = (np.array([[0, 0], [3, 0], [0, 3]])[number] + generator.normal(0, 0.7, 2)).round(3)
        lines.append(f"{x},{CLASSES[number] if row % 5 == 0 else ''},{y}")
    file = place / "beers.csv"
    file.write_text("\n".join(lines) + "\n")
    workspace = place / "ws"
    made = build_dataset([file], ImportConfig(), "my-beers")
    save_dataset(made, workspace / "datasets" / "my-beers")
    folder = make_run(workspace, spec_of("my-beers", train__epochs=2, data__labels_per_class=0))
    assert run_here(folder)["status"] == "finished"
    return folder, file


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_own_table_comes_back_with_every_label_and_where_it_is_from(trained):
    folder, file = trained
    content, scope = export_completed(folder.workspace, folder.id)
    before, after = read_csv(file.read_bytes()), read_csv(content)
    assert list(after[0]) == [*before[0], "label_from", "prediction", "prediction_confidence"]
    assert [(r["width"], r["height"]) for r in after] == [(r["width"], r["height"]) for r in before]
    said = read_pseudo_labels(folder.workspace, folder.id)
    kept = {r: c for r, c, k in zip(said["row"], said["label"], said["kept"], strict=True) if k}
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        if old["topic"]:
            assert (new["topic"], new["label_from"], new["prediction"]) == (old["topic"], "given", "")
        elif row in kept:
            assert (new["topic"], new["label_from"]) == (kept[row], "pseudo-label")
        else:
            assert (new["topic"], new["label_from"]) == (new["prediction"], "predicted, not learned from")
        assert old["topic"] or 1 / 3 <= float(new["prediction_confidence"]) <= 1
    assert len({r["label_from"] for r in after}) == 3
    assert scope.startswith("200 rows: 40 given, ")
    table = parquet.read_table(io.BytesIO(export_completed(folder.workspace, folder.id, "parquet")[0]))
    assert table.column("topic").to_pylist() == [r["topic"] for r in after]


def test_labels_by_hand_count_at_once_and_over_all_others(trained, tmp_path):
    folder, _ = trained
    before = read_csv(export_completed(folder.workspace, folder.id)[0])
    first = next(i for i, r in enumerate(before) if r["label_from"] == "pseudo-label")
    other = (CLASSES.index(before[first]["topic"]) + 1) % 3
    for row, number in ((first, other), (0, 2)):
        add_hand_label(folder.workspace, "my-beers", row, number)
    out = tmp_path / "mine.csv"
    told = cli("pseudo", "complete", folder.id, "--out", str(out), workspace=folder.workspace)
    assert "2 by hand" in " ".join(told.stdout.split())
    after = read_csv(out.read_bytes())
    assert (after[first]["topic"], after[first]["label_from"]) == (CLASSES[other], "by hand")
    assert after[first]["prediction"] == before[first]["prediction"]
    assert (after[0]["topic"], after[0]["label_from"]) == ("cider", "by hand")
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == sorted([0, first])
    assert cli("pseudo", "complete", folder.id, "--out", str(out), workspace=folder.workspace).returncode
    table = parquet.read_table(io.BytesIO(export_dataset(folder.workspace, "my-beers")[1]))
    assert table.column("label").to_pylist()[first] == CLASSES[other]
    for row in (first, 0):
        add_hand_label(folder.workspace, "my-beers", row, None)


def test_the_file_can_be_added_again_with_the_same_columns_and_its_labels(trained, tmp_path):
    folder, _ = trained
    there = open_source("my-beers", folder.workspace)
    content = export_completed(folder.workspace, folder.id)[0]
    path = tmp_path / "again.csv"
    path.write_bytes(content)
    made = build_dataset([path], ImportConfig(), "my-again")
    assert made.columns == there.columns
    np.testing.assert_array_equal(made.x, there.x)
    assert made.label_names() == [r["topic"] for r in read_csv(content)]


def test_rows_that_nobody_proposes_for_have_the_students_word_and_no_made_up_confidence(trained):
    folder, _ = trained
    said = read_pseudo_labels(folder.workspace, folder.id)
    assert all(said["prediction"])
    assert all(p is not None for p in said["prediction_confidence"])
    (folder.path / "pseudo-student.safetensors").rename(folder.path / "aside")
    (folder.path / "pseudo-outside.safetensors").rename(folder.path / "aside-too")
    try:
        origins = complete_table(folder.workspace, folder.id)["label_from"]
        assert set(origins) == {"given", "pseudo-label", "none"}
        assert "has not ended" in export_completed(folder.workspace, folder.id)[1]
    finally:
        (folder.path / "aside").rename(folder.path / "pseudo-student.safetensors")
        (folder.path / "aside-too").rename(folder.path / "pseudo-outside.safetensors")


def test_a_persons_word_stands_above_all_others():
    assert choose(0, 1, 2, (2, 0.9)) == (1, "by hand")
    assert choose(0, None, 2, (2, 0.9)) == (0, "given")
    assert choose(-1, None, 2, (1, 0.9)) == (2, "pseudo-label")
    assert choose(-1, None, None, (1, 0.4)) == (1, "predicted, not learned from")
    assert choose(-1, None, None, None) == (-1, "none")


def test_texts_have_the_name_of_their_own_column_and_long_cells_are_never_cut(workspace: Path):
    texts = Dataset(
        id="my-texts",
        kind="text",
        title="Texts",
        x=Texts.pack(["one", "two"]),
        details={"text": "sentence", "label": "topic"},
    )
    assert own_columns(texts) == {"sentence": ["one", "two"]}
    table = Dataset(
        id="my-table",
        kind="table",
        title="Table",
        x=np.array([[1.5]], np.float32),
        columns=("a",),
        details={"cells": ["a", "note"]},
        extra={"cells": Texts.pack(['["1.50", "short"]'])},
    )
    assert own_columns(table) == {"a": ["1.50"], "note": ["short"]}
    cut = replace(table, extra={"cells": Texts.pack([f'["1.50", "{"x" * 200}"]'])})
    assert own_columns(cut) == {"a": [1.5]}
    with pytest.raises(SettingError, match="csv or parquet; found 'xlsx'"):
        export_completed(workspace, "none", "xlsx")
    with pytest.raises(RunError, match="has no pseudo-labels"):
        export_completed(workspace, make_run(workspace).id)
