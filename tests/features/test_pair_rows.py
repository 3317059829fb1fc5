"""Which rows of sentence pairs can be used, and what their tokens are."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.splits import Split
from selfsup_core.errors import DataError
from selfsup_core.features.pair_rows import Sentences, fit_split
from selfsup_core.features.pairs import END, make_pair_tokens

SENTENCES = Sentences(
    ["one", "two", "", "four", "one", "six", "seven", "eight"],
    ["eins", "zwei", "drei", "", "uno", "sechs", "sieben", "acht"],
)


def split_of(train, validation, test) -> Split:
    return Split(*(np.array(rows, np.int64) for rows in (train, validation, test)))


def test_rows_without_a_target_and_those_that_are_measured_elsewhere_are_left_out():
    found, bare, notes = fit_split(SENTENCES, split_of([0, 1, 2, 3], [4, 5], [6, 7]))
    assert found.train.tolist() == [1, 2], "row 0 has the sentence of row 4"
    assert bare.tolist() == [2]
    assert (found.validation.tolist(), found.test.tolist()) == ([4, 5], [6, 7])
    assert notes == [
        "1 row without a translation are left out.",
        "1 row of training that share a sentence with a measured one are left out.",
    ]


def test_a_row_without_a_source_measures_nothing():
    found, bare, _ = fit_split(SENTENCES, split_of([0, 1, 5], [2, 6], [3, 7]))
    assert (found.validation.tolist(), found.test.tolist(), bare.tolist()) == ([6], [7], [])
    with pytest.raises(DataError, match="0 validation pairs"):
        fit_split(SENTENCES, split_of([0, 1], [2], [7]))
    with pytest.raises(DataError, match="0 training"):
        fit_split(SENTENCES, split_of([0], [4], [7]))


def test_tokens_know_what_may_be_seen_and_spell_the_rest():
    tokens, notes = make_pair_tokens(SENTENCES, np.array([0, 1]), np.array([5]), vocabulary=300, longest=8)
    rows = tokens.encode(["one", "", "Zürich 火车", "seven seven seven"])
    assert rows.shape[1] <= 8
    assert rows.max() <= tokens.pad == tokens.size - 1
    assert rows[1].tolist() == [END] + [tokens.pad] * (rows.shape[1] - 1)
    assert tokens.decode(rows)[:2] == ["one", ""]
    assert all(END in row for row in rows.tolist()), "a sentence that is cut still ends"
    assert tokens.decode(tokens.encode(["<|endoftext|>"[:6]])) == ["<|endo"]
    assert notes == []
    assert tokens.cut(["one", "one two three four five six seven eight"]) == 1
    _, cut = make_pair_tokens(SENTENCES, np.array([0, 6]), np.array([], int), vocabulary=300, longest=1)
    assert cut == ["4 sentences longer than 1 tokens; training reads only their beginnings."]
