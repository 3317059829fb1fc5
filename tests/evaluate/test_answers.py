"""Exact match and F1 against SQuAD's own script, and what is ours: Chinese."""

from __future__ import annotations

import collections
import re
import string

import numpy as np
import pytest

from selfsup_core.evaluate.answers import exact_match_of, f1_of, is_match, normalize, score_rows

WORDS = ["the", "a", "An", "tower", "Tower,", "red", "42", "u.s.", "(two)", "it's", "-", "$5", "“old”", ""]


# As in SQuAD's evaluate-v2.0.py, word for word.


def normalize_answer(s):
    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    def lower(text):
        return text.lower()

    return white_space_fix(remove_articles(remove_punc(lower(s))))


def compute_f1(a_gold, a_pred):
    gold_toks = normalize_answer(a_gold).split()
    pred_toks = normalize_answer(a_pred).split()
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


def test_as_squad_counts_them():
    generator = np.random.default_rng(0)
    ascii_words = [word for word in WORDS if word.isascii()]
    for _ in range(400):
        one, other = (" ".join(generator.choice(ascii_words, generator.integers(0, 6))) for _ in range(2))
        assert normalize(one) == normalize_answer(one)
        assert is_match(one, other) == (normalize_answer(one) == normalize_answer(other))
        assert f1_of(one, other) == pytest.approx(compute_f1(other, one))
        assert f1_of(one, other) == f1_of(other, one)


def test_chinese_is_compared_by_characters():
    assert is_match("《天工开物》。", "天工开物")
    assert f1_of("太守李冰", "李冰") == pytest.approx(2 * 2 / 6)
    assert f1_of("2000年", "2000") == pytest.approx(2 / 3), "digits stay one word"


def test_the_nearest_accepted_answer_counts_and_rows_may_count_several_times():
    found = score_rows(["the tower", "red"], [["bridge", "Tower"], ["blue", "red door"]])
    assert found.tolist() == [[1, 1], [0, pytest.approx(2 / 3)]]
    score = exact_match_of(found)
    assert (score(np.array([1, 1])), score(np.array([3, 1]))) == (0.5, 0.75)
    assert score_rows(["x"], [[]]).tolist() == [[0, 0]]
