"""What the panels of pseudo-labels say, and that what needs the truth is said apart."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.words.panels import pseudo
from selfsup_core.evaluate.words.panels.sayers import say_panels
from tests.evaluate.words.panels.helpers import see, told


def rounds(student, twin, rows=1000, epoch=3):
    row = {"accuracy": student, "twin_accuracy": twin}
    return told(pseudo.say_rounds, see(epoch, row, baseline={"test_rows": rows}))


def test_a_gap_counts_when_test_rows_can_tell_it_from_chance():
    assert rounds(0.9, 0.8).startswith("Pseudo-labels help so far: the student is 10.0 points above")
    assert rounds(0.7, 0.8).startswith("Pseudo-labels do harm so far")
    assert rounds(0.9, 0.8, rows=50) == (
        "No clear difference: student and twin are 10.0 points apart, which may be chance on 50 test rows."
    )
    assert (
        rounds(0.8, 0.8) == "Student and twin are equally accurate: pseudo-labels make no difference so far."
    )
    assert "same untrained network" in rounds(0.2, 0.2, epoch=0)
    assert rounds(0.9, 0.8, rows=0) == "The student is 10.0 points above its twin, without pseudo-labels."
    assert told(pseudo.say_rounds, see(row={"accuracy": 0.9})) == "", "there is no twin"


def mixed(kept, given=(5, 5, 5), truth=(0, 0, 0), say=pseudo.say_labels, epoch=3):
    mix = np.array([truth, kept, kept, given], np.int32)
    return told(say, see(epoch, arrays={"mix": mix}))


def test_kept_labels_of_one_class_are_told_unless_the_given_ones_are_so():
    assert (
        mixed((96, 2, 2)) == "Nearly all kept labels are of one class, cat: 96%, and 33% of the given ones."
    )
    assert "Nearly all" not in mixed((94, 3, 3))
    assert "Nearly all" not in mixed((96, 2, 2), given=(98, 1, 1))
    assert mixed((60, 40, 0)) == "1 of 3 classes has no kept label, such as emu."
    assert mixed((60, 40, 20)) == "Kept labels per class: from 20 (emu) to 60 (cat)."
    assert mixed((30, 30, 30)) == "The kept labels are even: 30 of each class."
    assert mixed((9, 0, 0), given=(5, 0, 0)) == "All 9 kept labels are of cat."
    assert mixed((0, 0, 0)) == "No proposal was kept in this round."
    assert mixed((0, 0, 0), epoch=0) == "Nothing is kept before the first round."


def test_with_the_truth_class_shares_are_compared():
    say = pseudo.say_true_labels
    assert mixed((80, 10, 10), truth=(50, 25, 25), say=say) == (
        "cat is kept too often: 80% of the labels, but 50% of the true classes."
    )
    assert "nearly the same" in mixed((54, 23, 23), truth=(50, 25, 25), say=say)
    assert mixed((54, 23, 23), say=say) == "", "the truth is not known"


def proposals(right_at=(), wrong_at=(), say=pseudo.say_confidence):
    histogram = np.zeros((3, 100, 3), np.int32)
    for bin_, count in right_at:
        histogram[0, bin_, 0] += count
    for bin_, count in wrong_at:
        histogram[1, bin_, 1] += count
    return told(say, see(arrays={"histogram": histogram}))


def test_sure_proposals_are_counted_and_with_the_truth_judged():
    assert (
        proposals([(95, 30), (40, 70)]) == "30% of 100 proposals are at least 95% confident, 70% below 50%."
    )
    assert proposals([(94, 30)]).startswith("No proposal is at least 95% confident")
    assert proposals() == ""
    judge = pseudo.say_true_confidence
    assert proposals([(97, 80)], [(97, 20)], say=judge).startswith("Confidence misleads: of those")
    assert proposals([(97, 95)], [(97, 5)], say=judge).startswith("Confidence holds")
    assert proposals([(97, 9)], say=judge) == "", "too few"


def flowing(idle=100, fresh=0, stayed=0, changed=0, dropped=0):
    """Between two classes, once as a matrix and once as totals: both say the same."""
    flow = np.array([[idle, fresh, 0], [dropped, stayed, changed], [0, 0, 0]], np.int32)
    told_totals = np.array([idle, fresh, stayed, changed, dropped], np.int32)
    said = told(pseudo.say_flow, see(arrays={"flow": flow}))
    assert said == told(pseudo.say_flow, see(arrays={"flow": flow, "flow_totals": told_totals}))
    return said


@pytest.mark.parametrize(
    ("counts", "start"),
    [
        ({}, ""),
        ({"fresh": 40}, "The first labels: 40 rows are kept."),
        ({"stayed": 80, "dropped": 20}, "Unsettled: 20%"),
        ({"stayed": 90, "changed": 10}, "Unsettled: 10%"),
        ({"stayed": 10, "fresh": 30}, "Growing: 30 rows are new among the kept ones, 10 were there before."),
        ({"stayed": 50, "fresh": 3}, "Growing: 3 rows are new among the kept ones; the labels of all others"),
        ({"stayed": 50}, "Settled"),
        ({"stayed": 95, "changed": 5}, "Settling: 95%"),
    ],
)
def test_whether_labels_settle(counts, start):
    assert flowing(**counts).startswith(start)


def test_unsure_rows_and_with_the_truth_the_surest_mistake():
    unsure = see(
        arrays={"unsure_confidence": np.array([0.36, np.nan, 0.0]), "unsure_label": np.array([1, 0, -1])}
    )
    assert told(pseudo.say_errors, unsure) == (
        "The least certain proposal has confidence 36%; guessing among 3 classes has 33%."
    )
    bare = see(arrays={"unsure_confidence": np.array([np.nan]), "unsure_label": np.array([1])})
    assert told(pseudo.say_errors, bare) == "", "classes were named without a probability"
    mix = np.array([[3, 3, 3]] * 4, np.int32)
    mistake = see(arrays={"mistakes_confidence": np.array([0.98, 0.4]), "mix": mix})
    assert "has confidence 98%" in told(pseudo.say_true_errors, mistake)
    none = see(arrays={"mistakes_confidence": np.zeros(0), "mix": mix})
    assert "No proposal is wrong" in told(pseudo.say_true_errors, none)
    unknown = see(arrays={"mistakes_confidence": np.zeros(0), "mix": mix * [[0], [1], [1], [1]]})
    assert told(pseudo.say_true_errors, unknown) == ""


def test_what_is_said_without_the_truth_does_not_depend_on_it():
    """Other true classes of unlabeled rows change no sentence but those of the oracle."""
    rng = np.random.default_rng(0)
    histogram = rng.integers(0, 9, (3, 100, 3)).astype(np.int32)
    arrays = {
        "mix": rng.integers(1, 90, (4, 3)).astype(np.int32),
        "histogram": histogram,
        "flow": rng.integers(0, 50, (4, 4)).astype(np.int32),
        "pseudo": rng.integers(-1, 3, 60),
        "unsure_confidence": np.array([0.4]),
        "unsure_label": np.array([1]),
        "mistakes_confidence": np.array([0.9]),
        "sample_loss": rng.random(60),
    }
    static = {"labels": rng.integers(0, 3, 60), "labeled": np.arange(60) < 6, "splits": np.arange(60) > 50}
    row = {"accuracy": 0.8, "twin_accuracy": 0.7, "pseudo_precision": 0.9, "kept_known": 50}
    said = say_panels("pseudo", see(row=row, arrays=arrays, static=static, baseline={"test_rows": 500}))
    assert len(said) == 6
    hidden = arrays | {
        "mix": np.concatenate([[[7, 7, 7]], arrays["mix"][1:]]),
        "histogram": np.roll(histogram, 1, axis=2),
        "mistakes_confidence": np.zeros(0),
        "sample_loss": np.zeros(60),
    }
    other = static | {"labels": np.where(static["labeled"], static["labels"], 2)}
    row |= {"pseudo_precision": 0.1, "kept_known": 2}
    assert said == say_panels(
        "pseudo", see(row=row, arrays=hidden, static=other, baseline={"test_rows": 500})
    )
