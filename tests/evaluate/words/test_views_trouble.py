"""What is said of a run that learned from views: each collapse, safeguards that are off, and the verdict."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.verdict import describe_accuracy, describe_run
from selfsup_core.evaluate.words.views_trouble import (
    ViewsAbout,
    all_gauges,
    collapse_of,
    find_views_signs,
    judge_views,
)

SOUND = {"epoch": 3, "spread": 0.9, "projector_rank": 30.0, "probe_accuracy": 0.8}
BASELINE = {
    "raw_probe_accuracy": 0.7,
    "pca_probe_accuracy": 0.72,
    "untrained_probe_accuracy": 0.6,
    "untrained_rankme": 9.0,
    "validation_rows": 500,
}
ABOUT = ViewsAbout(most_rank=128, remedies={"complete": "Put it back."})


def signs(about: ViewsAbout = ABOUT, *, is_last: bool = True, **row):
    return find_views_signs(SOUND | row, BASELINE, about, is_last=is_last)


def test_a_sound_run_raises_nothing():
    assert signs() == []
    assert signs(epoch=0, spread=0.0) == []


def test_each_collapse_is_named_with_its_remedy():
    (complete,) = signs(spread=0.02, projector_rank=1.0)
    assert complete["code"] == "complete-collapse"
    assert complete["remedy"] == "Put it back."
    assert collapse_of([complete]) == "complete"
    (dimensional,) = signs(projector_rank=2.0)
    assert "2.0 of 128 possible directions" in dimensional["text"]
    assert collapse_of([dimensional]) == "dimensional"
    assert collapse_of([]) == "none"


def test_a_safeguard_that_is_off_is_said_though_nothing_collapses():
    (said,) = signs(ViewsAbout(128, missing=(("With temperature 1", "Near and far push alike."),)))
    assert said["text"] == "With temperature 1: Near and far push alike."


def test_worse_than_untrained_is_said_at_the_end_and_beyond_chance():
    (said,) = signs(probe_accuracy=0.5)
    assert said["code"] == "worse-than-untrained"
    assert signs(probe_accuracy=0.5, is_last=False) == []
    assert signs(probe_accuracy=0.59) == []


@pytest.mark.parametrize(
    ("probe", "outcome", "words"),
    [(0.8, "helped", "helped"), (0.73, "no difference", "No clear"), (0.6, "hurt", "Worse than PCA of")],
)
def test_the_verdict_compares_with_the_best_of_what_needs_no_training(probe, outcome, words):
    found = judge_views({"probe_accuracy": probe}, BASELINE, [], 64)
    assert found["outcome"] == outcome
    assert words in found["text"].split(". ")[0], "the answer comes first"
    assert "500 validation rows" in found["text"]


@pytest.mark.parametrize(
    ("probe", "begin"),
    [
        (0.8, "Learning from views helped, although the embeddings z show a dimensional collapse. A linear"),
        (
            0.6,
            "This network has not learned to tell its samples apart: the embeddings z show a dimensional c",
        ),
        (
            None,
            "This network has not learned to tell its samples apart: the embeddings z show a dimensional c",
        ),
    ],
)
def test_a_collapse_is_the_answer_unless_it_helped(probe, begin):
    found = judge_views({"probe_accuracy": probe}, BASELINE, signs(projector_rank=2.0), 64)
    assert found["text"].startswith(begin)


def test_both_collapses_say_what_is_left():
    (complete,) = signs(ViewsAbout(most_rank=128, sees_scale=True), deviation=0.03)
    assert "all samples get nearly the same embedding z (standard deviation 0.03, where" in complete["text"]
    (dimensional,) = signs(projector_rank=2.0)
    assert "samples still get different embeddings z" in dimensional["text"]


@pytest.mark.parametrize(
    ("twin", "trained", "words"),
    [
        (0.9, 1.0, "reaches 90.0%, more than the code."),
        (0.7, 1.0, "reaches 70.0%, less than the code."),
        (0.81, 1.0, "reaches 81.0%, about as much as the code."),
        (0.3, 0.12, "reaches 30.0% after 12% of its training."),
    ],
)
def test_the_supervised_twin_is_named_and_compared_once_it_is_trained(twin, trained, words):
    metrics = {"probe_accuracy": 0.8, "twin_probe_accuracy": twin, "twin_trained": trained}
    found = judge_views(metrics, BASELINE, [], 64)
    assert "(supervised twin) " + words in found["text"]
    assert found["outcome"] == "helped", "it has labels to learn from, so the outcome does not rest on it"
    assert "twin" not in judge_views({"probe_accuracy": 0.8}, BASELINE, [], 64)["text"]


def test_a_run_is_described_in_a_line():
    state = {"task": "views", "metrics": {}, "baseline": None}
    assert describe_run(state) == "no epoch yet"
    assert describe_accuracy(state) == ""
    state["metrics"] = {"rankme": 12.0, "probe_accuracy": 0.8, "knn_accuracy": None}
    state["baseline"] = BASELINE
    assert describe_run(state).startswith(
        "a linear classifier on the code (linear probe) 80.0% · on the raw input 70.0%"
    )
    assert describe_accuracy(state) == "linear classifier 80.0% on 500 validation rows"
    state["metrics"]["probe_accuracy"] = None
    assert describe_accuracy(state) == "effective rank of the code h 12.0"
    assert all_gauges(state, [])["collapse"] == "none"
    assert all_gauges(state, [])["raw_probe_accuracy"] == 0.7
