"""Tables of sentence pairs: found by their names or chosen, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError
from selfsup_core.features.pair_rows import sentences_of

ROWS = [f"This is sentence number {n}.\tDas ist der Satz Nummer {n}." for n in range(30)]


def bring(workspace: Path, head: str, rows: list[str], **config: object):
    path = workspace / "pairs.tsv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    name = import_files(workspace, [path], ImportConfig.model_validate(config))
    return name, open_source(name, workspace)


@pytest.mark.parametrize("head", ["en\tde", "source\ttarget", "English\tGerman", "en-US\tde-DE"])
def test_two_columns_named_as_languages_are_pairs(tmp_path, head):
    name, dataset = bring(tmp_path, head, ROWS)
    assert (dataset.kind, dataset.classes) == ("text", ())
    found = sentences_of(dataset, is_backward=False)
    assert (found.source[3], found.target[3]) == ("This is sentence number 3.", "Das ist der Satz Nummer 3.")
    assert "target" in find_source(name, tmp_path).beside


def test_other_columns_become_pairs_by_their_role(tmp_path):
    rows = [f"{row}\t{n % 3}" for n, row in enumerate(ROWS)]
    _, plain = bring(tmp_path, "ours\ttheirs\tpage", rows)
    assert "target" not in plain.extra
    _, dataset = bring(
        tmp_path, "ours\ttheirs\tpage", rows, kind="text", roles={"ours": "text", "theirs": "translation"}
    )
    assert dataset.extra["target"][29] == "Das ist der Satz Nummer 29."
    with pytest.raises(DataError, match="no translations"):
        sentences_of(plain, is_backward=False)


def test_rows_with_the_same_sentence_stay_together(tmp_path):
    _, dataset = bring(tmp_path, "en\tde", [*ROWS, "This is sentence number 3.\tDer dritte Satz."])
    assert dataset.groups[30] == dataset.groups[3] == 3


def test_formulas_and_marks_stay_text(tmp_path):
    hostile = [
        '=cmd|"/c calc"!A0\t<script>alert(1)</script>',
        "</s> <pad>\t{{7*7}}",
        "\u202eabc\t\u0000nul".replace("\u0000", " "),
    ]
    _, dataset = bring(tmp_path, "en\tde", [*ROWS, *hostile])
    found = sentences_of(dataset, is_backward=False)
    assert "</s> <pad>" in found.source
    assert "<script>alert(1)</script>" in found.target


@pytest.mark.parametrize(
    ("rows", "config", "message"),
    [
        (
            ["a sentence in English\t"] * 2
            + [f"a sentence {n} in English\t" for n in range(9)]
            + ["a b c\tx y z"],
            {},
            "with both a sentence",
        ),
        (
            [f"{row}\t{row.split(chr(9))[1]}" for row in ROWS],
            {"kind": "text", "roles": {"en": "text", "de": "translation", "nl": "translation"}},
            "A text has one",
        ),
    ],
)
def test_what_gives_no_pairs_is_refused(tmp_path, rows, config, message):
    head = "en\tde\tnl" if "nl" in str(config) else "en\tde"
    with pytest.raises(DataError, match=message):
        bring(tmp_path, head, rows, **config)
    assert not list((tmp_path / "datasets").glob("my-*"))
