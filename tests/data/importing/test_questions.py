"""Tables of questions: found by their names or chosen, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.own import import_files
from selfsup_core.data.questions import MOST_LETTERS, questions_of
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError

HEAD = ["id", "context", "question", "answer"]


def rows_of(count: int = 12) -> list[list[str]]:
    return [
        [
            str(n),
            f"Tower {n // 2} has {20 + n // 2} windows, and it is old.",
            f"How many, {n}?",
            f"{20 + n // 2}",
        ]
        for n in range(count)
    ]


def bring(workspace: Path, rows: list[list[str]], head: list[str] | None = None, **config: object):
    path = workspace / "asked.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head or HEAD, *rows])
    name = import_files(workspace, [path], ImportConfig.model_validate(config))
    return name, open_source(name, workspace)


def test_columns_named_as_such_are_passages_questions_and_answers(tmp_path):
    rows = rows_of()
    rows[3][3] = "no such tower"  # not in its passage
    rows[5][3] = ""
    rows[7][3] = "23 windows| IT IS OLD |99"
    rows.append(["99", "Nobody has asked about this passage yet.", "", ""])
    name, dataset = bring(tmp_path, rows)
    assert "question" in find_source(name, tmp_path).beside
    found = questions_of(dataset)
    assert len(found) == 12
    assert found[0].answers == ("20",)
    assert (found[4].question, found[4].answers) == ("", ())
    assert not found[-1].is_answered
    (several,) = [row for row in found if len(row.answers) > 1]
    assert several.answers == ("23 windows", "it is old")
    assert len(set(dataset.groups)) == 7
    assert any("1 rows are left out, whose answer" in note for note in dataset.details["notes"])


def test_other_columns_by_their_role(tmp_path):
    roles = {"t": "text", "q": "question", "a": "answer", "n": "ignore"}
    _, dataset = bring(tmp_path, rows_of(), ["n", "t", "q", "a"], kind="text", roles=roles)
    assert questions_of(dataset)[11].answers == ("25",)


def test_yes_and_no_stay_classes(tmp_path):
    rows = [[*row[:3], ("true", "false")[n % 2]] for n, row in enumerate(rows_of(40))]
    _, dataset = bring(tmp_path, rows)
    assert "question" not in dataset.extra


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        (lambda row: [*row[:3], "Nowhere " + row[0]], {}, r"12 of 12 answers do not stand .* in row 1"),
        (lambda row: [*row[:2], "", row[3]], {}, "0 rows have a question with an answer"),
        (lambda row: [row[0], "x " * MOST_LETTERS + row[1], *row[2:]], {}, "0 rows have a question"),
        (lambda row: [row[0], " ", *row[2:]], {}, "0 rows have a question"),
        (
            lambda row: row,
            {"kind": "text", "roles": {"answer": "question"}},
            "2 columns are questions and 0 are answers",
        ),
    ],
)
def test_what_gives_no_questions_is_refused(tmp_path, change, config, message):
    with pytest.raises(DataError, match=message):
        bring(tmp_path, [change(row) for row in rows_of()], **config)
    assert not list((tmp_path / "datasets").glob("my-*"))
