"""BLEU from sums is sacrebleu's own, on any draw of rows; the paired bootstrap finds what is there."""

from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from selfsup_core.evaluate.bootstrap import paired_bootstrap
from selfsup_core.evaluate.translations import Quality, is_chinese, recall_nearest
from selfsup_core.evaluate.words.scenario_words import SCORES, describe_scenario, judge

TRUE = ["Der Zug fährt um halb vier ab.", "Mein Bruder hat ein rotes Auto gekauft.", "Wo ist der Bahnhof?"]
SAID = ["Der Zug fährt um vier Uhr ab.", "Mein Bruder hat ein Auto gekauft.", "Wo ist der Bahnhof?"]


def test_bleu_of_a_draw_is_that_of_its_rows():
    quality = Quality(TRUE)
    score_of = quality.score_of(SAID, TRUE)
    for counts in ([1, 1, 1], [2, 0, 1], [0, 3, 0]):
        rows = np.repeat(np.arange(3), counts)
        wanted = BLEU().corpus_score([SAID[r] for r in rows], [[TRUE[r] for r in rows]]).score
        assert score_of(np.array(counts)) == pytest.approx(wanted)
    assert quality.bleu(TRUE, TRUE) == pytest.approx(100)
    assert quality.bleu(["", "", ""], TRUE) == 0
    assert quality.chrf(SAID, TRUE) < quality.chrf(TRUE, TRUE) == 100


def test_the_signature_says_how_words_are_cut():
    german, chinese = Quality(TRUE), Quality(["火车三点半出发。", "火车站在哪里？"])
    german.bleu(SAID, TRUE)
    assert german.signature().startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert chinese.bleu(["火车四点半出发。"], ["火车三点半出发。"]) > 30, "characters are compared"
    assert "tok:zh" in chinese.signature()
    assert is_chinese(["在 Home Assistant 中更新"])
    assert not is_chinese(TRUE)
    assert not is_chinese([""])


def test_a_translation_memory_takes_the_most_similar_sentence():
    known = ["Where is the station?", "The bread costs two euros.", "My brother bought a car."]
    assert recall_nearest(known, ["Where is the museum?", "The milk costs two euros."]).tolist() == [0, 1]


def test_the_bootstrap_knows_equal_systems_and_better_ones():
    right = np.r_[np.ones(70), np.zeros(30)]
    other = np.r_[np.ones(50), np.zeros(50)]
    score = {
        "a": lambda counts: 100 * counts @ right / counts.sum(),
        "b": lambda counts: 100 * counts @ other / counts.sum(),
    }
    equal = paired_bootstrap(score["a"], score["a"], 100)
    assert (equal["low"], equal["high"]) == (0, 0)
    found = paired_bootstrap(score["a"], score["b"], 100)
    assert found["difference"] == pytest.approx(20)
    # 20 of 100 rows differ, each by 1: a binomial share of 0.2 on 100 rows has a deviation of 4 points.
    assert found["low"] == pytest.approx(20 - 1.96 * 4, abs=1.5)
    assert found["high"] == pytest.approx(20 + 1.96 * 4, abs=1.5)
    assert paired_bootstrap(score["a"], score["b"], 100) == found, "the same seed draws the same rows"


@pytest.mark.parametrize(
    ("low", "high", "rows", "outcome", "said"),
    [
        (1.0, 3.0, 500, "helped", "Pseudo-labels helped (+2.0, 95% between +1.0 and +3.0, on 500 test rows)"),
        (-1.0, 3.0, 500, "no difference", "no clear difference"),
        (-3.0, -1.0, 500, "hurt", "Pseudo-labels hurt"),
        (1.0, 3.0, 20, "unknown", "Too few test rows (20)"),
    ],
)
def test_a_verdict_follows_the_interval(low, high, rows, outcome, said):
    change = (low + high) / 2
    found = {
        "student": 50 + change,
        "twin": 50.0,
        "difference": change,
        "low": low,
        "high": high,
        "rows": rows,
    }
    verdict = judge(SCORES["translate"], found)
    assert verdict["outcome"] == outcome
    assert said in verdict["text"]
    assert describe_scenario("translate", {}, verdict) == verdict["text"]


def test_a_lower_error_is_a_gain():
    found = {"student": 0.1, "twin": 0.2, "difference": -0.1, "low": -0.15, "high": -0.05, "rows": 500}
    verdict = judge(SCORES["transcribe"], found)
    assert verdict["outcome"] == "helped"
    assert "Word error rate 10.0% with pseudo-labels, 20.0%" in verdict["text"]


def test_scores_in_a_line():
    assert describe_scenario("translate", {}, None) == "no epoch yet"
    known = {"val_bleu": 31.25, "val_twin_bleu": 30.0}
    assert (
        describe_scenario("translate", known, None) == "BLEU 31.2 on validation rows · given labels only 30.0"
    )
    assert (
        describe_scenario("translate", {"bleu": 95.0, "test_rows": 500}, None) == "BLEU 95.0 on 500 test rows"
    )
