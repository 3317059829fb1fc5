"""What the panels of language models and classifiers say."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.classification import class_sums
from selfsup_core.evaluate.words.panels.classify import say_confusion
from selfsup_core.evaluate.words.panels.language import find_loop, say_writing
from tests.evaluate.words.panels.helpers import see, told


def test_perplexity_is_held_against_the_number_of_tokens():
    def say(perplexity):
        words = {"completed": "Once upon a time"}
        return told(
            say_writing,
            see(row={"val_token_perplexity": perplexity}, words=words, baseline={"vocabulary": 500}),
        )

    assert say(12.34) == "At each token it is as unsure as among 12.3 equally likely ones of 500."
    assert say(510.0).startswith("It writes noise")


def test_a_loop_is_found_at_the_end_alone():
    assert find_loop("It was " + "the " * 12) == "the"
    assert find_loop("a" * 30) == "a"
    assert find_loop("the the the the and then something else") == ""
    assert find_loop("to be or not to be, that is the question") == ""
    seen = see(words={"completed": "so " * 20})
    assert told(say_writing, seen) == "It repeats itself; its text ends in “so” again and again."
    assert "repeats" not in told(say_writing, see(0, words={"completed": "so " * 20})), (
        "noise before training"
    )


def test_of_a_masked_model_the_guesses_count_whose_token_was_hidden():
    line = [["the", 0, "", 0], ["cat", 1, "cat", 0.9], ["sat", 2, "lay", 0.4], ["here", 2, "", 0.4]]
    said = told(say_writing, see(words={"filled": [line]}))
    assert said == "Of 2 hidden tokens shown, 1 is guessed right (50%)."
    assert told(say_writing, see(words={"filled": [[["a", 0, "", 0]]]})) == ""


def confused(matrix, *, as_sums=False):
    matrix = np.array(matrix, np.int32)
    arrays = {"label_counts": np.stack([matrix.sum(axis=1), matrix.sum(axis=0)])}
    arrays |= {"confusion_sums": class_sums(matrix)} if as_sums else {"confusion": matrix}
    return told(say_confusion, see(arrays=arrays))


def test_the_worst_confusion_is_the_same_from_sums():
    matrix = [[8, 2, 0], [1, 9, 0], [0, 5, 5]]
    expected = "Confused most often: emu is taken for dog, 5 of its 10 rows."
    assert confused(matrix) == confused(matrix, as_sums=True) == expected


def test_one_class_for_all_no_errors_and_a_class_that_is_never_predicted():
    assert confused([[0, 10, 0], [0, 10, 0], [0, 10, 0]]) == "Nearly everything is predicted as dog (100%)."
    assert confused(np.diag([3, 4, 5])) == "All 12 validation rows are classified correctly."
    assert confused([[9, 1, 0], [2, 8, 0], [5, 5, 0]]).startswith(
        "1 of 3 classes is never predicted, such as emu"
    )
    assert confused([[0, 0, 0], [0, 12, 0], [0, 0, 0]]) == "All 12 validation rows are classified correctly."
    assert confused(np.zeros((3, 3))) == "", "no label is known"


def test_before_training_predictions_are_guesses():
    matrix = np.array([[1, 3], [3, 3]], np.int32)
    arrays = {"label_counts": np.stack([matrix.sum(axis=1), matrix.sum(axis=0)]), "confusion": matrix}
    said = told(say_confusion, see(0, arrays=arrays))
    assert said == "Before training, predictions are guesses: 40% of 10 validation rows are right."


def test_long_names_of_classes_are_cut():
    names = ("x" * 80, "y" * 80, "z" * 80)
    matrix = np.array([[80_000, 2, 0], [1, 90_000, 0], [0, 50_000, 50_000]], np.int32)
    arrays = {"label_counts": np.stack([matrix.sum(axis=1), matrix.sum(axis=0)]), "confusion": matrix}
    assert "…" in told(say_confusion, see(arrays=arrays, classes=names))
