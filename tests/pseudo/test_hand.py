"""Labels by hand: kept, listed, taken back."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.pseudo.hand import add_hand_label, count_words, list_hand_labels, read_hand_labels
from tests.cli.helpers import cli


def test_they_are_listed_the_newest_first_and_taken_back_one_by_one(workspace: Path):
    for row, label in ((3, 0), (7, 1), (3, 2)):
        add_hand_label(workspace, "wine", row, label, run="r1")
    assert [(one["row"], one["label"], one["run"]) for one in list_hand_labels(workspace, "wine")] == [
        (3, 2, "r1"),
        (7, 1, "r1"),
    ]
    assert read_hand_labels(workspace, "wine") == {7: 1, 3: 2}
    shown = cli("pseudo", "hand", "wine", workspace=workspace).stdout
    assert shown.index("class_2") < shown.index("class_1")
    assert cli("pseudo", "label", "wine", "3", "-", workspace=workspace).stdout.startswith("1 label by hand")
    assert read_hand_labels(workspace, "wine") == {7: 1}
    cli("pseudo", "label", "wine", "7", "-", workspace=workspace)
    assert "There are no labels by hand" in cli("pseudo", "hand", "wine", workspace=workspace).stdout


def test_one_label_is_no_plural():
    assert [count_words(n) for n in (0, 1, 2)] == ["0 labels by hand", "1 label by hand", "2 labels by hand"]
