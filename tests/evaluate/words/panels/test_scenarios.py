"""What the panels of a scenario say: of scores, of what is kept, of translations and of attention."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.sayers import say_panels, say_with_truth
from selfsup_core.evaluate.words.panels.seen import MOST_LETTERS, Seen


def seen(epoch: int = 5, baseline=None, arrays=None, words=None, **row: object) -> Seen:
    return Seen(
        epoch=epoch,
        row={"epoch": epoch, **row},
        arrays=arrays or {},
        static={},
        baseline=baseline or {},
        words=words or {},
        kind="text",
    )


def said(panel: str, **more: object) -> str:
    return say_panels("translate", seen(**more)).get(panel, "")


def test_student_beside_its_twin():
    assert said("scores", val_bleu=31.24) == "BLEU 31.2 on validation rows."
    assert "is as good" in said("scores", val_bleu=31.24, val_twin_bleu=31.25)
    assert "better than the twin" in said("scores", val_bleu=40.0, val_twin_bleu=31.0)
    assert "worse than the twin" in said("scores", val_bleu=30.0, val_twin_bleu=31.0)
    assert said("scores") == ""


def test_what_is_kept_is_said_and_what_is_right_with_the_oracle_alone():
    view = seen(kept_share=0.7, kept_rows=2450, kept_right=0.52)
    assert say_panels("translate", view)["back_translations"] == "70% of the proposals are kept, 2,450 rows."
    assert say_with_truth("translate", view) == {
        "back_translations": "70% of the proposals are kept, 2,450 rows. 52% of these are right."
    }
    assert say_with_truth("translate", seen(kept_share=0.7, kept_rows=2450)) == {}


def test_translations_beside_a_memory():
    assert "100 is the reference" in said("translations", val_bleu=12.0)
    assert "better than" in said("translations", val_bleu=60.0, baseline={"memory_bleu": 45.9})
    assert "worse than" in said("translations", val_bleu=30.0, baseline={"memory_bleu": 45.9})


def test_attention_points_or_is_spread():
    shapes = {"attention_shapes": [[2, 3], [1, 2]]}
    sharp = np.array([255, 0, 0, 0, 255, 0, 0, 255], np.uint8)
    even = np.array([85, 85, 85, 85, 85, 85, 128, 127], np.uint8)
    assert "points: each piece gives 100%" in said("attention", arrays={"attention": sharp}, words=shapes)
    assert "spread: each piece gives 39%" in said("attention", arrays={"attention": even}, words=shapes)
    assert said("attention") == ""


def test_a_sentence_is_short():
    full = seen(
        val_bleu=30.0,
        val_twin_bleu=31.0,
        kept_share=0.7,
        kept_rows=2450,
        kept_right=0.5,
        baseline={"memory_bleu": 45.9},
        arrays={"attention": np.zeros(6, np.uint8)},
        words={"attention_shapes": [[2, 3]]},
    )
    for text in [*say_panels("translate", full).values(), *say_with_truth("translate", full).values()]:
        assert len(text) <= MOST_LETTERS, text
