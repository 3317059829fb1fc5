"""No export becomes a formula: not by a cell, and not by the name of a column or class."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.export.csv_file import FORMULA, csv_bytes, numbers
from selfsup_core.export.new_samples import predictions_csv
from selfsup_core.export.space import write_points
from tests.helpers import ROOT

BAD = [f"{first}cmd|' /C calc'!A0" for first in FORMULA]


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.parametrize("text", BAD)
def test_heads_and_cells_are_texts(text: str):
    assert read(csv_bytes([text, "a"], [[text, -1.5], [None, text]])) == [
        [f"'{text}", "a"],
        [f"'{text}", "-1.5"],
        ["", f"'{text}"],
    ]


@pytest.mark.parametrize("text", ["a=b", "", " =", "1", "née", "p =x"])
def test_other_texts_stay(text: str):
    assert read(csv_bytes(["a"], [[text, ""]]))[1] == [text, ""]


def test_names_of_columns_are_made_harmless_in_every_export(tmp_path: Path):
    columns = {"row": [0], "=HYPERLINK(1)": [-0.25], "@b": ["+x"]}
    write_points(tmp_path / "a.csv", "csv", columns, np.zeros((1, 2)))
    assert read((tmp_path / "a.csv").read_bytes()) == [
        ["row", "'=HYPERLINK(1)", "'@b"],
        ["0", "-0.25", "'+x"],
    ]
    one = {
        "item": "x",
        "cells": {"-a": "=1"},
        "label": "=c",
        "probability": 1.0,
        "probabilities": {"=c": 1.0},
        "far": "",
    }
    heads, cells = read(predictions_csv([one], ["=c"]))
    assert (heads[0], cells[0], cells[1]) == ("'-a", "'=1", "'=c")


def test_numbers_are_written_as_they_were_given(tmp_path: Path):
    given = np.array([-0.81, 5.1, 0.1], np.float32)
    assert numbers(given) == [-0.81, 5.1, 0.1]
    assert numbers(np.array([1, np.nan], np.float32)) == [1.0, None]
    assert [type(v) for v in numbers(np.array([3.0, -2.0], np.float32))] == [int, int]
    write_points(tmp_path / "a.csv", "csv", {"x": given.astype(float)}, np.zeros((3, 2)))
    assert [line[0] for line in read((tmp_path / "a.csv").read_bytes())] == ["x", "-0.81", "5.1", "0.1"]
    assert read(csv_bytes(["a"], [["-0.81"], ["-5cmd"]])) == [["a"], ["-0.81"], ["'-5cmd"]]


def test_nothing_else_writes_csv():
    """A writer of its own would forget the heads again."""
    foreign = {"csv.writer", "csv.DictWriter"}
    writers = set()
    for folder in ("selfsup_core", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and (
                    ast.unparse(node) in foreign or node.attr in ("to_csv", "write_csv")
                ):
                    writers.add(path.relative_to(ROOT).as_posix())
    in_memory = {"selfsup_core/data/importing/boxes.py"}  # read again at once; nobody opens it
    assert writers == {"selfsup_core/export/csv_file.py"} | in_memory
