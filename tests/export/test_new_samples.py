"""Tables of new samples, and predictions as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from selfsup_core.errors import DataError
from selfsup_core.export.new_samples import choose_text_column, predictions_csv, read_table


def test_the_text_column_is_found_by_name_or_length():
    rows = [["1", "short", "a much longer cell"]]
    assert choose_text_column("a.csv", ["id", "Text", "url"], rows, "") == 1
    assert choose_text_column("a.csv", ["id", "b", "c"], rows, "") == 2
    assert choose_text_column("a.csv", ["id", "b", "c"], rows, "b") == 1
    with pytest.raises(DataError, match="Columns: id, b, c"):
        choose_text_column("a.csv", ["id", "b", "c"], rows, "d")


def test_a_table_with_semicolons_is_read(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("id;text\n1;eins\n2;zwei\n", encoding="utf-8")
    assert read_table(path) == (["id", "text"], [["1", "eins"], ["2", "zwei"]])


def test_predictions_stand_beside_what_was_given_and_overwrite_nothing():
    one = {"item": "x", "label": "=a", "probability": 0.9, "probabilities": {"=a": 0.9, "b": 0.1}, "far": ""}
    plain = list(csv.reader(io.StringIO(predictions_csv([one], ["=a", "b"]).decode())))
    assert plain == [
        ["sample", "class", "probability", "p =a", "p b"],
        ["x", "'=a", "0.900000", "0.900000", "0.100000"],
    ]
    cells = one | {"cells": {"class": "mine", "x": "-1"}, "far": "why"}
    beside = list(csv.reader(io.StringIO(predictions_csv([cells], ["=a", "b"]).decode())))
    assert beside[0] == ["class", "x", "predicted class", "probability", "p =a", "p b", "warning"]
    assert beside[1][:3] == ["mine", "-1", "'=a"]
    assert beside[1][-1] == "why"
