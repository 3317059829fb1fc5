"""What is kept from round to round, and that a checkpoint restores it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from selfsup_core.pseudo.objectives.pseudo_labels import PseudoLabelsConfig
from selfsup_core.pseudo.select import Selector
from selfsup_core.tasks.parts.rounds import Rounds

P = np.array([[0.99, 0.01], [0.6, 0.4], [0.02, 0.98], [np.nan, np.nan]], np.float32)


def rounds_of(doubt: str = "") -> Rounds:
    config = PseudoLabelsConfig(keep="fixed", threshold=0.9, align=False)
    proposers = SimpleNamespace(
        selector=lambda: Selector(config, torch.ones(2), len(P), None),
        doubt=doubt,
        voters=lambda named: np.where(named >= 0, 1, 0).astype(np.uint16),
    )
    return Rounds(config, proposers, size=len(P), epochs=5)


def test_what_is_sure_is_kept_from_the_next_round_on():
    rounds = rounds_of()
    rounds.keep(P, is_within=False)
    assert rounds.kept.kept_label.tolist() == [-1, -1, -1, -1]
    assert rounds.next.label.tolist() == [0, 0, 1, -1]
    rounds.turn()
    assert rounds.kept.kept_label.tolist() == [0, -1, 1, -1]
    assert rounds.kept.first.tolist() == [0, -1, 0, -1]
    rounds.number = 2
    rounds.keep(P[[0, 2, 2, 3]], is_within=False)
    assert rounds.next.first.tolist() == [0, 2, 0, -1]  # since when, not how it is called now
    assert rounds.progress == pytest.approx(0.5)


def test_nothing_is_kept_in_doubt():
    rounds = rounds_of(doubt="Nothing shows that similar rows have the same class.")
    rounds.keep(P, is_within=False)
    assert rounds.next.label.tolist() == [0, 0, 1, -1]
    assert not rounds.next.weight.any()


def test_a_checkpoint_restores_what_is_kept_and_remembered():
    rounds = rounds_of()
    rounds.keep(P, is_within=False)
    rounds.turn()
    rounds.number, rounds.selected = 3, {"tau": torch.tensor(0.7)}
    again = rounds_of()
    again.load(rounds.state())
    assert (again.number, again.selected) == (3, rounds.selected)
    for name, values in vars(rounds.kept).items():
        restored = getattr(again.kept, name)
        assert restored.dtype == values.dtype
        np.testing.assert_array_equal(restored, values)


def test_that_nothing_is_kept_is_said_once_there_was_a_round():
    rounds = rounds_of()
    rounds.keep(np.full((4, 2), 0.5, np.float32), is_within=False)
    assert rounds.find_none_kept(is_last=False) == []
    rounds.number = 1
    found = rounds.find_none_kept(is_last=False)
    assert len(found) == 1
    rounds.keep(P, is_within=False)
    assert rounds.find_none_kept(is_last=False) == []
